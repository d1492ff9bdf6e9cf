"""The database itself knows which way an invocation may go."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest
from django.db import IntegrityError, transaction

from approvals.models import Decision, Invocation, Status, Verdict
from approvals.models.states import FIRST, TRANSITIONS
from integrations.clock import database_now
from integrations.models import User
from tests.approvals.asking import approve, ask, submit
from tests.cast import Tenant, lift_limits

PAIRS = [(a, b) for a, b in product(Status, Status) if a != b]
# The shortest legal way to each state.
WAYS: dict[Status, list[Status]] = {
    Status.PENDING_APPROVAL: [Status.PENDING_APPROVAL],
    Status.QUEUED: [Status.QUEUED],
    Status.DISPATCHING: [Status.DISPATCHING],
    Status.FAILED: [Status.FAILED],
    Status.SUCCEEDED: [Status.DISPATCHING, Status.SUCCEEDED],
    Status.UNKNOWN: [Status.DISPATCHING, Status.UNKNOWN],
    Status.DENIED: [Status.PENDING_APPROVAL, Status.DENIED],
    Status.EXPIRED: [Status.PENDING_APPROVAL, Status.EXPIRED],
    Status.CANCELLED: [Status.PENDING_APPROVAL, Status.CANCELLED],
    Status.BLOCKED: [Status.PENDING_APPROVAL, Status.BLOCKED],
}


def row_at(tenant: Tenant, status: Status) -> Invocation:
    row = submit(tenant, "ninja-reboot-device", device_id=43, options={"dry_run": True}).invocation
    soon = database_now() + timedelta(minutes=5)
    row.release_by = row.lease_until = row.dispatch_started_at = soon
    row.status = WAYS[status][0]
    row.approvals_needed = 1 if row.status == Status.PENDING_APPROVAL else 0
    row.save(force_insert=True)
    if row.approvals_needed:
        vote(tenant, row, tenant.approver, Verdict.APPROVED)
        vote(tenant, row, tenant.second_approver, Verdict.DENIED)
    for following in WAYS[status][1:]:
        assert Invocation.objects.filter(pk=row.pk).update(status=following) == 1
    return row


def vote(tenant: Tenant, row: Invocation, user: User, verdict: Verdict) -> None:
    """Without it no request is queued or denied."""
    Decision.objects.create(
        msp=tenant.msp,
        invocation=row,
        user=user,
        verdict=verdict,
        digest=row.digest,
        asked_at=row.created_at,
        decided_at=row.created_at,
    )


def test_only_the_transitions_of_the_design_are_possible(acme: Tenant) -> None:
    lift_limits(acme)
    refused = []
    for before, after in PAIRS:
        row = row_at(acme, before)
        try:
            with transaction.atomic():
                Invocation.objects.filter(pk=row.pk).update(status=after)
        except IntegrityError:
            refused.append((before, after))
        # Out of the way of the next one: an identical call may wait only once.
        Invocation.objects.filter(pk=row.pk, status=Status.PENDING_APPROVAL).update(status=Status.CANCELLED)
    allowed = [pair for pair in PAIRS if pair not in refused]
    expected = [(a, b) for a, b in PAIRS if b in TRANSITIONS.get(a, ())]
    expected.remove((Status.DISPATCHING, Status.QUEUED))  # the row is a write
    assert allowed == expected


@pytest.mark.parametrize("status", [status for status in Status if status not in FIRST])
def test_an_invocation_cannot_be_born_decided(acme: Tenant, status: Status) -> None:
    row = submit(acme, "ninja-reboot-device", device_id=43, options={"dry_run": True}).invocation
    row.status, row.dispatch_started_at = status, row.created_at
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)


def test_a_vote_never_changes(acme: Tenant) -> None:
    approve(acme, ask(acme, "ninja-reboot-device", device_id=43))
    with pytest.raises(IntegrityError), transaction.atomic():
        Decision.objects.update(verdict="denied")
