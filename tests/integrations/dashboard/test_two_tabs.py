"""Somebody who works for two MSPs switches in one tab, and presses a button in another one that is still open."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from integrations.form_tokens import FIELD
from integrations.models import Connection, Invitation, Membership, Msp, User
from tests.cast import PASSWORD, Tenant

DETAIL = "/dashboard/integrations/ninjaone/"
INVITATIONS = "/dashboard/team/invitations/"
# The page, where its form goes, and what is typed into it.
FORMS: list[tuple[str, str, dict[str, str]]] = [
    ("/dashboard/", "/dashboard/stop/", {}),
    ("/dashboard/go-on/", "/dashboard/go-on/", {"reason": "It was us."}),
    ("/dashboard/rules/", "/dashboard/rules/", {"time_zone": "Asia/Tokyo", "own_requests_allowed": "on"}),
    (INVITATIONS, INVITATIONS, {"email": "eve@acme.example", "is_approver": "on"}),
    ("/dashboard/integrations/agent/add/", "/dashboard/integrations/agent/add/", {"name": "new", "every_tool": "on"}),
    (DETAIL, f"{DETAIL}connection", {"region": "sandbox", "client_id": "other", "client_secret": "other"}),
    (f"{DETAIL}disconnect", f"{DETAIL}disconnect", {}),
    (f"{DETAIL}runner/remove", f"{DETAIL}runner/remove", {}),
]


@pytest.fixture
def both(acme: Tenant, northwind: Tenant) -> Client:
    """An admin of two MSPs, at work for Acme."""
    user = User.objects.create_user("dana", password=PASSWORD)
    for tenant in (acme, northwind):
        Membership.objects.create(msp=tenant.msp, user=user, is_admin=True, is_approver=True)
    return acme.signed_in(user)


def switch(client: Client, tenant: Tenant) -> None:
    assert client.post("/dashboard/switch/", {"msp": str(tenant.msp.pk)}).status_code == 302


def fields_of(client: Client, page: str, action: str) -> dict[str, str]:
    """The hidden fields of the form on that page which goes there, or to the page itself."""
    text = client.get(page).content.decode()
    forms = re.findall(r"<form[^>]*method=\"post\"[^>]*>.*?</form>", text, re.DOTALL)
    goes = re.compile(rf'<form(?:[^>]*action="{action}["#]|(?![^>]*action=))')
    mine = [form for form in forms if goes.match(form)]
    assert mine, (page, action)
    return dict(re.findall(r'type="hidden"\s+name="([^"]+)"\s+value="([^"]*)"', mine[0]))


def state(tenant: Tenant) -> tuple[object, ...]:
    msp = Msp.objects.get(pk=tenant.msp.pk)
    connection = Connection.objects.get(msp=msp)
    return (
        (msp.frozen_at, msp.time_zone, msp.own_requests_allowed, msp.agents.count()),
        (connection.client_id, connection.epoch, connection.state, connection.runner_script_id),
        Invitation.objects.for_msp(msp).count(),
    )


@pytest.mark.parametrize(("place", "action", "typed"), FORMS)
def test_a_form_of_the_msp_that_one_left_does_nothing_to_the_other(
    acme: Tenant, northwind: Tenant, both: Client, place: str, action: str, typed: dict[str, str]
) -> None:
    Msp.objects.update(frozen_at="2026-01-01T00:00:00Z" if "go-on" in action else None)
    left = fields_of(both, place, action)
    switch(both, northwind)
    before = state(acme), state(northwind)
    answer = both.post(action, {**left, **typed}, follow=True)
    assert "Nothing was done: that page was of another MSP, and you work for Northwind MSP now." in (
        answer.content.decode()
    )
    assert (state(acme), state(northwind)) == before
    switch(both, acme)
    both.post(action, {**fields_of(both, place, action), **typed})
    assert state(acme) != before[0]
    assert state(northwind) == before[1]


def test_a_script_of_the_page_that_one_left_does_nothing_either(acme: Tenant, northwind: Tenant, both: Client) -> None:
    switch(both, northwind)
    before = state(northwind)
    assert both.post("/dashboard/stop/", headers={"X-Msp": str(acme.msp.pk)}).status_code == 302
    assert state(northwind) == before
    both.post("/dashboard/stop/", headers={"X-Msp": str(northwind.msp.pk)})
    assert state(northwind) != before


def test_whoever_was_signed_out_meanwhile_signs_in_again(acme: Tenant) -> None:
    answer = Client().post("/dashboard/stop/", {FIELD: str(acme.msp.pk)})
    assert answer["Location"].startswith("/dashboard/login/")


def test_one_switches_from_a_page_that_was_left(acme: Tenant, northwind: Tenant, both: Client) -> None:
    left = fields_of(both, "/dashboard/", "/dashboard/switch/")
    assert FIELD not in left
    switch(both, northwind)
    both.post("/dashboard/switch/", {**left, "msp": str(acme.msp.pk)})
    assert "Acme MSP" in both.get("/dashboard/rules/").content.decode()
