"""Looks at NinjaOne for outcomes, side by side: one at a time for each connection, so that none holds up another."""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable
from functools import partial

from django.db import Error, connections

from approvals.outcomes import reverse
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
        first: dict[uuid.UUID, Callable[[], bool]] = {}  # what is most overdue of each connection
        for connection in reverse.due(limit=AT_ONCE, but_not_of=busy):
            first[connection] = partial(reverse.deeds_look, connection)
        for place, connection in due(limit=LOOKED_UP, but_not_of=busy):
            first.setdefault(connection, partial(place_look, place))
        for connection, look in list(first.items())[:room]:
            self._start(connection, look)

    def finish(self) -> None:
        """Wait for the looks that are under way."""
        with self._lock:
            threads = list(self._under_way.values())
        for thread in threads:
            thread.join()

    def _start(self, connection: uuid.UUID, look: Callable[[], bool]) -> None:
        thread = threading.Thread(target=self._look, args=(connection, look), name=f"look by {connection}")
        with self._lock:
            self._under_way[connection] = thread
        thread.start()

    def _look(self, connection: uuid.UUID, look: Callable[[], bool]) -> None:
        try:
            look()
        except Error as error:
            logger.warning("The database refused a look by %s (%s). It is taken again.", connection, error)
        finally:
            connections.close_all()
            with self._lock:
                del self._under_way[connection]
