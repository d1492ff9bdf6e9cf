"""Who may open a page and who may press its buttons. The MSP is always the one of the person's current membership."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, cast

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from integrations.access import current_membership
from integrations.models import Connection, Membership, User
from integrations.step_up import step_up

VENDOR = "ninjaone"
DETAIL = "integrations:ninjaone-detail"

View = Callable[[HttpRequest], HttpResponse]
Page = Callable[[HttpRequest, Membership], HttpResponse]
ConnectionPage = Callable[[HttpRequest, Connection], HttpResponse]


def member_page(page: Page) -> View:
    """A page to look at, for every member."""

    @wraps(page)
    def view(request: HttpRequest) -> HttpResponse:
        membership = current_membership(request)
        if membership is None:
            return _refusal(request, _("You are not a member of an MSP, so there is nothing to show here."))
        if request.method not in {"GET", "HEAD"}:
            return HttpResponseNotAllowed(["GET", "HEAD"])
        return page(request, membership)

    return admin.site.admin_view(view)


def admin_page(page: Page, *, back: str | None = DETAIL) -> View:
    """A form of the MSP's admins, and what it sends, by somebody who has shown lately that it is them.

    `back` names the page that they come back to after showing it; None where a POST changes nothing: nobody is asked.
    """

    @wraps(page)
    def view(request: HttpRequest) -> HttpResponse:
        membership = current_membership(request)
        if membership is None or not membership.is_admin:
            return _refusal(request, _("Only admins of the MSP change its integrations. Ask one of them."))
        if request.method not in {"GET", "HEAD", "POST"}:
            return HttpResponseNotAllowed(["GET", "HEAD", "POST"])
        if request.method == "POST" and back is not None:
            ask = step_up(request, back=reverse(back))
            if ask is not None:
                return ask
        return page(request, membership)

    return admin.site.admin_view(view)


def admin_action(page: Page, *, back: str = DETAIL) -> View:
    """What a button of the detail page does; opened as an address it only leads back there."""

    def action(request: HttpRequest, membership: Membership) -> HttpResponse:
        return page(request, membership) if request.method == "POST" else to_detail()

    return admin_page(wraps(page)(action), back=back)


def with_connection(page: ConnectionPage) -> Page:
    """Hands the MSP's connection to the page; before there is one, leads back to the form that makes it."""

    @wraps(page)
    def found(request: HttpRequest, membership: Membership) -> HttpResponse:
        connection = connection_of(membership)
        if connection is None:
            messages.error(request, _("Nothing was done: NinjaOne is not set up yet. Save the connection first."))
            return to_detail()
        return page(request, connection)

    return found


def connection_of(membership: Membership) -> Connection | None:
    """The MSP's connection to NinjaOne, if it has one."""
    rows = Connection.objects.for_msp(membership.msp).filter(vendor=VENDOR)
    return rows.select_related("msp", "authorized_by", "runner_saved_by").first()


def to_detail() -> HttpResponse:
    """Back to NinjaOne's page, at its top: there stands what became of it, whatever section the button was in."""
    return redirect(f"{reverse(DETAIL)}#content-start")


def person(request: HttpRequest) -> User:
    """Who is signed in; the pages are open to nobody else."""
    return cast(User, request.user)


def rendered(request: HttpRequest, template: str, *, status: int = 200, **context: Any) -> TemplateResponse:
    """A page of the dashboard, with what its frame needs."""
    frame = admin.site.each_context(request)
    return TemplateResponse(request, f"integrations/{template}", {**frame, **context}, status=status)


def _refusal(request: HttpRequest, reason: str) -> TemplateResponse:
    return rendered(request, "refusal.html", status=403, title=_("Not allowed"), reason=reason)
