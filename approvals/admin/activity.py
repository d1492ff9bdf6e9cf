"""The history: everything that any agent asked for, and what became of it."""

from __future__ import annotations

from typing import Any, NoReturn, cast
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import BadRequest, PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from approvals.admin.activity_form import ActivityForm
from approvals.admin.reading import invocation_page
from approvals.display.rows import UNREAD, row_of
from approvals.history.exports import Export, Format, activity_export
from approvals.history.pages import COUNT_CAP, SEARCHED, HistoryPage, Place, history_page, rows_of
from approvals.models import Invocation
from integrations.clock import likely_now
from integrations.models import Membership, User
from integrations.tenant_admin import TenantModelAdmin, acting_member

TEMPLATES = "admin/approvals/invocation"
NOTHING = HistoryPage(ids=[], count=0)


@admin.register(Invocation)
class InvocationAdmin(TenantModelAdmin[Invocation]):
    """Reads, writes and refusals, newest first. Nobody adds, changes or deletes one."""

    list_title = gettext_lazy("Activity")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Invocation]:
        """Without the long texts, which a line does not show."""
        return super().get_queryset(request).defer(*UNREAD)

    def get_urls(self) -> list[URLPattern]:
        """Django's, with our page in place of its form."""
        view = self.admin_site.admin_view
        return [
            path("export/", view(require_POST(self.export)), name="activity-export"),
            path("<uuid:invocation_id>/", view(self.story), name="approvals_invocation_page"),
            path("<uuid:invocation_id>/change/", view(self.to_page)),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """A page of the calls that fit; its rows alone for the script that asks for them again."""
        member, place = acting_member(request), Place.read(request.GET)
        # A line decides nothing: its times may be a moment off.
        now = likely_now()
        form = ActivityForm(request.GET, msp=member.msp, now=now)
        is_poll = bool(getattr(request, "htmx", False))
        page = history_page(member.msp, form.filters(), place, is_counted=not is_poll) if form.is_valid() else NOTHING
        zone = member.msp.time_zone
        context = {
            "title": self.list_title,
            "form": form,
            "page": page,
            "place": place,
            "rows": [row_of(row, now, zone) for row in rows_of(member.msp, page.ids, without=UNREAD)],
            "here": request.get_full_path(),
            "may_export": may_export(member),
            "formats": Format,
            "count_cap": COUNT_CAP - 1,
            "searched": SEARCHED,
            "is_poll": is_poll,
        }
        if is_poll:
            return TemplateResponse(request, f"{TEMPLATES}/rows.html", context)
        context = {**self.admin_site.each_context(request), **context, **(extra_context or {})}
        return TemplateResponse(request, f"{TEMPLATES}/change_list.html", context)

    def export(self, request: HttpRequest) -> StreamingHttpResponse:
        """Every call that fits as a file, for approvers and admins."""
        member = acting_member(request)
        if not may_export(member):
            raise PermissionDenied
        form = ActivityForm(request.POST, msp=member.msp, now=likely_now())
        if not form.is_valid() or request.POST.get("format") not in Format.values:
            raise BadRequest(_("These filters cannot be read. Nothing was exported."))
        export = Export(
            msp=member.msp,
            user=cast(User, request.user),
            filters=form.filters(),
            shown=form.said,
            format=Format(request.POST["format"]),
        )
        response = StreamingHttpResponse(activity_export(export), content_type=export.format.content_type)
        name = f"activity-{slugify(member.msp.slug)}-{form.now:%Y%m%d-%H%M}.{export.format.value}"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        return response

    def story(self, request: HttpRequest, invocation_id: UUID) -> TemplateResponse:
        """One call with its whole story."""
        page = invocation_page(request, invocation_id)
        context = {**self.admin_site.each_context(request), "title": page.row.tool_name, "page": page}
        return TemplateResponse(request, f"{TEMPLATES}/page.html", context)

    def to_page(self, request: HttpRequest, invocation_id: UUID) -> HttpResponse:
        """Django's address of a row leads to its page."""
        return redirect(reverse("admin:approvals_invocation_page", args=[invocation_id]))

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> NoReturn:
        """None: whatever is written like an id, and is none of ours, ends up here."""
        raise Http404("There is no such page.")


def may_export(member: Membership) -> bool:
    """Who may take the activity with them. Everybody of the MSP may read it, page by page."""
    return member.is_admin or member.is_approver
