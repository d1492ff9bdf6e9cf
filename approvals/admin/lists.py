"""What the queue and the history have in common: read-only lists of the ledger that keep themselves current."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse

from approvals.display.rows import Row, row_of
from approvals.history.filters import Source
from approvals.history.pages import HistoryPage, Place, page_of
from approvals.models import Invocation
from integrations.clock import database_now
from integrations.tenant_admin import TenantModelAdmin, acting_member

PLACE = ("before", "after", "oldest")


class LedgerList(ChangeList):
    """What waits is as much as the limits let wait, and has numbered pages.

    Everything else is a history: newest first, by where a page begins, and nobody counts it.
    """

    place: Place | None = None
    page: HistoryPage | None = None

    def get_filters_params(self, params: Any = None) -> Any:
        """Without ours."""
        found = super().get_filters_params(params)
        named = {name: found.pop(name)[-1] for name in PLACE if name in found}
        if "show" in self.params:
            self.place = Place.read(named)
        return found

    def get_results(self, request: HttpRequest) -> None:
        """One page, and where the pages around it begin."""
        if self.place is None:
            super().get_results(request)
            return
        rows = cast("QuerySet[Invocation]", self.queryset)
        self.page = page_of([Source(rows)], self.place, self.list_per_page)
        found = {row.pk: row for row in rows.filter(pk__in=self.page.ids)}
        self.result_list = [found[pk] for pk in self.page.ids if pk in found]
        self.result_count = len(self.result_list)
        self.full_result_count = None
        self.show_full_result_count = self.show_admin_actions = self.can_show_all = self.multi_page = False
        self.paginator = Paginator(self.result_list, self.list_per_page)


class LedgerAdmin(TenantModelAdmin[Invocation]):
    """Nobody adds, changes or deletes a row of the ledger here."""

    list_select_related = ("agent", "effect")
    list_display = ("tool",)
    list_rows_template: str
    in_words = False

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Ours."""
        return LedgerList

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """The page; its rows alone for the script that asks for them again."""
        response = super().changelist_view(request, extra_context)
        if isinstance(response, TemplateResponse) and response.context_data and "cl" in response.context_data:
            now, cl = database_now(), response.context_data["cl"]
            is_poll = bool(getattr(request, "htmx", False))
            rows = self.lines(request, list(cl.result_list), now)
            response.context_data.update(rows=rows, here=request.get_full_path(), now=now, is_poll=is_poll)
            response.context_data.update(place=cl.place, page=cl.page)
            if is_poll:
                response.template_name = self.list_rows_template
        return response

    def lines(self, request: HttpRequest, rows: Sequence[Invocation], now: datetime) -> list[Row]:
        """The rows as the list shows them."""
        zone, names = acting_member(request).msp.time_zone, self.deciders(rows)
        return [row_of(row, now, zone, in_words=self.in_words, decided_by=names.get(row.pk, "")) for row in rows]

    def deciders(self, rows: Sequence[Invocation]) -> Mapping[UUID, str]:
        """Who decided, where the list says that."""
        return {}
