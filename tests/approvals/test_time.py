"""Deadlines and leases count the moment they pass, and a sweeper writes them down."""

from __future__ import annotations

from datetime import timedelta

import pytest

from approvals.dispatch import dispatch_due, settle
from approvals.models import Attempt, Invocation, Status
from approvals.reading import status_now
from approvals.sweep import READ_TRIES, expire, sweep
from approvals.upstream import Outcome
from integrations.clock import database_now
from integrations.models import AuditEvent
from integrations.ninjaone.sandbox import Sandbox
from tests.approvals.asking import again, approve, ask, submit
from tests.approvals.rest.calling import caller_of
from tests.cast import Tenant

PAST = timedelta(seconds=1)


def in_flight(tenant: Tenant, *, is_write: bool) -> Invocation:
    """A row whose sender died with the lease lapsed."""
    name, arguments = ("ninja-reboot-device", {"device_id": 43}) if is_write else ("ninja-list-devices", {})
    row = submit(tenant, name, options={"dry_run": True}, **arguments).invocation
    row.status, row.approvals_needed = Status.DISPATCHING, 0
    row.dispatch_started_at, row.attempt_count = row.created_at, 1
    row.lease_until = row.created_at - PAST
    row.save(force_insert=True)
    if is_write:
        Attempt.objects.create(
            msp=tenant.msp, invocation=row, number=1, is_write=True, started_at=row.dispatch_started_at
        )
    return again(row.pk)


def test_an_undecided_request_expires(acme: Tenant) -> None:
    row = ask(acme, "ninja-reboot-device", device_id=43)
    assert row.expires_at is not None
    assert timedelta(minutes=59) < row.expires_at - row.created_at <= timedelta(minutes=60)
    Invocation.objects.update(expires_at=database_now() - PAST)
    assert status_now(again(row.pk), database_now()) is Status.EXPIRED
    sweep()
    assert again(row.pk).status == Status.EXPIRED


def test_bash_has_half_the_time(acme: Tenant) -> None:
    row = ask(acme, "ninja-run-bash", device_id=43, script="echo hi")
    assert row.expires_at is not None
    assert row.expires_at - row.created_at <= timedelta(minutes=30)
    row = approve(acme, row)
    assert row.release_by is not None
    assert row.decided_at is not None
    assert row.release_by - row.decided_at <= timedelta(minutes=5, seconds=1)


def test_an_approved_call_that_was_not_sent_in_time_expires(acme: Tenant, ninjaone: Sandbox) -> None:
    row = approve(acme, ask(acme, "ninja-reboot-device", device_id=43))
    Invocation.objects.update(release_by=database_now() - PAST)
    assert status_now(again(row.pk), database_now()) is Status.EXPIRED
    sweep()
    dispatch_due()
    assert again(row.pk).status == Status.EXPIRED
    assert not ninjaone.calls("POST")


def test_what_is_in_time_does_not_expire(acme: Tenant) -> None:
    row = ask(acme, "ninja-reboot-device", device_id=43)
    assert not expire(row)
    sweep()
    assert again(row.pk).status == Status.PENDING_APPROVAL


def test_a_read_whose_third_sender_died_is_given_up(acme: Tenant, ninjaone: Sandbox) -> None:
    row = in_flight(acme, is_write=False)
    Invocation.objects.update(attempt_count=READ_TRIES)
    sweep()
    dispatch_due()
    assert not ninjaone.calls("GET", "/v2/devices")
    told = caller_of(acme).get(f"invocations/{row.pk}").body
    assert (told["status"], told["error"]["code"], told["next"]) == ("failed", "upstream_error", None)
    assert "Nothing was changed, and it is not tried again." in told["error"]["message"]


def test_what_the_sweeper_does_to_a_call_is_on_record(acme: Tenant) -> None:
    rows = {
        "invocation.queued_again": in_flight(acme, is_write=False),
        "invocation.unknown": in_flight(acme, is_write=True),
        "invocation.expired": ask(acme, "ninja-reboot-device", device_id=44),
    }
    Invocation.objects.filter(status=Status.PENDING_APPROVAL).update(expires_at=database_now() - PAST)
    sweep()
    sweep()
    for action, row in rows.items():
        entries = AuditEvent.objects.for_msp(acme.msp).filter(subject=f"invocation {row.pk}", actor="system sweeper")
        assert [entry.action for entry in entries] == [action]


def test_a_write_whose_sender_died_is_unknown_and_not_sent_again(acme: Tenant, ninjaone: Sandbox) -> None:
    row = in_flight(acme, is_write=True)
    assert status_now(row, database_now()) is Status.UNKNOWN
    sweep()
    dispatch_due()
    assert again(row.pk).status == Status.UNKNOWN
    assert not ninjaone.calls("POST")


def test_a_read_whose_sender_died_runs_again(acme: Tenant) -> None:
    row = in_flight(acme, is_write=False)
    assert status_now(row, database_now()) is Status.QUEUED
    sweep()
    assert dispatch_due() == 1
    row = again(row.pk)
    assert (row.status, row.attempt_count) == (Status.SUCCEEDED, 2)


def test_a_late_answer_settles_what_a_sweeper_gave_up_on(acme: Tenant) -> None:
    row = in_flight(acme, is_write=True)
    sweep()
    assert settle(row, Outcome(Status.SUCCEEDED, result="{}", upstream_status=204), database_now())
    assert again(row.pk).status == Status.SUCCEEDED


def test_an_answer_to_an_earlier_attempt_changes_nothing(acme: Tenant) -> None:
    row = in_flight(acme, is_write=False)
    Invocation.objects.update(attempt_count=2)
    assert not settle(row, Outcome(Status.SUCCEEDED, result="{}"), database_now())
    assert again(row.pk).status == Status.DISPATCHING


@pytest.mark.parametrize("status", [Status.SUCCEEDED, Status.DENIED, Status.CANCELLED])
def test_what_has_ended_reads_as_it_stands(acme: Tenant, status: Status) -> None:
    row = ask(acme, "ninja-list-devices")
    row.status = status
    assert status_now(row, database_now()) is status
