"""The audit of an MSP, to read."""

from __future__ import annotations

import json
import re
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from integrations.models import AuditEvent
from integrations.tenant_admin import TenantModelAdmin, local_time


class AuditList(ChangeList):
    """Newest first, a page at a time behind a number: what is added meanwhile shifts nothing, and nobody counts."""

    before: int | None = None
    older: int | None = None

    def get_filters_params(self, params: Any = None) -> Any:
        """Without ours."""
        found = super().get_filters_params(params)
        text = (found.pop("before", None) or [""])[-1]
        if re.fullmatch("[0-9]{1,18}", text):
            self.before = int(text)
        return found

    def get_results(self, request: HttpRequest) -> None:
        """One page, and the number behind which the next one begins."""
        rows = self.queryset if self.before is None else self.queryset.filter(number__lt=self.before)
        found = list(rows[: self.list_per_page + 1])
        self.result_list = found[: self.list_per_page]
        self.older = self.result_list[-1].number if len(found) > self.list_per_page else None
        self.result_count = len(self.result_list)
        self.full_result_count = None
        self.show_full_result_count = self.show_admin_actions = self.can_show_all = self.multi_page = False
        self.paginator = Paginator(self.result_list, self.list_per_page)


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
    # The order is that of the cursor.
    sortable_by = ()

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Ours."""
        return AuditList

    @admin.display(description=_("When"), ordering="number")
    def when(self, event: AuditEvent) -> str:
        """The moment, to the second."""
        return local_time(event.happened_at)

    @admin.display(description=_("Record"))
    def details(self, event: AuditEvent) -> str:
        """The sealed record, laid out for reading, with JSON's escapes for what cannot be seen.

        Agents wrote much of it, and a mark of writing direction would let a line read as another one.
        """
        text = json.dumps(json.loads(event.record), indent=2, ensure_ascii=False)
        shown = (each if each.isprintable() or each == "\n" else json.dumps(each)[1:-1] for each in text)
        return format_html("<pre>{}</pre>", "".join(shown))
