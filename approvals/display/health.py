"""Whether the connection works, as the MSP's newest calls tell it."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from django.db.models import Exists

from approvals.display.clock import absolute, age
from approvals.models import Alarm, Invocation, Status
from integrations.models import Connection, Msp
from tools.pages.standing import Standing, standing_of

# The calls that are looked at. Further back a call says little about now.
NEWEST = 200
# Ends that NinjaOne or the way there is to blame for, and nothing that was asked.
FAULTS = frozenset({"upstream_unavailable", "needs_reauthorization", "not_connected", "outcome_unknown"})


class Event(NamedTuple):
    """When something was seen, for people and to the second, and what it was."""

    age: str
    at: str
    iso: str
    words: str = ""


class Health(NamedTuple):
    """The connection, when NinjaOne last answered, and what last went wrong on the way; None for what was not seen."""

    connection: Connection | None
    standing: Standing
    answered: Event | None
    fault: Event | None
    faults: int
    looked_at: int
    has_alarms: bool  # that nobody has looked at


def health_of(msp: Msp, now: datetime) -> Health:
    """The health of the MSP's connection at `now`."""
    calls = Invocation.objects.for_msp(msp).order_by("-created_at", "-id")
    ends = list(calls.values_list("status", "upstream_status", "error_code", "finished_at")[:NEWEST])

    def event(moment: datetime, words: str = "") -> Event:
        return Event(age((now - moment).total_seconds()), absolute(moment, msp.time_zone), moment.isoformat(), words)

    answers = [end for status, upstream, _, end in ends if end and _is_answer(status, upstream)]
    faults = [(end, code) for _, _, code, end in ends if end and code in FAULTS]
    unseen = Alarm.objects.for_msp(msp).filter(seen_at=None)
    connections = Connection.objects.for_msp(msp).select_related("authorized_by").annotate(has_alarms=Exists(unseen))
    connection = connections.first()
    return Health(
        connection=connection,
        standing=standing_of(connection),
        answered=event(max(answers)) if answers else None,
        fault=event(*max(faults)) if faults else None,
        faults=len(faults),
        looked_at=len(ends),
        # Where nothing was ever connected there is nothing to be alarmed by.
        has_alarms=connection is not None and bool(vars(connection)["has_alarms"]),
    )


def _is_answer(status: str, upstream_status: int | None) -> bool:
    """NinjaOne said something, be it no."""
    return status == Status.SUCCEEDED or (upstream_status is not None and upstream_status < 500)
