"""What is due, sent side by side: an MSP whose NinjaOne is slow or away holds up nobody else."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections import Counter
from collections.abc import Collection

from django.db import Error, connections

from approvals.dispatch import dispatch_one
from approvals.holds import due
from approvals.models import Invocation, Status
from approvals.wake import WAKE

logger = logging.getLogger(__name__)

AT_ONCE = 16
AT_ONCE_PER_MSP = 4
# An MSP whose NinjaOne could not be asked is left alone this long.
REST_SECONDS = 5.0


class Dispatching:
    """One process's dispatcher. `round` and `finish` are called from one thread."""

    _bell = WAKE

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: dict[uuid.UUID, tuple[uuid.UUID, threading.Thread]] = {}
        self._resting: dict[uuid.UUID, float] = {}  # MSP -> when to try again, on the monotonic clock

    def round(self) -> None:
        """Start sending what is due, as far as there is room; does not wait for it."""
        with self._lock:
            now = time.monotonic()
            self._resting = {msp: until for msp, until in self._resting.items() if until > now}
            room = AT_ONCE - len(self._under_way)
            busy = Counter(msp for msp, _ in self._under_way.values())
            left_out = {*self._resting, *(msp for msp, count in busy.items() if count >= AT_ONCE_PER_MSP)}
            rows = list(self._under_way)
        if room <= 0:
            return
        for row, msp in self._due(limit=AT_ONCE, but_not=rows, but_not_of=left_out):
            if room > 0 and busy[msp] < AT_ONCE_PER_MSP:
                room, busy[msp] = room - 1, busy[msp] + 1
                self._start(row, msp)

    def finish(self) -> None:
        """Wait for what is on the wire."""
        with self._lock:
            threads = [thread for _, thread in self._under_way.values()]
        for thread in threads:
            thread.join()

    def _start(self, row: uuid.UUID, msp: uuid.UUID) -> None:
        thread = threading.Thread(target=self._send, args=(row, msp), name=f"dispatch {row}")
        with self._lock:
            self._under_way[row] = msp, thread
        thread.start()

    def _send(self, row: uuid.UUID, msp: uuid.UUID) -> None:
        has_left = False
        try:
            has_left = self._has_left(row)
        finally:
            # A bug in one row, which Python prints, costs its MSP a rest, and the others nothing.
            with self._lock:
                del self._under_way[row]
                if not has_left:
                    self._resting[msp] = time.monotonic() + REST_SECONDS
            if has_left:
                self._bell.set()  # there is room for the next one

    def _due(
        self, *, limit: int, but_not: Collection[uuid.UUID], but_not_of: Collection[uuid.UUID]
    ) -> list[tuple[uuid.UUID, uuid.UUID]]:
        return due(limit=limit, but_not=but_not, but_not_of=but_not_of)

    def _work(self, row: uuid.UUID) -> bool:
        """Dispatch the row; True when it is not queued any more."""
        return dispatch_one(row) or not Invocation.objects.filter(pk=row, status=Status.QUEUED).exists()

    def _has_left(self, row: uuid.UUID) -> bool:
        try:
            return self._work(row)
        except Error as error:
            logger.warning("The database refused to dispatch %s (%s). It is tried again.", row, error)
            return False
        finally:
            # Before it counts as done: who waits for all to be done wants nobody left in the database.
            connections.close_all()
