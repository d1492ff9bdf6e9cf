"""What waits for a person."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from approvals.models import Invocation, Status
from integrations.clock import Now
from integrations.models import Msp


def waiting_of(msp: Msp) -> QuerySet[Invocation]:
    """Requests of the MSP that a person can still decide."""
    return waiting_among(Invocation.objects.for_msp(msp))


def waiting_among(rows: QuerySet[Invocation]) -> QuerySet[Invocation]:
    """Those that a person can still decide; what is overdue counts as expired."""
    return rows.filter(status=Status.PENDING_APPROVAL, expires_at__gt=Now())


def reading_as(rows: QuerySet[Invocation], status: str) -> QuerySet[Invocation]:
    """The rows that read as `status` right now (see approvals.reading), whatever is stored until a sweeper comes by."""
    lapsed = Q(status=Status.DISPATCHING, lease_until__lte=Now())
    match status:
        case Status.PENDING_APPROVAL:
            return waiting_among(rows)
        case Status.QUEUED:
            return rows.filter(Q(status=status, release_by__gt=Now()) | lapsed & Q(is_write=False))
        case Status.DISPATCHING:
            return rows.filter(status=status, lease_until__gt=Now())
        case Status.UNKNOWN:
            return rows.filter(Q(status=status) | lapsed & Q(is_write=True))
        case Status.EXPIRED:
            undecided = Q(status=Status.PENDING_APPROVAL, expires_at__lte=Now())
            return rows.filter(Q(status=status) | undecided | Q(status=Status.QUEUED, release_by__lte=Now()))
    return rows.filter(status=status)


def waiting_count(msp: Msp) -> int:
    """The number in the navigation."""
    return waiting_of(msp).count()
