"""Who is told of what is written down with the change itself, or neither is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from approvals.decisions import invocation_cancel, unknown_settle
from approvals.dispatch import dispatch_due
from approvals.models import CHANGED, Delivery, Destination, Invocation, Status
from approvals.notices.events import OutsideTransactionError, alarm, invocation_changed
from approvals.notices.reminders import remind
from approvals.reporting import request_report
from approvals.sweep import sweep
from integrations.audit import AuditError
from integrations.clock import database_now
from integrations.models import AuditEvent
from integrations.ninjaone.errors import NeedsReauthorizationError
from integrations.ninjaone.sandbox import ACME, Sandbox
from integrations.ninjaone.sandbox.faults import status
from integrations.ninjaone.tokens import access_token
from tests.aging import age, move
from tests.approvals.asking import again, approve, approved_and_sent, ask, deny, submit
from tests.approvals.notices.places import destination
from tests.cast import Tenant


def told(place: Destination) -> list[str]:
    return [row.event for row in Delivery.objects.filter(destination=place)]


def states(place: Destination) -> list[str]:
    return [row.data["status"] for row in Delivery.objects.filter(destination=place)]


def reboot(tenant: Tenant) -> Invocation:
    return ask(tenant, "ninja-reboot-device", device_id=43)


def settle_unknown(tenant: Tenant, sandbox: Sandbox) -> Invocation:
    row = reboot(tenant)
    sandbox.faults.add("POST", "/v2/device/43/reboot/NORMAL", status(500))
    assert approved_and_sent(tenant, row).status == Status.UNKNOWN
    unknown_settle(user=tenant.approver, msp=tenant.msp, invocation_id=row.pk, happened=True, note="Seen.")
    return row


def expired(tenant: Tenant, sandbox: Sandbox) -> None:
    row = reboot(tenant)
    Invocation.objects.filter(pk=row.pk).update(expires_at=database_now() - timedelta(seconds=1))
    sweep()


def blocked(tenant: Tenant, sandbox: Sandbox) -> None:
    approve(tenant, reboot(tenant))
    type(tenant.agent).objects.filter(pk=tenant.agent.pk).update(is_enabled=False)
    dispatch_due()


def reported(tenant: Tenant, sandbox: Sandbox) -> None:
    ask(tenant, "ninja-reboot-device", device_id=41)
    request_report(user=tenant.approver, msp=tenant.msp, invocation_id=reboot(tenant).pk)


STORIES: dict[str, tuple[Callable[[Tenant, Sandbox], object], list[str], list[str]]] = {
    "approved": (
        lambda tenant, _: approved_and_sent(tenant, reboot(tenant)),
        ["waiting", "decided"],
        ["pending_approval", "queued", "dispatching", "succeeded"],
    ),
    "denied": (
        lambda tenant, _: deny(tenant, reboot(tenant)),
        ["waiting", "decided"],
        ["pending_approval", "denied"],
    ),
    "withdrawn": (
        lambda tenant, _: invocation_cancel(principal=tenant.principal(), invocation_id=reboot(tenant).pk),
        ["waiting", "decided"],
        ["pending_approval", "cancelled"],
    ),
    "expired": (expired, ["waiting", "expired"], ["pending_approval", "expired"]),
    "blocked": (blocked, ["waiting", "decided", "decided"], ["pending_approval", "queued", "blocked"]),
    "unknown": (
        settle_unknown,
        ["waiting", "decided", "unknown", "unknown"],
        ["pending_approval", "queued", "dispatching", "unknown", "succeeded"],
    ),
    "reported": (
        reported,
        ["waiting", "waiting", "suspicious", "decided", "decided"],
        ["pending_approval", "pending_approval", "denied", "cancelled"],
    ),
}


@pytest.mark.parametrize("name", STORIES)
def test_people_and_agents_are_told_what_concerns_them(acme: Tenant, ninjaone: Sandbox, name: str) -> None:
    people, agent = destination(acme), destination(acme, agent=acme.agent)
    story, events, statuses = STORIES[name]
    story(acme, ninjaone)
    assert told(people) == events
    assert set(told(agent)) == {CHANGED}
    assert states(agent) == statuses


def test_what_becomes_known_later_is_told_to_agents_and_an_end_of_the_unknown_to_people_once(
    acme: Tenant, ninjaone: Sandbox
) -> None:
    people, agent = destination(acme, events=["unknown"]), destination(acme, agent=acme.agent)
    row = reboot(acme)
    ninjaone.faults.add("POST", "/v2/device/43/reboot/NORMAL", status(500))
    approved_and_sent(acme, row)
    for state, outcome in ((Status.UNKNOWN, "running"), (Status.SUCCEEDED, "running"), (Status.SUCCEEDED, "verified")):
        with transaction.atomic():
            invocation_changed(again(row.pk), state, outcome=outcome)
    assert [told_row.data["status"] for told_row in Delivery.objects.filter(destination=people)] == [
        "unknown",
        "succeeded",
    ]
    outcomes = [told_row.data.get("outcome") for told_row in Delivery.objects.filter(destination=agent)]
    assert outcomes == [None, None, None, None, "running", "running", "verified"]


def test_lost_consent_is_told_at_once(acme: Tenant, ninjaone: Sandbox) -> None:
    people, agent = destination(acme), destination(acme, agent=acme.agent)
    ninjaone.revoke_grants(ACME)
    type(acme.connection).objects.update(access_expires_at=database_now())
    acme.connection.refresh_from_db()
    with pytest.raises(NeedsReauthorizationError):
        access_token(acme.connection)
    assert (told(people), told(agent)) == (["connection"], [])


def test_an_alarm_is_on_record_and_told(acme: Tenant) -> None:
    people = destination(acme, organizations=[99])
    row = reboot(acme)
    with transaction.atomic():
        alarm(msp=acme.msp, what="Another script ran than was approved.", invocation=row)
    assert told(people) == ["alarm"]
    assert AuditEvent.objects.for_msp(acme.msp).filter(action="alarm.raised").count() == 1


def test_a_reminder_and_an_escalation_come_once_each_at_their_time(acme: Tenant) -> None:
    first, second = (
        destination(acme, events=["waiting", "reminder"]),
        destination(acme, name="2", events=["escalation"]),
    )
    row = reboot(acme)
    whole = timedelta(minutes=60)

    def after(share: float) -> tuple[list[str], list[str]]:
        begun = database_now() - whole * share
        move(Invocation.objects.filter(pk=row.pk), created_at=begun, expires_at=begun + whole)
        remind()
        remind()
        return told(first), told(second)

    assert after(0.49) == (["waiting"], [])
    assert after(0.51) == (["waiting", "reminder"], [])
    assert after(0.74) == (["waiting", "reminder"], [])
    assert after(0.76) == (["waiting", "reminder"], ["escalation"])
    deny(acme, again(row.pk))
    assert after(0.9) == (["waiting", "reminder"], ["escalation"])


def test_who_was_not_told_that_it_waits_is_not_told_how_it_ended(acme: Tenant) -> None:
    on_call = destination(acme, name="On call", events=["escalation", "decided"])
    ends_alone = destination(acme, name="Ends", events=["decided"])
    row = reboot(acme)
    age(Invocation.objects.filter(pk=row.pk), created_at=1)
    remind()
    deny(acme, row)
    deny(acme, ask(acme, "ninja-reboot-device", device_id=41))
    assert (told(on_call), told(ends_alone)) == (["escalation", "decided"], ["decided", "decided"])


@pytest.mark.parametrize(
    ("narrowing", "is_told"),
    [
        ({"organizations": [2]}, True),
        ({"organizations": [1]}, False),
        ({"tools": ["ninjaone:ninja-reboot-device"]}, True),
        ({"tools": ["ninjaone:ninja-run-bash"]}, False),
        ({"events": ["decided"]}, False),
        ({"is_enabled": False}, False),
    ],
    ids=str,
)
def test_a_destination_is_told_what_it_asked_for(acme: Tenant, narrowing: dict[str, object], is_told: bool) -> None:
    place = destination(acme, **narrowing)
    assert reboot(acme).organization_id == 2
    assert ("waiting" in told(place)) is is_told


def test_nobody_hears_of_another_msp(acme: Tenant, northwind: Tenant) -> None:
    place, agents = destination(northwind), destination(northwind, agent=northwind.agent)
    approved_and_sent(acme, reboot(acme))
    with transaction.atomic():
        alarm(msp=acme.msp, what="Something.")
    assert told(place) + told(agents) == []


def test_without_its_change_there_is_no_message(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    place = destination(acme)
    row = reboot(acme)

    def fails(**_: object) -> None:
        raise AuditError("full")

    monkeypatch.setattr("approvals.decisions.audit_append", fails)
    with pytest.raises(AuditError):
        deny(acme, row)
    assert told(place) == ["waiting"]


def test_a_message_outside_a_transaction_is_refused(acme: Tenant) -> None:
    row = reboot(acme)
    with pytest.raises(OutsideTransactionError):
        invocation_changed(row, Status.DENIED)


def test_a_read_that_runs_at_once_pays_nothing(acme: Tenant) -> None:
    destination(acme)
    destination(acme, agent=acme.agent)
    submit(acme, "ninja-get-device", device_id=43)
    with CaptureQueriesContext(connection) as captured:
        submit(acme, "ninja-get-device", device_id=43)
    assert Delivery.objects.count() == 0
    assert not any("approvals_de" in query["sql"] for query in captured)


def test_without_a_destination_a_request_pays_one_query(acme: Tenant) -> None:
    reboot(acme)
    with CaptureQueriesContext(connection) as captured:
        ask(acme, "ninja-reboot-device", device_id=41)
    asked = [query["sql"] for query in captured if "approvals_de" in query["sql"]]
    assert len(asked) == 1
    assert "approvals_destination" in asked[0]
