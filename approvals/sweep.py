"""What time alone does: deadlines that pass and leases that lapse. Idempotent; may run anywhere at once."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction

from approvals.keys import keys_forget
from approvals.models import Attempt, Invocation, Status
from approvals.models.invocations import InvocationQuerySet
from approvals.notices.events import invocation_changed
from approvals.notices.reminders import forget, remind
from approvals.refusals import refusals_note
from approvals.retention import retain
from integrations.audit import Actor, audit_append
from integrations.audit.checkpoints import audit_checkpoint
from integrations.clock import Now, database_now
from integrations.models import Authorization

SWEEPER = Actor.system("sweeper")
BATCH = 200
# A read whose sender died may run again within this time, and so many times in all: an answer may be what kills them.
READ_AGAIN = timedelta(minutes=10)
READ_TRIES = 3


def sweep() -> None:
    """Expire what is overdue, settle lapsed leases, drop unfinished consents, note refusals, remind, let the old go."""
    overdue = Invocation.objects.filter(status=Status.PENDING_APPROVAL, expires_at__lte=Now())
    unreleased = Invocation.objects.filter(status=Status.QUEUED, release_by__lte=Now())
    for rows in (overdue, unreleased):
        for row in rows.select_related("msp")[:BATCH]:
            expire(row)
    lapsed = Invocation.objects.filter(status=Status.DISPATCHING, lease_until__lte=Now())
    for row in lapsed.select_related("msp")[:BATCH]:
        _lapse(row)
    Authorization.objects.filter(expires_at__lte=Now()).delete()
    refusals_note()
    remind()
    forget()
    keys_forget()
    audit_checkpoint()
    retain()


def expire(row: Invocation) -> bool:
    """Write down that a deadline passed; False when somebody was faster."""
    late_request = Invocation.objects.filter(pk=row.pk, status=Status.PENDING_APPROVAL, expires_at__lte=Now())
    late_release = Invocation.objects.filter(pk=row.pk, status=Status.QUEUED, release_by__lte=Now())
    with transaction.atomic():
        if not _expire(late_request, "Nobody decided in time.") and not _expire(
            late_release, "It was approved, but could not be sent before its release deadline."
        ):
            return False
        audit_append(msp=row.msp, actor=SWEEPER, action="invocation.expired", subject=f"invocation {row.pk}")
        invocation_changed(row, Status.EXPIRED)
    return True


def _expire(rows: InvocationQuerySet, message: str) -> int:
    return rows.update(status=Status.EXPIRED, finished_at=Now(), lease_until=None, error_message=message)


def _lapse(row: Invocation) -> None:
    """The sender died: a read is queued again, or given up; a write is unknown and never sent again."""
    lapsed = Invocation.objects.filter(
        pk=row.pk, status=Status.DISPATCHING, lease_until__lte=Now(), attempt_count=row.attempt_count
    )
    if not row.is_write:
        if row.attempt_count < READ_TRIES:
            _queue_again(row, lapsed)
        else:
            _give_up(row, lapsed)
        return
    with transaction.atomic():
        moved = lapsed.update(
            status=Status.UNKNOWN,
            finished_at=Now(),
            lease_until=None,
            error_code="outcome_unknown",
            error_message="The process that sent this call died before it saw an answer. It may or may not have "
            "happened; it is not sent again.",
        )
        if not moved:
            return
        Attempt.objects.filter(invocation=row, finished_at=None).update(error_code="outcome_unknown")
        audit_append(msp=row.msp, actor=SWEEPER, action="invocation.unknown", subject=f"invocation {row.pk}")
        invocation_changed(row, Status.UNKNOWN)


def _give_up(row: Invocation, lapsed: InvocationQuerySet) -> None:
    with transaction.atomic():
        if not lapsed.update(
            status=Status.FAILED,
            finished_at=Now(),
            lease_until=None,
            error_code="upstream_error",
            error_message=f"Each of {READ_TRIES} processes that sent this call died before it saw an answer. Nothing "
            "was changed, and it is not tried again. Ask for less at once, or have the operators look at their logs.",
        ):
            return
        audit_append(msp=row.msp, actor=SWEEPER, action="invocation.failed", subject=f"invocation {row.pk}")
        invocation_changed(row, Status.FAILED)


def _queue_again(row: Invocation, lapsed: InvocationQuerySet) -> None:
    with transaction.atomic():
        if not lapsed.update(status=Status.QUEUED, lease_until=None, release_by=database_now() + READ_AGAIN):
            return
        audit_append(msp=row.msp, actor=SWEEPER, action="invocation.queued_again", subject=f"invocation {row.pk}")
        invocation_changed(row, Status.QUEUED)
