"""Removals in SQL that no code of ours would make: the database itself refuses each before its time is over."""

# ruff: noqa: S608 - names of tables and columns are the models'

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from approvals.models import Alarm, Attempt, Decision, Effect, IdempotencyKey, Invocation, OutcomeState, Status
from integrations.clock import Now, database_now
from integrations.models import Retention
from tests.aging import age, move
from tests.approvals.sql import at, change, execute, key_of, refuses, refuses_change
from tests.approvals.test_retention import done
from tests.cast import Tenant

DAYS = "integrations_retention"


def removes(row: object, key: str = "id") -> str:
    return f"DELETE FROM {row._meta.db_table} WHERE {key} = %s"  # type: ignore[attr-defined]


@pytest.mark.parametrize("status", [Status.PENDING_APPROVAL, Status.QUEUED, Status.DISPATCHING, Status.UNKNOWN])
def test_an_old_call_without_an_end(acme: Tenant, status: Status) -> None:
    row = at(acme, status)
    age(Invocation.objects.all(), created_at=5_000)
    refuses(removes(row), row.pk)


def test_a_call_and_what_hangs_on_it_before_its_time_is_over(acme: Tenant) -> None:
    sent, denied = done(acme, days=399.9), at(acme, Status.DENIED)
    vote, attempt, effect = Decision.objects.get(), Attempt.objects.get(), Effect.objects.get()
    age(Invocation.objects.filter(pk=denied.pk), created_at=399.9)
    once = key_of(denied)
    rows = [(effect, "invocation_id"), (attempt, "id"), (vote, "id"), (once, "id"), (sent, "id"), (denied, "id")]
    for row, key in rows:
        refuses(removes(row, key), row.pk)
    age(Invocation.objects.all(), created_at=0.2)
    for row, key in rows:
        assert execute(removes(row, key), row.pk) == 1


def test_a_key_that_still_stands_for_its_call(acme: Tenant) -> None:
    key = key_of(at(acme, Status.PENDING_APPROVAL))
    age(IdempotencyKey.objects.all(), created_at=6.99)
    refuses(removes(key), key.pk)
    age(IdempotencyKey.objects.all(), created_at=0.02)
    assert execute(removes(key), key.pk) == 1


def test_a_call_whose_votes_are_still_there(acme: Tenant) -> None:
    row = at(acme, Status.DENIED)
    age(Invocation.objects.all(), created_at=5_000)
    refuses(removes(row), row.pk)


def test_an_outcome_that_is_still_looked_for(acme: Tenant) -> None:
    row = done(acme, days=5_000, state=OutcomeState.SUBMITTED, closed_at=None)
    refuses(removes(row.effect, "invocation_id"), row.pk)


def test_an_alarm_that_nobody_has_looked_at_or_that_is_young(acme: Tenant) -> None:
    alarm = Alarm.objects.create(msp=acme.msp, what="different", cause="x", raised_at=database_now())
    age(Alarm.objects.all(), raised_at=5_000)
    refuses(removes(alarm), alarm.pk)
    move(Alarm.objects.all(), seen_at=database_now(), raised_at=database_now() - timedelta(days=399))
    refuses(removes(alarm), alarm.pk)
    age(Alarm.objects.all(), raised_at=2)
    assert execute(removes(alarm), alarm.pk) == 1


def test_an_alarm_that_is_made_older_or_told_of_another_call(acme: Tenant) -> None:
    alarm = Alarm.objects.create(msp=acme.msp, what="different", cause="x", raised_at=database_now())
    refuses_change(alarm, raised_at=alarm.raised_at - timedelta(days=1))
    refuses_change(alarm, invocation_id=at(acme, Status.FAILED).pk)
    refuses_change(alarm, cause="y")


def test_a_call_that_is_made_older(acme: Tenant) -> None:
    row = at(acme, Status.FAILED)
    refuses_change(row, created_at=row.created_at - timedelta(days=1))


