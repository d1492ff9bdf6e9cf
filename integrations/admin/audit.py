"""The audit of an MSP, to read."""

from __future__ import annotations

import json

from django.contrib import admin
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from integrations.models import AuditEvent
from integrations.tenant_admin import TenantModelAdmin, local_time


@admin.register(AuditEvent)
class AuditEventAdmin(TenantModelAdmin[AuditEvent]):
    """Entries, newest first. Nobody adds, changes or deletes one here."""

    list_display = ("number", "when", "actor", "action", "subject")
    list_display_links = ("number",)
    search_fields = ("action", "actor", "subject")
    search_help_text = _("Find in action, actor and subject")
    fields = ("number", "when", "actor", "action", "subject", "details", "previous_hash", "hash", "seal")
    readonly_fields = ("when", "details")
    list_title = _("Audit")

    @admin.display(description=_("When"), ordering="number")
    def when(self, event: AuditEvent) -> str:
        """The moment, to the second."""
        return local_time(event.happened_at)

    @admin.display(description=_("Record"))
    def details(self, event: AuditEvent) -> str:
        """The sealed record, laid out for reading."""
        return format_html("<pre>{}</pre>", json.dumps(json.loads(event.record), indent=2, ensure_ascii=False))
