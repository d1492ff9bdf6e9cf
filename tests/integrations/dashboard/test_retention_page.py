"""The page on which an MSP's admins say how long what is kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta

import pytest
from django.conf import LazySettings
from django.test import Client

from approvals.models import Delivery, Event
from integrations.clock import Now, database_now
from integrations.models import AuditEvent, Membership, Retention
from integrations.retention import retention_come_due
from tests.aging import move
from tests.approvals.notices.places import destination
from tests.cast import Tenant
from tests.integrations.people.signing_in import age

PAGE = "/dashboard/rules/retention/"
AS_IT_IS = {"results_days": 30, "invocations_days": 400, "audit_days": 400}
LESS = {"results_days": 10, "invocations_days": 100, "audit_days": 200}
MORE = {"results_days": 60, "invocations_days": 500, "audit_days": 800}


@pytest.fixture
def admin(acme: Tenant) -> Client:
    return acme.signed_in(acme.admin)


def kept(tenant: Tenant) -> Retention:
    return Retention.objects.get(msp=tenant.msp)


def post(client: Client, days: Mapping[str, object], read: str = "") -> str:
    return client.post(PAGE, {**days, "read": read}, follow=True).content.decode()


def data(tenant: Tenant, action: str) -> dict[str, object]:
    record = AuditEvent.objects.filter(msp=tenant.msp, action=action).latest("number").record
    found: dict[str, object] = json.loads(record)["data"]
    return found


def test_settings_lead_to_it_and_it_shows_what_holds(acme: Tenant, admin: Client) -> None:
    assert f'href="{PAGE}"' in admin.get("/dashboard/rules/").content.decode()
    page = admin.get(PAGE).content.decode()
    assert 'value="30"' in page
    assert page.count('value="400"') == 2


def test_longer_holds_at_once_and_is_on_record(acme: Tenant, northwind: Tenant, admin: Client) -> None:
    assert "Saved." in post(admin, MORE)
    assert kept(acme).in_force == kept(acme).wanted == MORE
    assert data(acme, "retention.changed") == {
        "before": {"days": AS_IT_IS, "wanted": AS_IT_IS, "shortens_at": None},
        "after": {"days": MORE, "wanted": MORE, "shortens_at": None},
    }
    assert kept(northwind).in_force == AS_IT_IS
    assert not AuditEvent.objects.filter(msp=northwind.msp, action__startswith="retention").exists()


def test_shorter_is_shown_first_then_announced_and_holds_a_week_later(acme: Tenant, admin: Client) -> None:
    page = post(admin, LESS)
    assert "Nobody can bring it back after that" in page
    assert 'name="read" value="30,400,400"' in page
    assert kept(acme).wanted == AS_IT_IS
    assert "Announced." in post(admin, LESS, "30,400,400")
    row = kept(acme)
    assert (row.in_force, row.wanted) == (AS_IT_IS, LESS)
    assert row.shortens_at is not None
    # Of the day before there is a minute in which it is a day more (shorter_holds_from).
    assert timedelta(days=7) <= row.shortens_at - database_now() <= timedelta(days=8, minutes=1)
    assert "Less is kept from" in admin.get(PAGE).content.decode()
    assert not retention_come_due(row)
    move(Retention.objects.filter(msp=acme.msp), shortens_at=Now())
    assert retention_come_due(kept(acme))
    assert (kept(acme).in_force, kept(acme).shortens_at) == (LESS, None)
    assert data(acme, "retention.shortened")["after"] == {"days": LESS, "wanted": LESS, "shortens_at": None}


def test_whoever_is_told_of_alarms_is_told_of_it(acme: Tenant, admin: Client) -> None:
    destination(acme, "https://127.0.0.1:9/", events=[Event.ALARM.value])
    post(admin, LESS, "30,400,400")
    message = Delivery.objects.get()
    assert message.event == Event.ALARM
    assert "results are kept for 10 days, calls for 100 and the audit for 200" in message.data["what"]
    assert "acme-admin asked for it" in message.data["what"]


def test_another_admin_takes_it_back(acme: Tenant, admin: Client) -> None:
    post(admin, LESS, "30,400,400")
    Membership.objects.filter(user=acme.viewer).update(is_admin=True)
    assert "Saved." in post(acme.signed_in(acme.viewer), AS_IT_IS)
    row = kept(acme)
    assert (row.in_force, row.wanted, row.shortens_at) == (AS_IT_IS, AS_IT_IS, None)


def test_half_of_it_taken_back_keeps_the_day_and_more_of_it_does_not(acme: Tenant, admin: Client) -> None:
    post(admin, LESS, "30,400,400")
    soon = kept(acme).shortens_at
    assert soon is not None
    move(Retention.objects.filter(msp=acme.msp), shortens_at=soon - timedelta(days=3))
    post(admin, {**LESS, "audit_days": 300})
    assert kept(acme).shortens_at == soon - timedelta(days=3)
    post(admin, {**LESS, "results_days": 8, "audit_days": 300}, "10,100,300")
    assert kept(acme).shortens_at == soon


def test_what_somebody_else_changed_meanwhile_is_shown_anew(acme: Tenant, admin: Client) -> None:
    post(admin, MORE)
    assert 'name="read" value="60,500,800"' in post(admin, LESS, "30,400,400")
    assert kept(acme).wanted == MORE


def test_the_sweep_comes_by_when_a_shorter_period_begins(acme: Tenant, admin: Client) -> None:
    Retention.objects.update(due_at=database_now() + timedelta(days=30))
    post(admin, LESS, "30,400,400")
    assert kept(acme).due_at == kept(acme).shortens_at


@pytest.mark.parametrize(
    ("days", "complaint"),
    [
        ({"results_days": 6}, "greater than or equal to 7"),
        ({"invocations_days": 89}, "greater than or equal to 90"),
        ({"audit_days": 179}, "greater than or equal to 180"),
        ({"audit_days": 3651}, "less than or equal to 3650"),
        ({"audit_days": 399}, "The audit cannot be kept shorter than calls"),
        ({"results_days": 401}, "Results cannot be kept longer than the calls"),
        ({"results_days": ""}, "This field is required"),
    ],
)
def test_what_makes_no_sense_is_refused(acme: Tenant, admin: Client, days: dict[str, object], complaint: str) -> None:
    assert complaint in post(admin, {**AS_IT_IS, **days}, "30,400,400")
    assert kept(acme).wanted == AS_IT_IS


@pytest.mark.parametrize("role", ["viewer", "approver"])
def test_it_is_for_admins_alone(acme: Tenant, role: str) -> None:
    client = acme.signed_in(getattr(acme, role))
    assert client.get(PAGE).status_code == 403
    assert client.post(PAGE, MORE).status_code == 403
    assert kept(acme).in_force == AS_IT_IS


def test_an_admin_of_another_msp_changes_their_own_alone(acme: Tenant, northwind: Tenant) -> None:
    client = northwind.signed_in(northwind.admin)
    client.post(PAGE, {**MORE, "msp": str(acme.msp.pk), "msp_id": str(acme.msp.pk)})
    assert (kept(acme).in_force, kept(northwind).in_force) == (AS_IT_IS, MORE)
    assert "Acme" not in client.get(PAGE).content.decode()


def test_an_open_browser_alone_changes_nothing(acme: Tenant, admin: Client, settings: LazySettings) -> None:
    settings.STEP_UP_SECONDS = 300
    age(admin, 301)
    for days in (MORE, LESS):
        answer = admin.post(PAGE, {**days, "read": "30,400,400"})
        assert answer["Location"].startswith("/dashboard/account/confirm/")
    assert kept(acme).wanted == AS_IT_IS
