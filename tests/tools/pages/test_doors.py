"""Who may look, who may press, and that nobody sees or changes another MSP's integration."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from integrations.access import SESSION_KEY
from integrations.models import Connection, Membership, User
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
    TOP,
)
from tests.tools.pages.snapshots import everything


def test_strangers_are_sent_to_the_login(acme: Tenant) -> None:
    before = everything()
    for address in [*LOOKS, *ACTIONS]:
        for answer in (Client().get(address), Client().post(address)):
            assert answer.status_code == 302, address
            assert answer["Location"].startswith("/dashboard/login/")
    assert everything() == before


@pytest.mark.parametrize("role", ["admin", "approver", "viewer"])
def test_every_member_may_look(acme: Tenant, role: str) -> None:
    client = acme.signed_in(getattr(acme, role))
    for address in LOOKS:
        answer = client.get(address)
        assert answer.status_code == 200, address
        assert b"Connected" in answer.content


@pytest.mark.parametrize("role", ["approver", "viewer"])
def test_only_admins_may_press_a_button(acme: Tenant, role: str) -> None:
    before = everything()
    client = acme.signed_in(getattr(acme, role))
    for address in ACTIONS:
        answer = client.post(address, {"region": "us", "script_id": "1"})
        assert answer.status_code == 403, address
        assert b"Only admins of the MSP" in answer.content
    assert everything() == before


def test_who_may_not_act_is_not_asked_either(acme: Tenant) -> None:
    for address in QUESTIONS:
        assert acme.signed_in(acme.viewer).get(address).status_code == 403, address


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


def test_an_operator_of_the_platform_is_no_member(acme: Tenant) -> None:
    client = acme.signed_in(User.objects.create_superuser("operator"))
    for address in [*LOOKS, *ACTIONS]:
        assert client.get(address).status_code == 403, address
        assert client.post(address).status_code == 403, address


def test_opening_a_buttons_address_changes_nothing_and_leads_back(acme: Tenant) -> None:
    before = everything()
    for address in BUTTONS:
        answer = acme.signed_in(acme.admin).get(address)
        assert (answer.status_code, answer["Location"]) == (302, TOP), address
    assert everything() == before


def test_a_question_alone_changes_nothing(acme: Tenant) -> None:
    before = everything()
    for address in QUESTIONS:
        assert acme.signed_in(acme.admin).get(address).status_code == 200, address
    assert everything() == before


def test_other_methods_are_refused(acme: Tenant) -> None:
    client = acme.signed_in(acme.admin)
    for address in [*LOOKS, *ACTIONS, CALLBACK]:
        for method in ("put", "patch", "delete"):
            assert getattr(client, method)(address).status_code == 405, (method, address)


def test_pages_to_look_at_take_no_post(acme: Tenant) -> None:
    for address in [*LOOKS, CALLBACK]:
        assert acme.signed_in(acme.admin).post(address).status_code == 405, address


def test_a_forged_form_is_refused(acme: Tenant) -> None:
    before = everything()
    client = Client(enforce_csrf_checks=True)
    client.force_login(acme.admin)
    for address in ACTIONS:
        assert client.post(address).status_code == 403, address
    assert everything() == before


def test_nothing_of_another_msp_is_shown(acme: Tenant, northwind: Tenant) -> None:
    Connection.objects.filter(pk=acme.connection.pk).update(client_id="acme-alone", granted_scopes="acme-scope")
    client = northwind.signed_in(northwind.admin)
    for address in [*LOOKS, *QUESTIONS]:
        page = client.get(address).content.decode()
        for word in ("acme-alone", "acme-scope", "acme-admin", "Acme MSP", str(acme.connection.pk)):
            assert word not in page, address


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
        assert answer.redirect_chain == [(TOP, 302)], address
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


def test_every_page_takes_at_most_twelve_queries(acme: Tenant, django_assert_max_num_queries: Any) -> None:
    client = acme.signed_in(acme.admin)
    for address in [*LOOKS, *QUESTIONS]:
        with django_assert_max_num_queries(12):
            client.get(address)
