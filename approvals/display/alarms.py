"""What should never have happened and nobody has looked at yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.safestring import SafeString

from approvals.display.clock import absolute, age
from approvals.display.invisibles import marked
from approvals.models import Alarm
from integrations.models import Msp

SHOWN = 5


@dataclass(frozen=True, slots=True)
class Alarming:
    """One alarm; `invocation_id` is None where no call is behind it."""

    id: UUID
    title: str
    words: SafeString
    age: str
    at: str
    count: int
    invocation_id: UUID | None


def alarms_of(msp: Msp, now: datetime) -> list[Alarming]:
    """The newest alarms that nobody has looked at. One query."""
    return [
        Alarming(
            id=alarm.pk,
            title=str(Alarm.What(alarm.what).label),
            words=marked(alarm.words),
            age=age((now - alarm.raised_at).total_seconds()),
            at=absolute(alarm.raised_at, msp.time_zone),
            count=alarm.count,
            invocation_id=alarm.invocation_id,
        )
        for alarm in Alarm.objects.for_msp(msp).filter(seen_at=None)[:SHOWN]
    ]
