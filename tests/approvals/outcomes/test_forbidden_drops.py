"""An outcome is dropped in SQL only where its sender wrote that NinjaOne refused the call, or that it never left."""

from __future__ import annotations

import pytest

from approvals.decisions import unknown_settle
from approvals.dispatch import settle
from approvals.models import Attempt, Effect, Invocation, OutcomeState, Status
from approvals.sweep import sweep
from approvals.upstream import Outcome
from integrations.clock import Now, database_now
from integrations.ninjaone.sandbox import Sandbox
from tests.aging import age
from tests.approvals.asking import again, approved_and_sent, ask
from tests.approvals.outcomes.looking import lost
from tests.approvals.sql import at, execute, refuses
from tests.approvals.test_retention import attempt, effect
from tests.cast import Tenant

DROP = "DELETE FROM approvals_effect WHERE invocation_id = %s"
OPEN = {"state": OutcomeState.SUBMITTED, "closed_at": None}
REBOOT = "/v2/device/44/reboot/NORMAL"


def on_its_way(tenant: Tenant) -> Invocation:
    """A write that is being sent, with its attempt and its outcome."""
    row = at(tenant, Status.DISPATCHING)
    attempt(row)
    effect(row, **OPEN)
    return row


def test_while_the_call_is_being_sent(acme: Tenant) -> None:
    row = on_its_way(acme)
    refuses(DROP, row.pk)
    execute("UPDATE approvals_attempt SET finished_at = %s, error_code = 'upstream_error'", database_now())
    refuses(DROP, row.pk)


@pytest.mark.parametrize("status", [Status.QUEUED, Status.PENDING_APPROVAL, Status.DENIED, Status.BLOCKED])
def test_of_a_call_that_was_never_sent(acme: Tenant, status: Status) -> None:
    row = at(acme, status)
    effect(row, **OPEN)
    refuses(DROP, row.pk)


def test_of_a_call_that_failed_without_an_answer(acme: Tenant) -> None:
    row = on_its_way(acme)
    Invocation.objects.filter(pk=row.pk).update(status=Status.FAILED)
    refuses(DROP, row.pk)
    Attempt.objects.update(finished_at=Now(), error_code="outcome_unknown")
    refuses(DROP, row.pk)


def test_of_a_call_that_a_person_settled_as_not_happened(acme: Tenant, ninjaone: Sandbox) -> None:
    row = ask(acme, "ninja-reboot-device", device_id=44)
    lost(acme, ninjaone, "POST", REBOOT, row, happened=True)
    unknown_settle(user=acme.approver, msp=acme.msp, invocation_id=row.pk, happened=False, note="It is up.")
    assert again(row.pk).status == Status.FAILED
    refuses(DROP, row.pk)
    # Nor is the answer written anew, which would allow it.
    refuses("UPDATE approvals_attempt SET error_code = 'upstream_error'")
    refuses("UPDATE approvals_attempt SET upstream_status = 400")
    refuses("UPDATE approvals_attempt SET finished_at = NULL")


def test_when_something_was_found(acme: Tenant) -> None:
    row = on_its_way(acme)
    settle(row, Outcome(Status.UNKNOWN, error_code="outcome_unknown"), database_now())
    Effect.objects.update(state=OutcomeState.DIFFERENT, closed_at=Now())
    Invocation.objects.filter(pk=row.pk).update(status=Status.FAILED)
    refuses(DROP, row.pk)


def test_a_late_refusal_drops_an_open_outcome_and_keeps_what_was_found(acme: Tenant) -> None:
    refusal = Outcome(Status.FAILED, upstream_status=400, error_code="upstream_error")
    opened = on_its_way(acme)
    age(Invocation.objects.all(), lease_until=1)
    sweep()
    assert again(opened.pk).status == Status.UNKNOWN
    assert settle(opened, refusal, database_now())
    assert not Effect.objects.exists()
    found = on_its_way(acme)
    age(Invocation.objects.filter(pk=found.pk), lease_until=1)
    sweep()
    Effect.objects.update(state=OutcomeState.NOT_SEEN, closed_at=Now())
    assert settle(found, refusal, database_now())
    assert again(found.pk).status == Status.FAILED
    assert Effect.objects.get().state == OutcomeState.NOT_SEEN


def test_a_refused_call_needs_none(acme: Tenant, ninjaone: Sandbox) -> None:
    row = ask(acme, "ninja-control-service", device_id=41, service="NoSuchService", action="stop")
    assert approved_and_sent(acme, row).status == Status.FAILED
    assert not Effect.objects.exists()
    effect(again(row.pk), **OPEN)
    assert execute(DROP, row.pk) == 1