def test_a_result_that_is_removed_before_its_time_or_changed_or_comes_back(acme: Tenant) -> None:
    row = done(acme, days=29.9)
    gone = {"result": None, "result_removed_at": database_now()}
    refuses_change(row, **gone)
    refuses_change(row, result='{"accepted":false}')
    age(Invocation.objects.all(), created_at=0.2)
    refuses_change(row, result=None)
    refuses_change(row, result='{"accepted":false}', result_removed_at=database_now())
    sql, params = change(row, **gone)
    assert execute(sql, *params) == 1
    refuses_change(row, result='{"accepted":true}')
    refuses_change(row, result_removed_at=None)
    refuses_change(row, result_removed_at=database_now())


def test_an_output_that_is_removed_before_its_time_or_changed(acme: Tenant) -> None:
    row = done(acme, days=29.9)
    sql = "UPDATE approvals_effect SET {} WHERE invocation_id = %s"
    refuses(sql.format("output = NULL"), row.pk)
    age(Invocation.objects.all(), created_at=0.2)
    refuses(sql.format("output = 'other'"), row.pk)
    refuses(sql.format("output = NULL, exit_code = 1"), row.pk)
    assert execute(sql.format("output = NULL"), row.pk) == 1


def test_a_period_that_becomes_shorter_without_notice(acme: Tenant) -> None:
    key = acme.msp.pk
    update = f"UPDATE {DAYS} SET {{}} WHERE msp_id = %s"
    refuses(update.format("invocations_days = 100"), key)
    refuses(update.format("results_days = 7, wanted_results_days = 7"), key)
    soon, later = database_now() + timedelta(days=6), database_now() + timedelta(days=8)
    announce = update.format("wanted_invocations_days = 100, shortens_at = %s")
    refuses(announce, soon, key)
    assert execute(announce, later, key) == 1
    refuses(update.format("invocations_days = 100, shortens_at = NULL"), key)
    refuses(update.format("shortens_at = %s"), soon, key)
    refuses(update.format("wanted_audit_days = 200, shortens_at = %s"), soon, key)
    move(Retention.objects.all(), shortens_at=database_now())
    refuses(update.format("invocations_days = 99"), key)
    refuses(update.format("audit_days = 399"), key)
    assert execute(update.format("invocations_days = 100, shortens_at = NULL"), key) == 1


@pytest.mark.parametrize(
    "sets",
    [
        "results_days = 6", "invocations_days = 89", "audit_days = 179", "audit_days = 399", "results_days = 401",
        "audit_days = 3651", "wanted_results_days = 6", "wanted_audit_days = 399",
    ],
)  # fmt: skip
def test_a_period_out_of_bounds(acme: Tenant, sets: str) -> None:
    move(Retention.objects.all(), shortens_at=None)
    name = sets.split(" ", 1)[0].removeprefix("wanted_")
    # As if it had been announced: what is left are the bounds.
    value = int(sets.rsplit(" ", 1)[1])
    if not sets.startswith("wanted_") and value < 400:
        move(Retention.objects.all(), shortens_at=database_now() - timedelta(days=1))
    refuses(f"UPDATE {DAYS} SET {sets} WHERE msp_id = %s", acme.msp.pk)
    assert getattr(Retention.objects.get(msp=acme.msp), name) in {30, 400}


def test_a_retention_that_vanishes_or_comes_twice(acme: Tenant) -> None:
    refuses(f"DELETE FROM {DAYS}")
    names = ", ".join(str(field.column) for field in Retention._meta.local_concrete_fields)
    refuses(f"INSERT INTO {DAYS} ({names}) SELECT {names} FROM {DAYS} WHERE msp_id = %s", acme.msp.pk)
    if connection.vendor == "sqlite":
        refuses(f"INSERT OR REPLACE INTO {DAYS} ({names}) SELECT {names} FROM {DAYS} WHERE msp_id = %s", acme.msp.pk)
    else:
        refuses(f"TRUNCATE {DAYS}")
    assert Retention.objects.filter(msp=acme.msp, due_at__lte=Now()).exists()
