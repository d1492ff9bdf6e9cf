"""What a row says right now: deadlines and leases count the moment they pass, not when a sweeper comes by."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q
from django.db.models.expressions import Combinable

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


def stored_as(status: Status, now: datetime | Combinable) -> Q:
    """The rows that are stored as `status` and still read so."""
    match status:
        case Status.PENDING_APPROVAL:
            return Q(status=status, expires_at__gt=now)
        case Status.QUEUED:
            return Q(status=status, release_by__gt=now)
        case Status.DISPATCHING:
            return Q(status=status, lease_until__gt=now)
    return Q(status=status)


def lapsed_into(status: Status, now: datetime | Combinable) -> Q | None:
    """The few rows that are stored as something else and read as `status` by now; None where there cannot be any."""
    match status:
        case Status.EXPIRED:
            overdue = Q(status=Status.PENDING_APPROVAL, expires_at__lte=now)
            return overdue | Q(status=Status.QUEUED, release_by__lte=now)
        case Status.UNKNOWN | Status.QUEUED:
            return Q(status=Status.DISPATCHING, lease_until__lte=now, is_write=status is Status.UNKNOWN)
    return None


def status_condition(status: Status, now: datetime | Combinable) -> Q:
    """The rows that `status_now` reads as `status`."""
    return stored_as(status, now) | (lapsed_into(status, now) or Q(pk__in=[]))
