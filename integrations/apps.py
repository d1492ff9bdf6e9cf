from __future__ import annotations

from django.apps import AppConfig


class IntegrationsConfig(AppConfig):
    """Whose it is, the wire, and the record."""

    name = "integrations"
    verbose_name = "Integrations"
