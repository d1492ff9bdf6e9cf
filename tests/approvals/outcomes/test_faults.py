"""Whatever NinjaOne answers to a look, nothing is concluded from it that it does not say."""

from __future__ import annotations

from typing import Any

import pytest

from approvals.models import Effect, Lookout, Place
from approvals.outcomes import poll
from approvals.outcomes.activities import series_of
from integrations.clock import database_now
from integrations.models import Connection, ConnectionState
from integrations.ninjaone.sandbox import Sandbox
from integrations.ninjaone.sandbox.faults import Fault, dropped, empty, garbage, html, raw, status
from tests.approvals.outcomes.looking import bash, effect, ended, look_everywhere
from tests.approvals.outcomes.test_kinds import give_up
from tests.cast import Tenant

pytestmark = pytest.mark.usefixtures("at_once")
ACTIVITIES = "/v2/device/43/activities"
FAULTS: dict[str, Fault] = {
    "503": status(503),
    "429": status(429, retry_after="1"),
    "403": status(403),
    "404": status(404),
    "web-page": html(),
    "not-json": garbage(),
    "nothing": empty(),
    "no-answer": dropped(),
    "a-list": raw(200, b"[]", "application/json"),
    "no-activities": raw(200, b'{"activities": null}', "application/json"),
    "odd-rows": raw(
        200, b'{"activities": [1, null, {}, {"id": "x"}, {"id": 9, "activityTime": "now"}]}', "application/json"
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_look_that_told_nothing_changes_nothing_and_is_taken_again(
    acme: Tenant, ninjaone: Sandbox, name: str
) -> None:
    row = bash(acme)
    ended(ninjaone)
    ninjaone.faults.add("GET", ACTIVITIES, FAULTS[name], times=9)
    look_everywhere()
    assert (effect(row.pk).state, effect(row.pk).is_open) == ("submitted", True)
    assert Place.objects.get().due_at is not None
    ninjaone.faults.clear()
    look_everywhere()
    assert effect(row.pk).state == "verified"


def test_a_device_that_ninjaone_does_not_know_any_more_has_no_outcome(acme: Tenant, ninjaone: Sandbox) -> None:
    row = bash(acme)
    ninjaone.faults.add("GET", "/v2/device/43(/activities)?", status(404), times=9)
    look_everywhere()
    assert (effect(row.pk).state, effect(row.pk).reason) == ("not_seen", "The device is not in NinjaOne any more.")


def test_who_cannot_be_asked_says_nothing_even_when_the_time_is_over(
    acme: Tenant, ninjaone: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = bash(acme)
    give_up()
    ninjaone.faults.add("GET", ACTIVITIES, status(503), times=99)
    look_everywhere()
    assert effect(row.pk).is_open
    monkeypatch.setattr(poll, "UNASKED_FOR", poll.UNASKED_FOR * 0)
    look_everywhere()
    assert (effect(row.pk).state, "could not be asked" in effect(row.pk).reason) == ("not_seen", True)


def test_a_connection_that_lost_its_consent_is_not_asked_and_waits(acme: Tenant, ninjaone: Sandbox) -> None:
    row = bash(acme)
    ended(ninjaone)
    Connection.objects.update(state=ConnectionState.NEEDS_REAUTHORIZATION, access_token=None, refresh_token=None)
    look_everywhere()
    assert effect(row.pk).is_open


def test_another_ninjaone_knows_nothing_of_it(acme: Tenant, ninjaone: Sandbox) -> None:
    row = bash(acme)
    Connection.objects.update(client_id="another-app")
    before = len(ninjaone.calls("GET", ACTIVITIES))
    look_everywhere()
    assert (effect(row.pk).state, "another NinjaOne" in effect(row.pk).reason) == ("not_seen", True)
    assert len(ninjaone.calls("GET", ACTIVITIES)) == before


def test_a_device_whose_activities_cannot_be_read_before_is_known_by_the_time(acme: Tenant, ninjaone: Sandbox) -> None:
    ninjaone.faults.add("GET", ACTIVITIES, status(503), times=3)
    row = bash(acme)
    assert effect(row.pk).after_id is None
    ninjaone.faults.clear()
    ended(ninjaone)
    look_everywhere()
    assert effect(row.pk).state == "verified"


def test_an_output_that_no_database_can_hold_is_stored_all_the_same(acme: Tenant, ninjaone: Sandbox) -> None:
    row = bash(acme)
    (run,) = ninjaone.acme.runs
    run.output = run.output.replace("hello", "he\x00llo")
    ended(ninjaone)
    look_everywhere()
    assert (effect(row.pk).state, effect(row.pk).output) == ("verified", "he\ufffdllo\n")


@pytest.mark.parametrize(
    "row",
    [
        {}, {"id": True, "activityTime": 1.0}, {"id": 1, "activityTime": True}, {"id": 1, "activityTime": -1},
        {"id": 1, "activityTime": 1e300}, {"id": 1, "activityTime": float("inf")}, {"id": 1}, None, "text", [1],
        {"id": 2**63, "activityTime": 1.0},
    ],
)  # fmt: skip
def test_a_row_that_makes_no_sense_is_no_run(row: Any) -> None:
    assert series_of([row]) == []


@pytest.mark.parametrize("data", [None, 7, "x", [], {"exitCode": "3"}, {"exitCode": True}, {"exitCode": -1}])
def test_an_exit_code_that_is_none_is_not_taken_for_one(data: Any) -> None:
    (series,) = series_of([{"id": 1, "activityTime": 1.0, "statusCode": "COMPLETED", "data": data}])
    assert series.exit_code is None


def test_an_exit_code_is_found_wherever_it_stands() -> None:
    row = {"id": 1, "activityTime": 1.0, "status": "Completed", "data": {"message": {"params": {"resultCode": 4}}}}
    (series,) = series_of([row])
    assert (series.code, series.exit_code) == ("COMPLETED", 4)


def test_looks_go_on_where_one_was_too_many(acme: Tenant) -> None:
    bash(acme)
    Place.objects.update(due_at=database_now())
    Lookout.objects.update(next_read_at=database_now() + poll.PACE * 100)
    assert not poll.place_look(Place.objects.get().pk)
    assert Effect.objects.get().is_open
    look_everywhere()
