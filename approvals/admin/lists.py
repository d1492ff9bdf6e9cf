"""What the queue and the history have in common: read-only lists of the ledger that keep themselves current."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse

from approvals.display.rows import Row, row_of
from approvals.models import Invocation
from integrations.clock import database_now
from integrations.tenant_admin import CappedPaginator, TenantModelAdmin, acting_member


class LedgerPaginator(CappedPaginator):
    """Finds a later page by ids alone, from an index, and reads the rows of that page."""

    def page(self, number: int | str) -> Any:
        """The page of that number, from 1."""
        number = self.validate_number(number)
        rows, bottom = cast("QuerySet[Invocation]", self.object_list), (number - 1) * self.per_page
        if bottom:
            ids = list(rows.select_related(None).values_list("pk", flat=True)[bottom : bottom + self.per_page])
            return self._get_page(rows.filter(pk__in=ids), number, self)  # type: ignore[attr-defined]
        return super().page(number)


class LedgerAdmin(TenantModelAdmin[Invocation]):
    """Nobody adds, changes or deletes a row of the ledger here."""

    list_select_related = ("agent", "effect")
    list_display = ("tool",)
    paginator = LedgerPaginator
    list_rows_template: str
    in_words = False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """The page; its rows alone for the script that asks for them again."""
        response = super().changelist_view(request, extra_context)
        if isinstance(response, TemplateResponse) and response.context_data and "cl" in response.context_data:
            now = database_now()
            rows = self.lines(request, list(response.context_data["cl"].result_list), now)
            response.context_data.update(rows=rows, here=request.get_full_path(), now=now)
            if getattr(request, "htmx", False):
                response.template_name = self.list_rows_template
        return response

    def lines(self, request: HttpRequest, rows: Sequence[Invocation], now: datetime) -> list[Row]:
        """The rows as the list shows them."""
        zone, names = acting_member(request).msp.time_zone, self.deciders(rows)
        return [row_of(row, now, zone, in_words=self.in_words, decided_by=names.get(row.pk, "")) for row in rows]

    def deciders(self, rows: Sequence[Invocation]) -> Mapping[UUID, str]:
        """Who decided, where the list says that."""
        return {}
