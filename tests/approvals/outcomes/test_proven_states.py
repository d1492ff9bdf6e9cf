"""A service, an alert or a ticket settles a lost call where NinjaOne names our own user and nothing else fits."""

from __future__ import annotations

import json
from typing import Any

import pytest

from approvals.models import Invocation, Status
from approvals.outcomes import looking, traces
from integrations.models import AuditEvent
from integrations.ninjaone.sandbox import Sandbox
from integrations.ninjaone.sandbox.faults import raw, status
from integrations.ninjaone.sandbox.runs import service_control_start
from integrations.ninjaone.sandbox.tickets import ticket_update
from integrations.ninjaone.sandbox.world import World
from tests.approvals.asking import again, approved_and_sent, ask
from tests.approvals.outcomes.looking import SOMEBODY, US, effect, ended, look_everywhere, lost
from tests.approvals.outcomes.test_kinds import ALERT, give_up
from tests.cast import Tenant

pytestmark = pytest.mark.usefixtures("at_once")
SERVICE = "/v2/device/41/windows-service/Spooler/control"
DISMISSED = f"/v2/alert/{ALERT}"
TICKET = "/v2/ticketing/ticket/1014"


def stands(row: Invocation) -> str:
    """The status after one look at NinjaOne."""
    look_everywhere()
    return again(row.pk).status


def lost_stop(tenant: Tenant, sandbox: Sandbox, *, happened: bool, action: str = "stop") -> Invocation:
    asked = ask(tenant, "ninja-control-service", device_id=41, service="Spooler", action=action)
    return lost(tenant, sandbox, "POST", SERVICE, asked, happened=happened)


def control(world: World, action: str, *, user: int = US, name: str = "Spooler") -> None:
    """Somebody controls a service by hand."""
    service = next(each for each in world.devices[41].services if each["name"] == name)
    before = len(world.activities)
    service_control_start(world=world, device=world.devices[41], service=service, action=action)
    for row in world.activities[before:]:
        row["userId"] = user


@pytest.mark.parametrize("action", ["stop", "start", "restart"])
def test_a_service_that_our_user_controlled_is_settled(known: Tenant, ninjaone: Sandbox, action: str) -> None:
    row = lost_stop(known, ninjaone, happened=True, action=action)
    assert stands(row) == Status.SUCCEEDED
    assert f"activity {effect(row.pk).trace_id} of" in again(row.pk).note
    record = AuditEvent.objects.for_msp(known.msp).get(action="invocation.settled").record
    assert f'"user":{US}' in record


def test_a_service_that_stands_as_wished_says_nothing(known: Tenant, ninjaone: Sandbox, world: World) -> None:
    row = lost_stop(known, ninjaone, happened=False)
    next(each for each in world.devices[41].services if each["name"] == "Spooler")["state"] = "STOPPED"
    assert (stands(row), effect(row.pk).state) == (Status.UNKNOWN, "verified")
    assert "does not say who did that" in effect(row.pk).reason


def test_a_service_that_another_technician_controlled_says_nothing(
    known: Tenant, ninjaone: Sandbox, world: World
) -> None:
    row = lost_stop(known, ninjaone, happened=False)
    control(world, "STOP", user=SOMEBODY)
    assert (stands(row), effect(row.pk).state) == (Status.UNKNOWN, "verified")
    assert "its user 13 did that, and ours is 12" in effect(row.pk).reason


@pytest.mark.parametrize("name", ["Spooler", "spooler", "W32Time"])
def test_another_call_to_a_service_of_the_device_is_a_rival(known: Tenant, ninjaone: Sandbox, name: str) -> None:
    row = lost_stop(known, ninjaone, happened=True)
    path = f"/v2/device/41/windows-service/{name}/control"
    approved_and_sent(known, ask(known, "ninja-api-post", path=path, body={"action": "START"}))
    assert stands(row) == Status.UNKNOWN


def test_two_controls_of_a_service_say_nothing(known: Tenant, ninjaone: Sandbox, world: World) -> None:
    row = lost_stop(known, ninjaone, happened=True)
    control(world, "STOP")
    assert stands(row) == Status.UNKNOWN


def test_something_else_done_to_the_service_is_not_the_call(known: Tenant, ninjaone: Sandbox, world: World) -> None:
    row = lost_stop(known, ninjaone, happened=False)
    control(world, "RESTART")
    assert stands(row) == Status.UNKNOWN
    assert effect(row.pk).trace_id is None


def test_another_service_is_not_the_call(known: Tenant, ninjaone: Sandbox, world: World) -> None:
    name = next(each["name"] for each in world.devices[41].services if each["name"] != "Spooler")
    row = lost_stop(known, ninjaone, happened=False)
    control(world, "STOP", name=name)
    assert stands(row) == Status.UNKNOWN


