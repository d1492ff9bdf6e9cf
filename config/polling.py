"""Looks at NinjaOne for outcomes, side by side: one at a time for each connection, so that none holds up another."""

from __future__ import annotations

import logging
import threading
import uuid

from django.db import Error, connections

from approvals.outcomes.poll import due, place_look

logger = logging.getLogger(__name__)

AT_ONCE = 8
LOOKED_UP = 1_000


class Polling:
    """One process's poller. `round` and `finish` are called from one thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: dict[uuid.UUID, threading.Thread] = {}  # by connection

    def round(self) -> None:
        """Start one look for each connection that has one due, as far as there is room."""
        with self._lock:
            busy = list(self._under_way)
        room = AT_ONCE - len(busy)
        if room <= 0:
            return
        first: dict[uuid.UUID, uuid.UUID] = {}  # the most overdue place of each connection
        for place, connection in due(limit=LOOKED_UP, but_not_of=busy):
            first.setdefault(connection, place)
        for connection, place in list(first.items())[:room]:
            self._start(connection, place)

    def finish(self) -> None:
        """Wait for the looks that are under way."""
        with self._lock:
            threads = list(self._under_way.values())
        for thread in threads:
            thread.join()

    def _start(self, connection: uuid.UUID, place: uuid.UUID) -> None:
        thread = threading.Thread(target=self._look, args=(connection, place), name=f"look at {place}")
        with self._lock:
            self._under_way[connection] = thread
        thread.start()

    def _look(self, connection: uuid.UUID, place: uuid.UUID) -> None:
        try:
            place_look(place)
        except Error as error:
            logger.warning("The database refused a look at %s (%s). It is taken again.", place, error)
        finally:
            connections.close_all()
            with self._lock:
                del self._under_way[connection]
