from __future__ import annotations

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class IntegrationsConfig(AppConfig):
    """Whose it is, the wire, and the record."""

    name = "integrations"
    verbose_name = _("Integrations")

    def ready(self) -> None:
        """Connect the receivers of signals, which need the models."""
        autodiscover_modules("sign_ins")
