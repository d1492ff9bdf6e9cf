from __future__ import annotations

from django.apps import AppConfig


class ToolsConfig(AppConfig):
    """What may be asked, and the policy."""

    name = "tools"
    verbose_name = "Tools"
