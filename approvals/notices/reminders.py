"""Requests that still wait when half, and three quarters, of their time are over: told once each to who wants that."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from approvals.models import Delivery, Destination, Event, Invocation, Status
from approvals.notices.events import reminders_store, wants
from integrations.clock import database_now

SHARES = {Event.REMINDER: 0.5, Event.ESCALATION: 0.75}
KEPT = timedelta(days=30)
BATCH = 500


def remind() -> None:
    """Write down the messages that time alone brings. Idempotent; may run anywhere at once."""
    for msp_id, destinations in _who_wants_it().items():
        now = database_now()
        waiting = Invocation.objects.filter(msp_id=msp_id, status=Status.PENDING_APPROVAL, expires_at__gt=now)
        wanted = [found for row in waiting for found in _due(row, destinations, now)]
        told = _told({event for _, event, _ in wanted}, [row for row, _, _ in wanted])
        for row, event, to in wanted:
            missing = [one for one in to if (one.pk, row.pk, event.value) not in told]
            if missing:
                with transaction.atomic():
                    reminders_store(row, event, missing)


def forget() -> None:
    """What was delivered long ago."""
    old = Delivery.objects.filter(delivered_at__lte=database_now() - KEPT).values_list("pk", flat=True)[:BATCH]
    Delivery.objects.filter(pk__in=list(old)).delete()


def _who_wants_it() -> dict[UUID, list[Destination]]:
    found: defaultdict[UUID, list[Destination]] = defaultdict(list)
    rows = Destination.objects.filter(agent=None, is_enabled=True)
    for one in rows.only("msp", "events", "organizations", "tools"):
        if any(event.value in one.events for event in SHARES):
            found[one.msp_id].append(one)
    return found


def _due(
    row: Invocation, destinations: list[Destination], now: datetime
) -> Iterator[tuple[Invocation, Event, list[Destination]]]:
    if row.expires_at is None:
        return
    for event, share in SHARES.items():
        if now >= row.created_at + (row.expires_at - row.created_at) * share:
            to = [one for one in destinations if wants(one, event, row)]
            if to:
                yield row, event, to


def _told(events: set[Event], rows: list[Invocation]) -> set[tuple[UUID, UUID | None, str]]:
    told = Delivery.objects.filter(invocation__in={row.pk for row in rows}, event__in=[one.value for one in events])
    return set(told.values_list("destination", "invocation", "event")) if rows else set()
