"""The home page: what waits, whether the connection works, what happened last."""

from __future__ import annotations

from dataclasses import dataclass

from approvals.display.clock import duration
from approvals.display.queue import reading_as, waiting_of
from approvals.display.rows import UNREAD, Row, row_of
from approvals.models import Invocation, Status
from integrations.clock import database_now
from integrations.models import Agent, Connection, Msp

SHOWN = 5


@dataclass(frozen=True, slots=True)
class Home:
    """Everything the page shows."""

    waiting: list[Row]
    waiting_longest: str
    unknown: int
    recent: list[Row]
    connection: Connection | None
    has_agents: bool

    @property
    def connection_state(self) -> str:
        """A state that the badge knows."""
        return self.connection.state if self.connection else "not_connected"


def home_of(msp: Msp) -> Home:
    """The home page of an MSP, now."""
    now = database_now()
    waiting = list(waiting_of(msp).select_related("agent").order_by("expires_at")[:SHOWN])
    longest = min((row.created_at for row in waiting), default=None)
    history = Invocation.objects.for_msp(msp)
    return Home(
        waiting=[row_of(row, now, msp.time_zone, in_words=True) for row in waiting],
        waiting_longest=duration((now - longest).total_seconds()) if longest else "",
        unknown=reading_as(history, Status.UNKNOWN).count(),
        recent=[row_of(row, now, msp.time_zone) for row in history.select_related("agent").defer(*UNREAD)[:SHOWN]],
        connection=Connection.objects.for_msp(msp).first(),
        has_agents=Agent.objects.for_msp(msp).exists(),
    )