def test_a_full_page_of_what_was_done_by_hand_says_nothing(
    known: Tenant, ninjaone: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(traces, "MOST", 10)
    row = lost_stop(known, ninjaone, happened=True)
    for number in range(9):
        row_before = dict(ninjaone.acme.activities[-1])
        ninjaone.acme.activities.append(row_before | {"id": row_before["id"] + 1, "seriesUid": f"other {number}"})
    assert stands(row) == Status.UNKNOWN


def test_what_ninjaone_told_late_counts_too(
    known: Tenant, ninjaone: Sandbox, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.undo()  # the moment in which NinjaOne may still tell
    row = lost_stop(known, ninjaone, happened=True)
    ended(ninjaone)
    late = [world.activities.pop(), world.activities.pop()]
    assert (stands(row), effect(row.pk).is_open) == (Status.UNKNOWN, True)
    world.activities += reversed(late)
    assert (stands(row), effect(row.pk).is_open) == (Status.SUCCEEDED, False)


def lost_dismissal(tenant: Tenant, sandbox: Sandbox, *, happened: bool) -> Invocation:
    asked = ask(tenant, "ninja-dismiss-alert", alert_uid=ALERT)
    return lost(tenant, sandbox, "DELETE", DISMISSED, asked, happened=happened)


def reset(world: World, **who: Any) -> None:
    """The alert goes, and an activity says so."""
    alert = world.alerts.pop(ALERT)
    device = world.devices[alert["deviceId"]]
    world.activity_add(kind="CONDITION", code="RESET", message="reset", device=device, series=ALERT, **who)


def test_an_alert_that_our_user_reset_is_settled(known: Tenant, ninjaone: Sandbox) -> None:
    row = lost_dismissal(known, ninjaone, happened=True)
    assert (stands(row), effect(row.pk).state) == (Status.SUCCEEDED, "verified")
    assert f"activity {effect(row.pk).trace_id} of" in again(row.pk).note
    assert effect(row.pk).series_uid == f"activity {effect(row.pk).trace_id}"


@pytest.mark.parametrize(
    ("who", "words"),
    [({"user_id": SOMEBODY}, "its user 13 did that, and ours is 12"), ({}, "does not say who did that")],
    ids=["somebody", "by-itself"],
)
def test_an_alert_that_somebody_else_reset_stays_with_a_person(
    known: Tenant, ninjaone: Sandbox, world: World, who: dict[str, int], words: str
) -> None:
    row = lost_dismissal(known, ninjaone, happened=False)
    reset(world, **who)
    assert (stands(row), effect(row.pk).state) == (Status.UNKNOWN, "verified")
    assert words in effect(row.pk).reason


def test_an_alert_that_was_reset_twice_says_nothing(known: Tenant, ninjaone: Sandbox, world: World) -> None:
    row = lost_dismissal(known, ninjaone, happened=True)
    world.activity_add(kind="CONDITION", code="RESET", message="reset", series=ALERT)
    assert stands(row) == Status.UNKNOWN


def test_another_call_for_the_alert_is_a_rival(known: Tenant, ninjaone: Sandbox) -> None:
    row = lost_dismissal(known, ninjaone, happened=False)
    approved_and_sent(known, ask(known, "ninja-api-post", path=f"{DISMISSED}/reset", body={}))
    assert stands(row) == Status.UNKNOWN


def test_another_alert_beside_it_does_not_matter(known: Tenant, ninjaone: Sandbox) -> None:
    row = lost_dismissal(known, ninjaone, happened=True)
    approved_and_sent(known, ask(known, "ninja-dismiss-alert", alert_uid=f"{ALERT[:-1]}3"))
    assert stands(row) == Status.SUCCEEDED


@pytest.mark.parametrize("code", [403, 404, 500])
def test_where_it_cannot_be_read_who_did_it_a_person_settles(known: Tenant, ninjaone: Sandbox, code: int) -> None:
    row = lost_dismissal(known, ninjaone, happened=True)
    ninjaone.faults.add("GET", "/v2/activities", status(code), times=9)
    assert (stands(row), effect(row.pk).state) == (Status.UNKNOWN, "verified")


def test_lost_dismissals_are_asked_for_a_few_at_a_time(
    known: Tenant, ninjaone: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "MOST_ASKED", 1)
    rows = [lost_dismissal(known, ninjaone, happened=True)]
    other = f"{ALERT[:-1]}3"
    asked = ask(known, "ninja-dismiss-alert", alert_uid=other)
    rows.append(lost(known, ninjaone, "DELETE", f"/v2/alert/{other}", asked, happened=True))
    look_everywhere()
    assert sorted(again(row.pk).status for row in rows) == [Status.SUCCEEDED, Status.UNKNOWN]
    look_everywhere()
    assert {again(row.pk).status for row in rows} == {Status.SUCCEEDED}


def lost_update(tenant: Tenant, sandbox: Sandbox, *, happened: bool, **changes: Any) -> Invocation:
    asked = ask(tenant, "ninja-update-ticket", ticket_id=1014, **(changes or {"status": "3000", "priority": "HIGH"}))
    return lost(tenant, sandbox, "PUT", TICKET, asked, happened=happened)


def signed(world: World, user: int = US, **more: Any) -> None:
    """NinjaOne names who saved the ticket last."""
    world.ticket_logs[1014][-1] |= {"appUserContactId": user, "appUserContactType": "TECHNICIAN", **more}


def test_a_ticket_whose_log_names_our_user_is_settled(known: Tenant, ninjaone: Sandbox, world: World) -> None:
    row = lost_update(known, ninjaone, happened=True)
    signed(world)
    assert (stands(row), effect(row.pk).state) == (Status.SUCCEEDED, "verified")
    assert f"ticket log entry {effect(row.pk).trace_id} of" in again(row.pk).note


def test_a_ticket_whose_log_names_nobody_stays_with_a_person(known: Tenant, ninjaone: Sandbox) -> None:
    row = lost_update(known, ninjaone, happened=True)
    assert (stands(row), effect(row.pk).state) == (Status.UNKNOWN, "verified")
    assert "does not say who did that" in effect(row.pk).reason


@pytest.mark.parametrize(
    ("user", "more"),
    [(SOMEBODY, {}), (US, {"appUserContactType": "CONTACT"}), (US, {"type": "INFO"}), (True, {})],
    ids=["somebody", "a-contact", "no-save", "no-id"],
)
def test_a_ticket_that_somebody_else_saved_stays_with_a_person(
    known: Tenant, ninjaone: Sandbox, world: World, user: int, more: dict[str, str]
) -> None:
    row = lost_update(known, ninjaone, happened=True)
    signed(world, user, **more)
    assert stands(row) == Status.UNKNOWN


@pytest.mark.parametrize(
    "change",
    [
        {"status": {"statusId": 2000, "name": "OPEN"}}, {"nodeId": 45}, {"tags": ["printing", "x"]},
        {"assignedAppUserId": SOMEBODY}, {"ccList": {"uids": [], "emails": ["x@y.example"]}},
        {"attributeValues": [{"attributeId": 4, "value": "2"}]}, {"version": 5},
    ],
    ids=lambda change: next(iter(change)),
)  # fmt: skip
def test_a_ticket_in_which_anything_is_not_as_it_was_sent_stays_with_a_person(
    known: Tenant, ninjaone: Sandbox, world: World, change: dict[str, Any]
) -> None:
    world.tickets[1014]["attributeValues"] = [{"attributeId": 4, "value": "1"}]
    row = lost_update(known, ninjaone, happened=True)
    signed(world)
    assert world.tickets[1014]["version"] == 4
    world.tickets[1014] |= change
    assert stands(row) == Status.UNKNOWN


def test_a_ticket_in_another_order_is_the_same(known: Tenant, ninjaone: Sandbox, world: World) -> None:
    world.tickets[1014] |= {"tags": ["a", "b"], "attributeValues": [{"id": 1, "attributeId": 4, "value": "1"}]}
    row = lost_update(known, ninjaone, happened=True)
    signed(world)
    world.tickets[1014] |= {"tags": ["b", "a"]}
    assert stands(row) == Status.SUCCEEDED


def test_two_saves_of_a_ticket_around_the_call_say_nothing(known: Tenant, ninjaone: Sandbox, world: World) -> None:
    row = lost_update(known, ninjaone, happened=True)
    signed(world)
    world.ticket_logs[1014].append({**world.ticket_logs[1014][-1], "id": 99_999})
    assert stands(row) == Status.UNKNOWN


def test_another_call_for_the_same_version_is_a_rival(known: Tenant, ninjaone: Sandbox, world: World) -> None:
    body = {key: world.tickets[1014][key] for key in ("version", "clientId", "ticketFormId", "subject", "requesterUid")}
    generic = ask(known, "ninja-api-put", path=TICKET, body={**body, "status": "3000"})
    row = lost_update(known, ninjaone, happened=False, status="3000")
    lost(known, ninjaone, "PUT", TICKET, generic, happened=False)
    update = again(row.pk).body
    assert update is not None
    ticket_update(world, 1014, json.loads(update))
    signed(world)
    assert stands(row) == Status.UNKNOWN


@pytest.mark.parametrize(
    ("path", "answer"),
    [("/v2/alerts", b'{"odd": 1}'), (TICKET, b'{"id": 1014}')],
    ids=["alerts", "ticket"],
)
def test_what_was_not_seen_to_stand_unchanged_is_not_called_failed(
    known: Tenant, ninjaone: Sandbox, path: str, answer: bytes
) -> None:
    is_alert = path == "/v2/alerts"
    row = lost_dismissal(known, ninjaone, happened=True) if is_alert else lost_update(known, ninjaone, happened=True)
    ninjaone.faults.add("GET", path, raw(200, answer, "application/json"), times=9)
    give_up()
    assert (stands(row), effect(row.pk).state) == (Status.UNKNOWN, "not_seen")
