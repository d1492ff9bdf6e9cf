from __future__ import annotations

import gc
import sys
from importlib import import_module
from typing import Any

from allauth.account.apps import AccountConfig
from django.apps import AppConfig
from django.conf import settings
from django.contrib.admin import apps as admin_apps
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured
from rest_framework.apps import RestFrameworkConfig

from config.unsafe import serve_safely


def deploy_check(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """An error for each reason that no server should start."""
    try:
        serve_safely(settings.START)
    except ImproperlyConfigured as error:
        return [Error(line, id="countersign.E001") for line in str(error).splitlines()]
    return []


class ConfigConfig(AppConfig):
    """Settings, URLs, the admin site, health, the job runner."""

    name = "config"
    verbose_name = "Countersign"
    default = True

    def ready(self) -> None:
        """Let `check --deploy` say what a server would refuse to start with, and look for garbage among what comes."""
        register(deploy_check, Tags.security, deploy=True)
        gc.freeze()
        gc.enable()


class CountersignAdminConfig(admin_apps.AdminConfig):
    """Django's admin with our site as its default."""

    default_site = "config.site.DashboardSite"
    default = False


class AccountsConfig(AccountConfig):  # type: ignore[misc]
    """django-allauth's accounts. It insists on its own middleware by name; ours wraps it, for pages alone."""

    default = False

    def ready(self) -> None:
        """Nothing: its system checks are about sign-up, which there is none of."""


# What REST framework loads wherever it is installed, for its browsable API, its test client and fields of PostgreSQL
# alone: 10 MB and a fifth of a start. Each is here for somebody else, who loads it in its own time.
UNUSED = ("django.contrib.postgres", "markdown", "pygments", "requests", "yaml")


class RestConfig(RestFrameworkConfig):
    """REST framework, without the optional packages that only parts of it use which nobody reaches here."""

    default = False

    def ready(self) -> None:
        """Load what looks for them while they cannot be found."""
        absent = [name for name in UNUSED if name not in sys.modules]
        # None says that there is no such module.
        sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]
        try:
            import_module("rest_framework.compat")
        finally:
            for name in absent:
                del sys.modules[name]
        super().ready()
