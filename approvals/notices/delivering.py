"""The outbox goes out: at least once, and to each destination in the order in which things happened.

One sender at a time per destination, by a lease on its row; whoever dies is replaced when the lease lapses. A channel
of people's that fails holds back what comes after; an agent's webhook what concerns the same invocation, and the rest
for a moment.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Exists, Min, OuterRef, Q

from approvals.models import Delivery, Destination
from approvals.notices.results import delivery_failed, delivery_taken
from approvals.notices.sending import delivery_send
from integrations.clock import Now, database_now
from integrations.courier.process import Courier

# How many one sender sends before others get their turn.
ROUND = 100


def due(*, limit: int, but_not: Collection[UUID] = (), but_not_of: Collection[UUID] = ()) -> list[tuple[UUID, UUID]]:
    """Destinations with something to deliver that nobody is delivering, and their MSPs; longest waiting first."""
    waiting = Delivery.objects.filter(_free("destination__"), due_at__lte=Now(), destination__is_enabled=True)
    wanted = waiting.exclude(destination_id__in=but_not).exclude(msp_id__in=but_not_of)
    rows = wanted.order_by().values("destination_id", "msp_id").annotate(first=Min("due_at")).order_by("first")
    return [(row["destination_id"], row["msp_id"]) for row in rows[:limit]]


def deliver(destination_id: UUID, *, is_ending: Callable[[], bool] = lambda: False) -> int:
    """Deliver what is due at one destination, unless the process is ending; how many it took.

    Nothing where somebody else is at it.
    """
    lease = _lease(destination_id, _free())
    taken = 0
    if lease is None:
        return taken
    with Courier() as courier:
        for _ in range(ROUND):
            if is_ending():
                break
            destination = Destination.objects.select_related("msp").filter(pk=destination_id).first()
            if destination is None:
                break
            delivery = _next(destination)
            # A sender that was held up so long that another one took over must not send after it.
            renewed = None if delivery is None else _lease(destination_id, Q(lease_until=lease))
            if delivery is None or renewed is None:
                break
            lease = renewed
            answer = delivery_send(courier, destination, delivery)
            if answer.ok:
                delivery_taken(destination, delivery)
                taken += 1
            else:
                delivery_failed(destination, delivery, answer)
    Destination.objects.filter(pk=destination_id, lease_until=lease).update(lease_until=None)
    return taken


def _next(destination: Destination) -> Delivery | None:
    rows = Delivery.objects.filter(destination=destination, due_at__isnull=False).order_by("id")
    found = rows.select_related("invocation__agent")
    if destination.agent_id is not None:
        earlier = Delivery.objects.filter(
            destination=destination, due_at__isnull=False, invocation=OuterRef("invocation"), id__lt=OuterRef("id")
        )
        return found.filter(~Exists(earlier), due_at__lte=Now()).first()
    head = found.annotate(seen_at=Now()).first()
    if head is None or head.due_at is None or head.due_at <= head.seen_at:
        return head
    # What waits behind it is not due before it is.
    rows.filter(due_at__lt=head.due_at).update(due_at=head.due_at)
    return None


def _lease(destination_id: UUID, condition: Q) -> datetime | None:
    """Until when this sender has the destination for itself; None where it has not."""
    until = database_now() + timedelta(seconds=settings.NOTICE_LEASE_SECONDS)
    mine = Destination.objects.filter(condition, pk=destination_id, is_enabled=True)
    return until if mine.update(lease_until=until) else None


def _free(prefix: str = "") -> Q:
    return Q(**{f"{prefix}lease_until": None}) | Q(**{f"{prefix}lease_until__lte": Now()})
