from __future__ import annotations

from django.apps import AppConfig


class ApprovalsConfig(AppConfig):
    """The gate: take, hold, decide, send, remember."""

    name = "approvals"
    verbose_name = "Approvals"
