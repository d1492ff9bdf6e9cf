"""The history: everything that any agent asked for, and what became of it."""

from __future__ import annotations

from uuid import UUID

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from approvals.admin.filters import AgentFilter, StatusFilter, ToolFilter
from approvals.admin.lists import LedgerAdmin
from approvals.admin.reading import invocation_page
from approvals.display.rows import UNREAD
from approvals.models import Invocation


@admin.register(Invocation)
class InvocationAdmin(LedgerAdmin):
    """Reads, writes and refusals, newest first."""

    list_filter = (StatusFilter, ToolFilter, AgentFilter)
    list_title = "Activity"
    change_list_template = "admin/approvals/invocation/change_list.html"
    list_rows_template = "admin/approvals/invocation/rows.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Invocation]:
        """Without the long texts, which a line does not show."""
        return super().get_queryset(request).defer(*UNREAD)

    def get_urls(self) -> list[URLPattern]:
        """Django's, with our page in place of its form."""
        return [
            path("<uuid:invocation_id>/", self.admin_site.admin_view(self.story), name="approvals_invocation_page"),
            path("<uuid:invocation_id>/change/", self.admin_site.admin_view(self.to_page)),
            *super().get_urls(),
        ]

    def story(self, request: HttpRequest, invocation_id: UUID) -> TemplateResponse:
        """One call with its whole story."""
        page = invocation_page(request, invocation_id)
        context = {**self.admin_site.each_context(request), "title": page.row.tool_name, "page": page}
        return TemplateResponse(request, "admin/approvals/invocation/page.html", context)

    def to_page(self, request: HttpRequest, invocation_id: UUID) -> HttpResponse:
        """Django's address of a row leads to its page."""
        return redirect(reverse("admin:approvals_invocation_page", args=[invocation_id]))
