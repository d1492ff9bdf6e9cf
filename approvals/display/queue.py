"""What waits for a person."""

from __future__ import annotations

from django.db.models import QuerySet

from approvals.models import Invocation, Status
from integrations.clock import Now
from integrations.models import Msp


def waiting_of(msp: Msp) -> QuerySet[Invocation]:
    """Requests of the MSP that a person can still decide."""
    return waiting_among(Invocation.objects.for_msp(msp))


def waiting_among(rows: QuerySet[Invocation]) -> QuerySet[Invocation]:
    """Those that a person can still decide; what is overdue counts as expired."""
    return rows.filter(status=Status.PENDING_APPROVAL, expires_at__gt=Now())


def waiting_count(msp: Msp) -> int:
    """The number in the navigation."""
    return waiting_of(msp).count()
