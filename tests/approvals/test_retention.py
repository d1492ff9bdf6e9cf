"""What an MSP no longer keeps goes, with all that hangs on it, and nothing else does."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any, cast

import pytest

from approvals.envelope import envelope
from approvals.models import (
    Alarm,
    Attempt,
    Decision,
    Delivery,
    Effect,
    IdempotencyKey,
    Invocation,
    OutcomeState,
    Place,
    Status,
)
from approvals.rest.responses import json_bytes
from approvals.retention import retain
from approvals.sweep import sweep
from integrations.audit import Actor
from integrations.clock import Now, database_now
from integrations.models import AuditEvent, Connection, Retention
from integrations.retention import retention_change
from tests.aging import age, move
from tests.approvals.notices.places import destination
from tests.approvals.sql import at, key_of
from tests.cast import Tenant

BOOKS: tuple[Any, ...] = (Invocation, Decision, Attempt, Delivery, Alarm, Effect, IdempotencyKey)


def again(tenant: Tenant) -> None:
    """The sweep, as if it were the next day."""
    Retention.objects.filter(msp=tenant.msp).update(due_at=Now())
    sweep()


def effect(row: Invocation, **values: Any) -> Effect:
    """The outcome of a bash run that has ended."""
    place, _ = Place.objects.get_or_create(msp=row.msp, connection=row.connection, name="device/43")
    now = database_now()
    given: dict[str, Any] = {
        "kind": "bash", "state": OutcomeState.VERIFIED, "output": "up 3 days", "exit_code": 0, "closed_at": now,
        **values,
    }  # fmt: skip
    return Effect.objects.create(
        invocation=row, msp=row.msp, connection=cast(Connection, row.connection), place=place, origin="x",
        consent="x", sent_at=now, give_up_at=now, **given,
    )  # fmt: skip


def attempt(row: Invocation) -> None:
    sent = Invocation.objects.get(pk=row.pk)
    now = database_now()
    Attempt.objects.create(msp=sent.msp, invocation=sent, number=0, is_write=True, started_at=now)


def done(tenant: Tenant, *, days: float, **values: Any) -> Invocation:
    """A write that has succeeded, with an attempt, a result and what it printed, so many days ago."""
    row = at(tenant, Status.DISPATCHING)
    attempt(row)
    effect(row, **values)
    Invocation.objects.filter(pk=row.pk).update(
        status=Status.SUCCEEDED, result='{"accepted":true}', finished_at=Now(), lease_until=None
    )
    age(Invocation.objects.filter(pk=row.pk), created_at=days)
    row.refresh_from_db()
    return row


def shown(row: Invocation) -> dict[str, Any]:
    row = Invocation.objects.select_related("msp").get(pk=row.pk)
    body: dict[str, Any] = json.loads(json_bytes(envelope(row, now=database_now(), msp_name=row.msp.name)))
    return body


def last(tenant: Tenant, action: str) -> AuditEvent:
    return AuditEvent.objects.filter(msp=tenant.msp, action=action).latest("number")


def test_a_result_and_what_was_printed_go_after_30_days_and_the_call_says_so(acme: Tenant) -> None:
    old, young = done(acme, days=32), done(acme, days=29)
    assert shown(old)["result"] == {"accepted": True}
    again(acme)
    seen = shown(old)
    assert seen["result"] is None
    assert seen["outcome"]["output"] is None
    assert seen["outcome"]["exit_code"] == 0
    assert seen["arguments"]
    assert f"it was removed on {database_now():%Y-%m-%d}" in seen["message"]
    assert "Acme MSP keeps it for a time" in seen["message"]
    assert shown(young)["result"] == {"accepted": True}
    assert "no longer kept" not in shown(young)["message"]
    assert '"calls":1' in last(acme, "retention.results_removed").record


def test_its_page_says_so_too(acme: Tenant) -> None:
    row = done(acme, days=32)
    again(acme)
    page = acme.signed_in(acme.viewer).get(f"/dashboard/approvals/invocation/{row.pk}/").content.decode()
    assert "What came back is no longer kept" in page
    assert "What came back was removed" in page


def test_a_call_goes_after_400_days_with_all_that_hangs_on_it(acme: Tenant) -> None:
    destination(acme, "https://127.0.0.1:9/")
    row = done(acme, days=0)
    alarm = Alarm.objects.create(msp=acme.msp, what="different", cause="x", invocation=row, raised_at=database_now())
    Alarm.objects.filter(pk=alarm.pk).update(seen_at=Now())
    denied = at(acme, Status.DENIED)
    key_of(denied)
    Delivery.objects.create(
        msp=acme.msp, destination=destination(acme, "https://127.0.0.1:9/2", name="two"), invocation=denied, event="x",
        created_at=Now(), dead_at=Now(),
    )  # fmt: skip
    age(Invocation.objects.all(), created_at=402)
    age(Alarm.objects.all(), raised_at=402)
    again(acme)
    assert {model.__name__: model.objects.count() for model in BOOKS} == {model.__name__: 0 for model in BOOKS}
    assert '"calls":2' in last(acme, "retention.calls_removed").record


@pytest.mark.parametrize("status", [Status.PENDING_APPROVAL, Status.UNKNOWN])
def test_what_is_open_or_unknown_stays_until_it_has_an_end(acme: Tenant, status: Status) -> None:
    row = at(acme, status)
    age(Invocation.objects.filter(pk=row.pk), created_at=500)
    again(acme)
    assert Invocation.objects.get(pk=row.pk).status == status
    after = Status.CANCELLED if status is Status.PENDING_APPROVAL else Status.FAILED
    Invocation.objects.filter(pk=row.pk).update(status=after, finished_at=Now())
    again(acme)
    assert not Invocation.objects.filter(pk=row.pk).exists()


def test_what_is_still_looked_for_stays_with_its_result(acme: Tenant) -> None:
    row = done(acme, days=500, state=OutcomeState.SUBMITTED, closed_at=None, output=None, is_offline=True)
    again(acme)
    assert shown(row)["result"] == {"accepted": True}
    Effect.objects.filter(pk=row.pk).update(closed_at=Now(), state=OutcomeState.VERIFIED, output="late")
    age(Invocation.objects.filter(pk=row.pk), created_at=-400)  # a hundred days old
    again(acme)
    assert (shown(row)["result"], shown(row)["outcome"]["output"]) == (None, None)


def test_a_call_with_an_alarm_that_nobody_has_looked_at_stays(acme: Tenant) -> None:
    row = done(acme, days=500)
    alarm = Alarm.objects.create(msp=acme.msp, what="different", cause="x", invocation=row, raised_at=database_now())
    again(acme)
    assert Invocation.objects.filter(pk=row.pk).exists()
    Alarm.objects.filter(pk=alarm.pk).update(seen_at=Now())
    again(acme)
    assert Invocation.objects.filter(pk=row.pk).exists()  # the alarm itself is young
    age(Alarm.objects.all(), raised_at=500)
    again(acme)
    assert not Invocation.objects.filter(pk=row.pk).exists()


def test_each_msp_goes_by_its_own_retention(acme: Tenant, northwind: Tenant) -> None:
    longer = {"results_days": 300, "invocations_days": 800, "audit_days": 800}
    retention_change(msp=northwind.msp, actor=Actor.system("test"), wanted=longer)
    ours, theirs = done(acme, days=100), done(northwind, days=100)
    gone, kept = done(acme, days=500), done(northwind, days=500)
    for tenant in (acme, northwind):
        again(tenant)
    assert (shown(ours)["result"], shown(theirs)["result"]) == (None, {"accepted": True})
    assert list(Invocation.objects.filter(pk__in=[gone.pk, kept.pk]).values_list("pk", flat=True)) == [kept.pk]


def test_a_seen_alarm_about_no_call_goes(acme: Tenant) -> None:
    for number, seen in enumerate((None, database_now())):
        Alarm.objects.create(
            msp=acme.msp, what="unexplained", cause=str(number), raised_at=database_now(), seen_at=seen
        )
    age(Alarm.objects.all(), raised_at=500)
    again(acme)
    assert Alarm.objects.get().cause == "0"


def test_an_msp_is_swept_once_a_day(acme: Tenant) -> None:
    again(acme)
    done(acme, days=500)
    sweep()
    assert Invocation.objects.count() == 1
    due = Retention.objects.get(msp=acme.msp).due_at
    assert timedelta(0) < due - database_now() <= timedelta(days=1)
    assert (due.hour, due.minute) == (0, 0)


def test_a_round_that_has_no_time_left_goes_on_with_the_next(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("approvals.retention.CALLS", 1)
    for _ in range(3):
        done(acme, days=500)
    Retention.objects.filter(msp=acme.msp).update(due_at=Now())
    retain(seconds=0.001, pause=0.02)
    assert Invocation.objects.count() == 2
    assert Retention.objects.get(msp=acme.msp).due_at <= database_now()
    retain(pause=0)
    assert Invocation.objects.count() == 0


def test_a_worker_that_died_is_replaced(acme: Tenant) -> None:
    done(acme, days=500)
    Retention.objects.filter(msp=acme.msp).update(due_at=Now() + timedelta(minutes=5))
    retain()
    assert Invocation.objects.count() == 1
    Retention.objects.filter(msp=acme.msp).update(due_at=Now())
    retain()
    assert Invocation.objects.count() == 0


def test_a_clock_that_jumped_removes_nothing_for_a_day(acme: Tenant, caplog: pytest.LogCaptureFixture) -> None:
    done(acme, days=500)
    Retention.objects.filter(msp=acme.msp).update(due_at=Now() - timedelta(days=300))
    retain(pause=0)
    retain(pause=0)
    assert Invocation.objects.count() == 1
    assert "Is the clock right? Nothing is removed for a day." in caplog.text
    again(acme)
    assert Invocation.objects.count() == 0


def test_a_time_that_a_wrong_clock_left_far_ahead_holds_up_nothing(acme: Tenant) -> None:
    done(acme, days=500)
    Retention.objects.filter(msp=acme.msp).update(due_at=Now() + timedelta(days=300))
    retain(pause=0)
    assert Invocation.objects.count() == 0


def test_one_that_was_looked_through_is_not_read_again_for_results(acme: Tenant) -> None:
    done(acme, days=100)
    again(acme)
    mark = Retention.objects.get(msp=acme.msp).results_removed_to
    assert mark is not None
    assert timedelta(days=30) <= database_now() - mark <= timedelta(days=31)
    move(Invocation.objects.all(), result_removed_at=None, result="{}")
    again(acme)
    assert Invocation.objects.get().result == "{}"


def test_results_go_in_batches_that_do_not_start_anew(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("approvals.retention.BATCH", 1)
    rows = [done(acme, days=days) for days in (300, 200, 100)]
    waits = done(acme, days=150, state=OutcomeState.SUBMITTED, closed_at=None, output=None)
    Retention.objects.filter(msp=acme.msp).update(due_at=Now())
    retain(seconds=0.001, pause=0.02)
    assert [shown(row)["result"] is None for row in rows] == [True, False, False]
    assert Retention.objects.get(msp=acme.msp).results_removed_to == rows[0].created_at
    retain(pause=0)
    assert [shown(row)["result"] is None for row in rows] == [True, True, True]
    # From there on it is looked through again: that one is still looked for.
    assert Retention.objects.get(msp=acme.msp).results_removed_to == waits.created_at
    Effect.objects.filter(pk=waits.pk).update(closed_at=Now(), state=OutcomeState.VERIFIED)
    again(acme)
    assert shown(waits)["result"] is None
