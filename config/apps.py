from __future__ import annotations

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps


class ConfigConfig(AppConfig):
    """Settings, URLs, the admin site, health, the job runner."""

    name = "config"
    verbose_name = "Countersign"
    default = True


class CountersignAdminConfig(admin_apps.AdminConfig):
    """Django's admin with our site as its default."""

    default_site = "config.site.DashboardSite"
    default = False
