"""Who may look, who may press, and that nobody sees or changes another MSP's integration."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from integrations.access import SESSION_KEY
from integrations.models import Authorization, Connection, Membership, User
from tests.cast import Tenant
from tests.tools.pages.addresses import (
    ACTIONS,
    AUTHORIZE,
    BUTTONS,
    CALLBACK,
    DETAIL,
    DISCONNECT,
    LIST,
    LOOKS,
    QUESTIONS,
    RUNNER_REMOVE,
    SAVE,
    STATE,
)
from tools.models import ToolPolicy


def everything() -> list[Any]:
    """All that the buttons could change."""
    return [
        list(Connection.objects.order_by("pk").values()),
        list(Authorization.objects.values()),
        list(ToolPolicy.objects.values()),
    ]


@pytest.mark.parametrize("address", [*LOOKS, *ACTIONS])
def test_strangers_are_sent_to_the_login(acme: Tenant, address: str) -> None:
    before = everything()
    for answer in (Client().get(address), Client().post(address)):
        assert answer.status_code == 302
        assert answer["Location"].startswith("/dashboard/login/")
    assert everything() == before


@pytest.mark.parametrize("address", LOOKS)
@pytest.mark.parametrize("role", ["admin", "approver", "viewer"])
def test_every_member_may_look(acme: Tenant, address: str, role: str) -> None:
    answer = acme.signed_in(getattr(acme, role)).get(address)
    assert answer.status_code == 200
    assert b"Connected" in answer.content


@pytest.mark.parametrize("address", ACTIONS)
@pytest.mark.parametrize("role", ["approver", "viewer"])
def test_only_admins_may_press_a_button(acme: Tenant, address: str, role: str) -> None:
    before = everything()
    answer = acme.signed_in(getattr(acme, role)).post(address, {"region": "us", "script_id": "1"})
    assert answer.status_code == 403
    assert b"Only admins of the MSP" in answer.content
    assert everything() == before


@pytest.mark.parametrize("address", QUESTIONS)
def test_who_may_not_act_is_not_asked_either(acme: Tenant, address: str) -> None:
    assert acme.signed_in(acme.viewer).get(address).status_code == 403


def test_viewers_see_no_buttons(acme: Tenant) -> None:
    page = acme.signed_in(acme.viewer).get(DETAIL).content.decode()
    for address in ACTIONS:
        assert f'="{address}' not in page
    assert "<select" not in page.split("<main", 1)[1]


def test_admins_see_the_buttons(acme: Tenant) -> None:
    page = acme.signed_in(acme.admin).get(DETAIL).content.decode()
    for address in [*BUTTONS, DISCONNECT, RUNNER_REMOVE]:
        assert f'="{address}' in page


def test_an_admin_who_lost_the_role_loses_the_buttons_with_the_next_click(acme: Tenant) -> None:
    client = acme.signed_in(acme.admin)
    Membership.objects.filter(user=acme.admin).update(is_admin=False)
    assert client.post(DISCONNECT).status_code == 403
    acme.connection.refresh_from_db()
    assert acme.connection.access_token is not None


@pytest.mark.parametrize("address", [*LOOKS, *ACTIONS])
def test_an_operator_of_the_platform_is_no_member(acme: Tenant, address: str) -> None:
    operator = User.objects.create_superuser("operator", "operator@platform.example", "x")
    client = acme.signed_in(operator)
    assert client.get(address).status_code == 403
    assert client.post(address).status_code == 403


@pytest.mark.parametrize("address", BUTTONS)
def test_opening_a_buttons_address_changes_nothing_and_leads_back(acme: Tenant, address: str) -> None:
    before = everything()
    answer = acme.signed_in(acme.admin).get(address)
    assert (answer.status_code, answer["Location"]) == (302, DETAIL)
    assert everything() == before


@pytest.mark.parametrize("address", QUESTIONS)
def test_a_question_alone_changes_nothing(acme: Tenant, address: str) -> None:
    before = everything()
    assert acme.signed_in(acme.admin).get(address).status_code == 200
    assert everything() == before


@pytest.mark.parametrize("address", [*LOOKS, *ACTIONS, CALLBACK])
@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_other_methods_are_refused(acme: Tenant, address: str, method: str) -> None:
    assert getattr(acme.signed_in(acme.admin), method)(address).status_code == 405


@pytest.mark.parametrize("address", [*LOOKS, CALLBACK])
def test_pages_to_look_at_take_no_post(acme: Tenant, address: str) -> None:
    assert acme.signed_in(acme.admin).post(address).status_code == 405


@pytest.mark.parametrize("address", ACTIONS)
def test_a_forged_form_is_refused(acme: Tenant, address: str) -> None:
    before = everything()
    client = Client(enforce_csrf_checks=True)
    client.force_login(acme.admin)
    assert client.post(address).status_code == 403
    assert everything() == before


@pytest.mark.parametrize("address", LOOKS)
def test_nothing_of_another_msp_is_shown(acme: Tenant, northwind: Tenant, address: str) -> None:
    Connection.objects.filter(pk=acme.connection.pk).update(client_id="acme-alone", granted_scopes="acme-scope")
    page = northwind.signed_in(northwind.admin).get(address).content.decode()
    for word in ("acme-alone", "acme-scope", "acme-admin", "Acme MSP", str(acme.connection.pk)):
        assert word not in page


def test_a_button_acts_on_the_msp_of_the_person_alone(acme: Tenant, northwind: Tenant) -> None:
    northwind.signed_in(northwind.admin).post(DISCONNECT, {"msp": str(acme.msp.pk), "id": str(acme.connection.pk)})
    acme.connection.refresh_from_db()
    northwind.connection.refresh_from_db()
    assert acme.connection.access_token is not None
    assert northwind.connection.access_token is None


def test_rights_in_one_msp_do_not_count_in_another(acme: Tenant, northwind: Tenant) -> None:
    Membership.objects.create(msp=northwind.msp, user=acme.admin)
    client = acme.signed_in(acme.admin)
    session = client.session
    session[SESSION_KEY] = str(northwind.msp.pk)
    session.save()
    page = client.get(DETAIL).content.decode()
    assert "northwind-admin" in page
    assert "acme-admin</b>" not in page
    before = everything()
    for address in ACTIONS:
        assert client.post(address).status_code == 403
    assert everything() == before


def test_what_needs_a_connection_says_so_before_there_is_one(acme: Tenant) -> None:
    Connection.objects.all().delete()
    client = acme.signed_in(acme.admin)
    for address in ACTIONS:
        if address == SAVE:
            continue
        answer = client.post(address, follow=True)
        assert answer.redirect_chain == [(DETAIL, 302)], address
        assert b"Nothing was" in answer.content
    assert b"Not connected" in client.get(STATE).content
    assert b"Set up" in client.get(LIST).content
    assert b"An admin of" in acme.signed_in(acme.viewer).get(DETAIL).content


def test_the_admin_keeps_its_own_addresses_below(acme: Tenant) -> None:
    client = acme.signed_in(acme.admin)
    assert client.get("/dashboard/integrations/agent/").status_code == 200
    assert client.get("/dashboard/integrations/ninjaone")["Location"] == DETAIL
    assert client.get("/dashboard/integrations/nothing/").status_code == 404
    assert client.get(f"{AUTHORIZE}/").status_code == 404
