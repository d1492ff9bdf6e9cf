"""Many real threads that start each round at the same moment, each with a database connection of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from django.db import connection

from approvals.errors import GateError

Runner = Callable[[], object]


class Crowd:
    """`size` threads that stay, so that a round costs what they do and not what starting them does."""

    def __init__(self, size: int, pool: ThreadPoolExecutor) -> None:
        self.size = size
        self._pool = pool
        self._barrier = threading.Barrier(size)

    def at_once(self, runners: Sequence[Runner]) -> list[object]:
        """What each of them returned, or the GateError that refused it; any other exception is raised here."""
        assert len(runners) == self.size
        # As many jobs as threads, and none goes on before all have begun: each thread has exactly one.
        answers = [self._pool.submit(self._one, runner) for runner in runners]
        return [answer.result() for answer in answers]

    def _one(self, runner: Runner) -> object:
        self._barrier.wait()
        try:
            return runner()
        except GateError as refusal:
            return refusal


@contextmanager
def crowd_of(size: int) -> Iterator[Crowd]:
    """A crowd whose connections are closed at the end."""
    with ThreadPoolExecutor(size) as pool:
        crowd = Crowd(size, pool)
        try:
            yield crowd
        finally:
            crowd.at_once([lambda: connection.close()] * size)
