from __future__ import annotations

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _


class ApprovalsConfig(AppConfig):
    """The gate: take, hold, decide, send, remember."""

    name = "approvals"
    verbose_name = _("Approvals")

    def ready(self) -> None:
        """Connect the receivers of signals, which need the models."""
        autodiscover_modules("receivers")
