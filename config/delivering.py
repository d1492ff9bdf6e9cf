"""Messages of the outbox, to many destinations side by side: one that is slow or away holds up no other."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Collection

from approvals.notices.delivering import deliver, due
from approvals.wake import NOTICES
from config.dispatching import Dispatching

# Each may have a process of its own under way, of some 60 MB.
AT_ONCE = 8


class Delivering(Dispatching):
    """One process's deliverer; its rows are destinations."""

    _bell = NOTICES

    def __init__(self) -> None:
        super().__init__()
        self._is_ending = threading.Event()

    def finish(self) -> None:
        """Wait for the messages that are on their way, and let no further one follow."""
        self._is_ending.set()
        super().finish()

    def _due(
        self, *, limit: int, but_not: Collection[uuid.UUID], but_not_of: Collection[uuid.UUID]
    ) -> list[tuple[uuid.UUID, uuid.UUID]]:
        room = min(limit, AT_ONCE - len(but_not))
        return due(limit=room, but_not=but_not, but_not_of=but_not_of) if room > 0 else []

    def _work(self, row: uuid.UUID) -> bool:
        """Deliver what is due there. Its MSP does not rest: what failed is not due before its time."""
        deliver(row, is_ending=self._is_ending.is_set)
        return True
