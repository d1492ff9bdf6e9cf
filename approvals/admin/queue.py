"""The queue of requests that wait, and where a person countersigns one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn, cast
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django_htmx.http import HttpResponseClientRefresh

from approvals.admin.asking_again import ask_again, must_confirm
from approvals.admin.denying import DeniesMany
from approvals.admin.filters import AgentFilter, OrganizationFilter, QueueFilter, ToolFilter
from approvals.admin.forms import ApproveForm, DenyForm, SettleForm
from approvals.admin.reading import invocation_page
from approvals.decisions import may_decide, request_approve, request_deny, unknown_settle
from approvals.display.page import Page
from approvals.display.queue import deciders_of, waiting_now
from approvals.errors import GateError
from approvals.models import ApprovalRequest, Invocation, ReasonCode, Status
from approvals.models.invocations import InvocationQuerySet
from approvals.outcomes.alarms import alarm_see
from approvals.reporting import request_report
from integrations.brake_pages import may_brake
from integrations.models import User
from integrations.tenant_admin import acting_member, member_of

TEMPLATES = "admin/approvals/approvalrequest"


@admin.register(ApprovalRequest)
class ApprovalRequestAdmin(DeniesMany):
    """Members look, approvers decide: one request at a time, on its own page; several only to say no."""

    list_filter = (QueueFilter, OrganizationFilter, ToolFilter, AgentFilter)
    list_title = gettext_lazy("Approvals")
    change_list_template = f"{TEMPLATES}/change_list.html"
    in_words = True
    list_rows_template = f"{TEMPLATES}/rows.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Invocation]:
        """Those that asked for a human."""
        return cast(InvocationQuerySet, super().get_queryset(request)).requests()

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """What waits by its deadline, the others newest first."""
        return ("-created_at", "-id") if "show" in request.GET else ("expires_at",)

    def get_urls(self) -> list[URLPattern]:
        """Django's, with our page in place of its form."""
        view = self.admin_site.admin_view
        return [
            path("<uuid:invocation_id>/", view(self.page), name="approvals_approvalrequest_page"),
            path("deny/", view(self.deny_many), name="approval-deny-many"),
            path("alarms/<uuid:alarm_id>/seen/", view(self.alarm_seen), name="alarm-seen"),
            path("waiting/", view(self.waiting), name="approval-waiting"),
            path("<uuid:invocation_id>/change/", view(self.to_page)),
            path("<uuid:invocation_id>/standing/", view(self.standing), name="approval-standing"),
            path("<uuid:invocation_id>/approve/", view(self.approve), name="approval-approve"),
            path("<uuid:invocation_id>/deny/", view(self.deny), name="approval-deny"),
            path("<uuid:invocation_id>/settle/", view(self.settle), name="approval-settle"),
            path("<uuid:invocation_id>/report/", view(self.report), name="approval-report"),
            *super().get_urls(),
        ]

    def page(self, request: HttpRequest, invocation_id: UUID) -> HttpResponse:
        """What will be sent, whole, and the two buttons."""
        return self._page(request, invocation_page(request, invocation_id, requests_only=True))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """The list, with what its empty state must know: agents to filter by are agents that can ask."""
        response = super().changelist_view(request, extra_context)
        if isinstance(response, TemplateResponse) and response.context_data and "cl" in response.context_data:
            filters = response.context_data["cl"].filter_specs
            response.context_data["has_agents"] = any(isinstance(one, AgentFilter) for one in filters)
        return response

    def deciders(self, rows: Sequence[Invocation]) -> Mapping[UUID, str]:
        """People read here what others decided."""
        return deciders_of(rows)

    def waiting(self, request: HttpRequest) -> HttpResponse:
        """The number that waits, for the script that keeps it current on every page."""
        context = {"membership": acting_member(request), "waiting": waiting_now(acting_member(request).msp)}
        return TemplateResponse(request, "admin/parts/waiting.html", context)

    def to_page(self, request: HttpRequest, invocation_id: UUID) -> HttpResponse:
        """Django's address of a row leads to its page."""
        return redirect(_url(invocation_id))

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> NoReturn:
        """None: whatever is written like an id, and is none of ours, ends up here."""
        raise Http404("There is no such page.")

    def standing(self, request: HttpRequest, invocation_id: UUID) -> HttpResponse:
        """The part of the page that changes, for the script that asks for it again.

        Once it was decided, must be settled, or has its outcome, the whole page reads differently and is loaded anew.
        """
        page = invocation_page(request, invocation_id, requests_only=True)
        if not page.is_moving or page.shape != request.GET.get("shape", ""):
            return HttpResponseClientRefresh()
        context = {**self._context(request, page), "is_poll": True}
        return TemplateResponse(request, f"{TEMPLATES}/standing.html", context)

    def alarm_seen(self, request: HttpRequest, alarm_id: UUID) -> HttpResponse:
        """Somebody who may act has looked into an alarm: it leaves the home page, and stays on record."""
        member = acting_member(request)
        if request.method != "POST":
            return redirect("admin:index")
        if not (member.is_approver or member.is_admin):
            raise PermissionDenied
        if not alarm_see(user=cast(User, request.user), msp=member.msp, alarm_id=alarm_id):
            raise Http404("There is no such page.")
        messages.success(request, _("Noted. The alarm stays on record in the audit."))
        return redirect("admin:index")

    def approve(self, request: HttpRequest, invocation_id: UUID) -> HttpResponse:
        """Countersign exactly what the posted digest names."""
        if request.method != "POST":
            return self.to_page(request, invocation_id)
        if (ask := ask_again(request, invocation_id)) is not None:
            return ask
        form = ApproveForm(request.POST)
        try:
            row = request_approve(
                user=cast(User, request.user),
                msp=acting_member(request).msp,
                invocation_id=invocation_id,
                digest=form.data.get("digest", "")[:200],
            )
        except GateError as error:
            return self._refused(request, invocation_id, error)
        missing = row.status == Status.PENDING_APPROVAL
        messages.success(
            request, _("Your approval counts. One more person must approve.") if missing else _("Approved.")
        )
        return redirect(_url(invocation_id))

    def deny(self, request: HttpRequest, invocation_id: UUID) -> HttpResponse:
        """Say no, with a reason that the agent is told."""
        if request.method != "POST":
            return self.to_page(request, invocation_id)
        if (ask := ask_again(request, invocation_id)) is not None:
            return ask
        form = DenyForm(request.POST)
        if not form.is_valid():
            page = invocation_page(request, invocation_id, requests_only=True)
            return self._page(request, page, deny_form=form, status=422)
        try:
            request_deny(
                user=cast(User, request.user),
                msp=acting_member(request).msp,
                invocation_id=invocation_id,
                digest=form.cleaned_data["digest"],
                reason_code=ReasonCode(form.cleaned_data["reason_code"]),
                comment=form.cleaned_data["comment"],
                acceptable=form.cleaned_data["acceptable"],
            )
        except GateError as error:
            return self._refused(request, invocation_id, error)
        messages.success(request, _("Denied. Nothing was sent, and the agent is told why."))
        return redirect(_url(invocation_id))

    def settle(self, request: HttpRequest, invocation_id: UUID) -> HttpResponse:
        """Say what really happened to a call of unknown outcome."""
        if request.method != "POST":
            return self.to_page(request, invocation_id)
        if (ask := ask_again(request, invocation_id)) is not None:
            return ask
        form = SettleForm(request.POST)
        if not form.is_valid():
            page = invocation_page(request, invocation_id, requests_only=True)
            return self._page(request, page, settle_form=form, status=422)
        try:
            unknown_settle(
                user=cast(User, request.user),
                msp=acting_member(request).msp,
                invocation_id=invocation_id,
                happened=form.cleaned_data["happened"] == "yes",
                note=form.cleaned_data["note"],
            )
        except GateError as error:
            return self._refused(request, invocation_id, error)
        messages.success(request, _("Settled."))
        return redirect(_url(invocation_id))

    def report(self, request: HttpRequest, invocation_id: UUID) -> HttpResponse:
        """Deny it, stop its agent, and cancel what else it asked for. At once: nothing that stops is held up."""
        if request.method != "POST":
            return self.to_page(request, invocation_id)
        try:
            told = request_report(
                user=cast(User, request.user), msp=acting_member(request).msp, invocation_id=invocation_id
            )
        except GateError as error:
            return self._refused(request, invocation_id, error)
        what = _("Denied, and the agent is stopped.") if told.is_denied else _("Reported: the agent is stopped.")
        number = {"number": told.cancelled}
        also = (
            ngettext(
                "What it had open is cancelled: %(number)s.",
                "What it had open is cancelled: %(number)s.",
                told.cancelled,
            )
            % number
            if told.cancelled
            else _("It had nothing else open.")
        )
        messages.warning(request, f"{what} {also}")
        return redirect(_url(invocation_id))

    def _page(self, request: HttpRequest, page: Page, status: int = 200, **forms: Any) -> HttpResponse:
        context = {**self.admin_site.each_context(request), **self._context(request, page), **forms}
        return TemplateResponse(request, f"{TEMPLATES}/page.html", context, status=status)

    def _context(self, request: HttpRequest, page: Page) -> dict[str, Any]:
        return {
            "title": _("Approval request"),
            "page": page,
            "why_not": self._why_not(request, page),
            "must_confirm": must_confirm(request, page.row),
            "may_report": may_brake(member_of(request)),
            "deny_form": DenyForm(initial={"digest": page.row.digest}),
            "settle_form": SettleForm(),
        }

    def _why_not(self, request: HttpRequest, page: Page) -> str:
        """Why this person cannot decide; "" when they can. The gate judges again when they do."""
        user = cast(User, request.user)
        if any(vote.who == user.get_username() for vote in page.votes) and page.is_waiting:
            return _("You approved this request. It needs one more person.")
        return str(may_decide(user=user, row=page.row))

    def _refused(self, request: HttpRequest, invocation_id: UUID, error: GateError) -> HttpResponse:
        """What stands now, for somebody who came too late, saw something else, or may not."""
        if error.code == "not_found":
            raise Http404("There is no such page.")
        context = {
            **self.admin_site.each_context(request),
            "title": _("Nothing was changed"),
            "error": error,
            "page": invocation_page(request, invocation_id),
        }
        return TemplateResponse(request, f"{TEMPLATES}/refused.html", context, status=error.http_status)


def _url(invocation_id: UUID) -> str:
    return reverse("admin:approvals_approvalrequest_page", args=[invocation_id])
