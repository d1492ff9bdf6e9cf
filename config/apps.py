from __future__ import annotations

from allauth.account.apps import AccountConfig
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


class AccountsConfig(AccountConfig):  # type: ignore[misc]
    """django-allauth's accounts. It insists on its own middleware by name; ours wraps it, for pages alone."""

    default = False

    def ready(self) -> None:
        """Nothing: its system checks are about sign-up, which there is none of."""
