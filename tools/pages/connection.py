"""Buttons of the section Connection, except those of the consent itself."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters

from integrations.models import Connection, Membership
from integrations.models.connections import ConnectionState
from integrations.ninjaone.connect import ConnectError, connection_disconnect, connection_save
from integrations.ninjaone.testing import connection_test
from tools.pages.detail import detail_page
from tools.pages.forms import ConnectionForm, error_place
from tools.pages.members import (
    admin_action,
    admin_page,
    connection_of,
    person,
    rendered,
    to_detail,
    with_connection,
)


@sensitive_post_parameters("client_secret")
def _save(request: HttpRequest, membership: Membership) -> HttpResponse:
    form = ConnectionForm(request.POST, connection=connection_of(membership))
    if form.is_valid():
        try:
            connection = connection_save(
                msp=membership.msp,
                user=person(request),
                region=form.cleaned_data["region"],
                client_id=form.cleaned_data["client_id"],
                client_secret=form.cleaned_data["client_secret"] or None,
            )
        except ConnectError as error:
            error_place(form, error.field, error.message)
        else:
            messages.success(request, _saved(connection))
            return to_detail()
    return detail_page(request, membership, connection_form=form)


def _saved(connection: Connection) -> str:
    if connection.state == ConnectionState.CONNECTED:
        return _("Saved. The connection stays authorized.")
    return _("Saved, but not authorized yet: press Authorize and allow the access in NinjaOne.")


def _test(request: HttpRequest, connection: Connection) -> HttpResponse:
    try:
        messages.success(request, connection_test(connection=connection, user=person(request)))
    except ConnectError as error:
        messages.error(request, error.message)
    return to_detail()


def _disconnect(request: HttpRequest, connection: Connection) -> HttpResponse:
    if request.method != "POST":
        return rendered(request, "disconnect.html", title=_("Disconnect NinjaOne?"), connection=connection)
    connection_disconnect(connection=connection, user=person(request))
    messages.success(
        request,
        _(
            "Disconnected: the tokens are forgotten and nothing reaches NinjaOne any more. To take the access back in "
            "NinjaOne as well, delete the token there under Administration > Apps > API > OAuth Tokens."
        ),
    )
    return to_detail()


save = admin_action(_save)
test = admin_action(with_connection(_test))
disconnect = admin_page(with_connection(_disconnect))
