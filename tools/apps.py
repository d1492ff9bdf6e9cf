from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ToolsConfig(AppConfig):
    """What may be asked, and the policy."""

    name = "tools"
    verbose_name = _("Tools")
