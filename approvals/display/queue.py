"""What waits for a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Exists, Max, Min, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from approvals.models import Decision, Invocation, Status
from integrations.clock import Now
from integrations.models import Msp, User

# How long a request stays in the queue after somebody else decided it, for those who are just reading there.
LINGERS = timedelta(minutes=2)
# Whose time was over is nobody's decision.
IN_QUEUE = tuple(status for status in Status if status is not Status.EXPIRED)


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many requests wait, and since when the oldest and the newest of them do."""

    count: int = 0
    oldest: datetime | None = None
    newest: datetime | None = None

    @property
    def newest_stamp(self) -> str:
        """Grows with every new request, for a script to compare; "" when nothing waits."""
        return "" if self.newest is None else f"{self.newest.timestamp():.6f}"


def waiting_of(msp: Msp) -> QuerySet[Invocation]:
    """Requests of the MSP that a person can still decide."""
    return waiting_among(Invocation.objects.for_msp(msp))


def waiting_among(rows: QuerySet[Invocation]) -> QuerySet[Invocation]:
    """Those that a person can still decide; what is overdue counts as expired."""
    return rows.filter(status=Status.PENDING_APPROVAL, expires_at__gt=Now())


def waiting_now(msp: Msp) -> Waiting:
    """The number in the navigation, and its ages."""
    return Waiting(**waiting_of(msp).aggregate(count=Count("*"), oldest=Min("created_at"), newest=Max("created_at")))


def queue_for(user: User, rows: QuerySet[Invocation]) -> QuerySet[Invocation]:
    """What waits, and what others decided or an agent withdrew just now, in its old place.

    Nobody's next click lands on another request because a row above it went away.
    """
    own = Decision.objects.filter(invocation=OuterRef("pk"), user=user)
    since = Now() - LINGERS
    # Deadlines lie hours ahead at most: with every status named, the index of open requests finds these few rows.
    rows = rows.filter(status__in=IN_QUEUE, expires_at__gt=since).alias(gone_at=Coalesce("finished_at", "decided_at"))
    return rows.filter(Q(status=Status.PENDING_APPROVAL, expires_at__gt=Now()) | Q(gone_at__gt=since) & ~Exists(own))


def deciders_of(rows: Sequence[Invocation]) -> Mapping[UUID, str]:
    """Who decided those of the rows that do not wait any more, the last one first."""
    decided = [row.pk for row in rows if row.status != Status.PENDING_APPROVAL]
    votes = Decision.objects.filter(invocation__in=decided).order_by("-decided_at")
    names: dict[UUID, list[str]] = {}
    for invocation, name in votes.values_list("invocation", "user__username") if decided else ():
        names.setdefault(invocation, []).append(name)
    return {invocation: ", ".join(people) for invocation, people in names.items()}


def waiting_organizations(msp: Msp) -> list[tuple[int, str]]:
    """Number and newest name of every organization that something waits about."""
    rows = waiting_of(msp).order_by("created_at", "id").values_list("organization_id", "organization_name")
    return list({number: name for number, name in rows if number is not None}.items())
