"""What a row says right now: deadlines and leases count the moment they pass, not when a sweeper comes by."""

from __future__ import annotations

from datetime import datetime

from approvals.models import Invocation, Status


def status_now(invocation: Invocation, now: datetime) -> Status:
    """The status at `now` (database time): overdue is expired, a lapsed write is unknown, a lapsed read is queued."""
    status = Status(invocation.status)
    match status:
        case Status.PENDING_APPROVAL if invocation.expires_at is not None and invocation.expires_at <= now:
            return Status.EXPIRED
        case Status.QUEUED if invocation.release_by is not None and invocation.release_by <= now:
            return Status.EXPIRED
        case Status.DISPATCHING if invocation.lease_until is not None and invocation.lease_until <= now:
            return Status.UNKNOWN if invocation.is_write else Status.QUEUED
    return status
