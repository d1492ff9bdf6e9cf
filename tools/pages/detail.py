"""The pages to look at: the MSP's integrations as cards, and NinjaOne with its three sections."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from integrations.models import Connection, Membership
from integrations.ninjaone.connect import redirect_uri
from integrations.ninjaone.runner import RUNNER_BODY
from tools.pages.forms import ConnectionForm, RunnerForm
from tools.pages.members import connection_of, member_page, rendered
from tools.pages.policies_form import PoliciesForm
from tools.pages.seal import seal_of
from tools.pages.standing import standing_of


def _cards(request: HttpRequest, membership: Membership) -> HttpResponse:
    return rendered(request, "cards.html", title=_("Integrations"), **_card(membership, connection_of(membership)))


def _ninjaone(request: HttpRequest, membership: Membership) -> HttpResponse:
    return detail_page(request, membership)


def _state(request: HttpRequest, membership: Membership) -> HttpResponse:
    """The card alone, for a page that waits for somebody's consent."""
    return TemplateResponse(request, "integrations/_card.html", _card(membership, connection_of(membership)))


def detail_page(
    request: HttpRequest,
    membership: Membership,
    *,
    connection_form: ConnectionForm | None = None,
    runner_form: RunnerForm | None = None,
    policies_form: PoliciesForm | None = None,
) -> HttpResponse:
    """NinjaOne's page; a form that was refused is shown as it was sent, with what is wrong."""
    connection = connection_of(membership)
    if connection and policies_form is None:
        policies_form = PoliciesForm(connection=connection)
    return rendered(
        request,
        "ninjaone.html",
        title="NinjaOne",
        connection_form=connection_form or ConnectionForm(connection=connection),
        runner_form=runner_form or RunnerForm(connection=connection),
        policies_form=policies_form,
        redirect_uri=redirect_uri(),
        runner_body=RUNNER_BODY,
        seal=seal_of(connection),
        **_card(membership, connection),
    )


def _card(membership: Membership, connection: Connection | None) -> dict[str, Any]:
    return {
        "membership": membership,
        "may_change": membership.is_admin,
        "connection": connection,
        "standing": standing_of(connection),
    }


cards = member_page(_cards)
ninjaone = member_page(_ninjaone)
state = member_page(_state)
