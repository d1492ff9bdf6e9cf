"""Waits of agents cost their own threads and nothing else: one look a second for all that wait in this process.

A wait holds a thread of the server. So that waits never take those that other calls need, half of the threads may
wait, and of one agent an eighth; the next one is told to come back later.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import Error, connections

from approvals.errors import GateError
from approvals.models import Effect, Invocation, OutcomeState, Status
from approvals.reading import status_now
from integrations.clock import Now
from integrations.pooled import connection_release
from integrations.stopping import is_stopping

logger = logging.getLogger(__name__)

# Between two looks, seconds; the first one for somebody who has just come is sooner where none was lately.
INTERVAL = 1.0
FIRST = 0.25
# So long the thread stays, and its database connection with it, when nobody waits any more.
LINGERING = 30.0
COLUMNS = ("status", "expires_at", "release_by", "lease_until", "is_write")


class Mark(NamedTuple):
    """What a waiter waits to change: the status as it reads now, and how far the outcome is."""

    status: str
    outcome: str
    is_offline: bool


def mark_of(effect: Effect | None, status: Status) -> Mark:
    """The mark of an invocation whose status reads `status` now."""
    return Mark(
        status.value, OutcomeState(effect.state).value if effect else "", effect is not None and effect.is_offline
    )


def marks_of(ids: Collection[UUID]) -> dict[UUID, Mark]:
    """The marks of these invocations as the database has them now, in one statement. Raises Django's database errors.

    Of any tenant: whoever waits looks again for itself, through its own eyes.
    """
    rows = Invocation.objects.filter(pk__in=ids).select_related("effect").annotate(seen_at=Now())
    found = {}
    for row in rows.only(*COLUMNS, "effect__state", "effect__is_offline"):
        found[row.pk] = mark_of(getattr(row, "effect", None), status_now(row, row.seen_at))  # type: ignore[attr-defined]
    return found


@dataclass(eq=False)
class _Waiter:
    row_id: UUID
    mark: Mark
    has_changed: threading.Event = field(default_factory=threading.Event)


class Waits:
    """All that wait in one process, and the thread that looks for them."""

    def __init__(self) -> None:
        self._room = threading.Condition()
        self._waiters: set[_Waiter] = set()
        self._agents: Counter[UUID] = Counter()
        self._thread: threading.Thread | None = None
        self._next_look = 0.0
        self._is_closing = False

    @contextmanager
    def place(self, agent_id: UUID) -> Iterator[None]:
        """One of the threads that may wait. Raises GateError `wait_saturated`."""
        threads: int = settings.SERVER_THREADS
        with self._room:
            if self._agents.total() >= max(1, threads // 2) or self._agents[agent_id] >= max(1, threads // 8):
                raise GateError(
                    "wait_saturated",
                    "Too many calls wait here already, so this one does not. Nothing was changed. Look again without "
                    "wait, or wait for fewer at once.",
                    retry_after=5,
                )
            self._agents[agent_id] += 1
        try:
            yield
        finally:
            with self._room:
                self._agents[agent_id] -= 1
                if not self._agents[agent_id]:
                    del self._agents[agent_id]

    def until_changed(self, row_id: UUID, mark: Mark, seconds: float) -> None:
        """Return when the invocation's mark is not `mark` any more, or after `seconds`, or when the server stops."""
        waiter = _Waiter(row_id, mark)
        with self._room:
            self._waiters.add(waiter)
            if len(self._waiters) == 1:
                self._next_look = max(self._next_look, time.monotonic() + FIRST)
            if self._thread is None:
                self._thread = threading.Thread(target=self._look_on, name="waits", daemon=True)
                self._thread.start()
            self._room.notify_all()
        try:
            waiter.has_changed.wait(seconds)
        finally:
            with self._room:
                self._waiters.discard(waiter)

    def close(self) -> None:
        """End the thread, which the next waiter starts again."""
        with self._room:
            thread, self._is_closing = self._thread, True
            self._room.notify_all()
        if thread is not None:
            thread.join()
        self._is_closing = False

    def _look_on(self) -> None:
        try:
            while (ids := self._turn()) is not None:
                self._look(ids)
        finally:
            connections.close_all()
            with self._room:
                if self._thread is threading.current_thread():
                    self._thread = None

    def _look(self, ids: set[UUID]) -> None:
        try:
            marks: Mapping[UUID, Mark] = marks_of(ids) if ids else {}
        except Error as error:
            # Whoever waits looks for itself in the end, and meets the same error then.
            logger.warning("The database refused to tell how far calls are (%s). Trying again.", error)
            connections.close_all()
            return
        connection_release()
        with self._room:
            is_over = is_stopping()
            for waiter in self._waiters:
                if is_over or marks.get(waiter.row_id, waiter.mark) != waiter.mark:
                    waiter.has_changed.set()

    def _turn(self) -> set[UUID] | None:
        """What to look at, when it is time to; None when nobody has waited for long."""
        with self._room:
            self._room.wait_for(lambda: bool(self._waiters) or self._is_closing, LINGERING)
            if not self._waiters or self._is_closing:
                self._thread = None
                return None
            while not self._is_closing and (pause := self._next_look - time.monotonic()) > 0:
                self._room.wait(pause)
            self._next_look = time.monotonic() + INTERVAL
            return {waiter.row_id for waiter in self._waiters if not waiter.has_changed.is_set()}


WAITS = Waits()
