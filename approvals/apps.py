from __future__ import annotations

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class ApprovalsConfig(AppConfig):
    """The gate: take, hold, decide, send, remember."""

    name = "approvals"
    verbose_name = "Approvals"

    def ready(self) -> None:
        """Connect the receivers of signals, which need the models."""
        autodiscover_modules("receivers")
