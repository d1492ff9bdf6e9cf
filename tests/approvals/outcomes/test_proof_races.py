"""Of many who find the same one settles, and one activity is never the trace of two calls."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest

from approvals.models import Effect, Invocation, OutcomeState, Status
from approvals.outcomes import settling
from approvals.outcomes.finding import Finding, Trace
from approvals.outcomes.settling import finding_record
from integrations.clock import database_now
from integrations.models import AuditEvent
from integrations.ninjaone.sandbox import Sandbox
from tests.approvals.asking import again, ask
from tests.approvals.crowd import crowd_of
from tests.approvals.outcomes.looking import US, effect, lost
from tests.cast import Tenant

ROUNDS, CROWD = 5, 8
RUN = "/v2/device/41/script/run"


def seen(number: int) -> Finding:
    """A run that could be a call's."""
    trace = Trace(f"series {number}", 900_000 + number, database_now(), US)
    return Finding(state=OutcomeState.SUBMITTED, series_uid=trace.uid, trace=trace)


def lost_run(tenant: Tenant, sandbox: Sandbox, **arguments: object) -> Invocation:
    asked = ask(tenant, "ninja-run-script", device_id=41, **arguments)
    return lost(tenant, sandbox, "POST", RUN, asked, happened=True)


def test_of_a_crowd_that_found_the_same_one_settles(known: Tenant, ninjaone: Sandbox) -> None:
    row = lost_run(known, ninjaone, script_id=26)
    found, mine = seen(1), [effect(row.pk) for _ in range(CROWD)]
    with crowd_of(CROWD) as crowd:
        crowd.at_once([partial(finding_record, one, found) for one in mine])
    assert again(row.pk).status == Status.SUCCEEDED
    assert AuditEvent.objects.for_msp(known.msp).filter(action="invocation.settled").count() == 1


def test_one_activity_settles_one_call_whoever_races(
    known: Tenant, ninjaone: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Two calls so near to each other are rivals, and neither is settled. The database does not rely on that.
    monkeypatch.setattr(settling, "doubt_about", lambda *_: "")
    for number in range(ROUNDS):
        rows = [lost_run(known, ninjaone, script_id=26), lost_run(known, ninjaone, script_id=31)]
        found = seen(number)
        effects = [effect(row.pk) for row in rows] * (CROWD // 2)
        with crowd_of(CROWD) as crowd:
            answers = crowd.at_once([partial(finding_record, one, found) for one in effects])
        assert True in answers
        assert sorted(again(row.pk).status for row in rows) == [Status.SUCCEEDED, Status.UNKNOWN]
        assert Effect.objects.filter(series_uid=found.series_uid).count() == 1


def test_an_activity_is_one_calls_wherever_the_other_one_looks(
    known: Tenant, ninjaone: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settling, "doubt_about", lambda *_: "")
    first = lost_run(known, ninjaone, script_id=26)
    path = "/v2/device/45/script/run"
    asked = ask(known, "ninja-run-script", device_id=45, script_id=26)
    second = lost(known, ninjaone, "POST", path, asked, happened=True)
    assert finding_record(effect(first.pk), seen(1))
    assert not finding_record(effect(second.pk), seen(1))
    assert not finding_record(effect(second.pk), replace(seen(1), state=OutcomeState.VERIFIED))
    assert (again(first.pk).status, again(second.pk).status) == (Status.SUCCEEDED, Status.UNKNOWN)
    assert effect(second.pk).is_open
