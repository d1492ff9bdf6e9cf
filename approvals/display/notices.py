"""Messages of the outbox as a page lists them."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.utils.translation import gettext as _

from approvals.models import Delivery, Event, Status
from approvals.notices.words import link_of, subject_of


class Sent(NamedTuple):
    """One line."""

    about: str
    page: str
    message_id: UUID
    status: str
    event: str
    at: datetime
    state: str
    is_delivered: bool
    is_waiting: bool
    error: str
    attempts: int


def sent_of(delivery: Delivery) -> Sent:
    """The line of a delivery with its invocation."""
    row = delivery.invocation
    if delivery.delivered_at is not None:
        state = _("delivered")
    elif delivery.dead_at is not None:
        state = _("given up")
    else:
        state = _("tried %(number)s×") % {"number": delivery.attempts} if delivery.attempts else _("waits")
    event = Event(delivery.event).label if delivery.event in Event.values else delivery.event
    return Sent(
        about="" if row is None else subject_of(row),
        page="" if row is None else link_of(row),
        message_id=delivery.message_id,
        status=str(Status(said).label) if (said := delivery.data.get("status")) in Status.values else "",
        event=str(event),
        at=delivery.created_at,
        state=state,
        is_delivered=delivery.delivered_at is not None,
        is_waiting=delivery.due_at is not None,
        error=delivery.last_error,
        attempts=delivery.attempts,
    )
