"""How much one connection may ask of NinjaOne, in this process, so that one MSP's trouble stays its own.

NinjaOne publishes no limits; clients in use keep to about 5 requests a second and a few at a time. A connection that
has too many waiting, or whose NinjaOne fails again and again, is refused at once instead of holding threads.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections import OrderedDict, deque
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from integrations.measures import BREAKERS_OPEN
from integrations.models import Connection
from integrations.ninjaone.errors import NotSentError, RateLimitedError
from integrations.ninjaone.hosts import SANDBOX

IN_FLIGHT = 4
WAITING = 16
# Of the last ten calls five failed: leave NinjaOne alone for a while, then try with one call.
LOOK_BACK, FAILURES, REST_SECONDS = 10, 5, 30.0
KEPT = 10_000


class Throttle:
    """The limits of one connection. `failed()` and `succeeded()` feed the breaker."""

    def __init__(self, per_second: float, region: str = "") -> None:
        self.region = region
        self.per_second = per_second
        self.room = threading.Condition()
        self.in_flight = 0
        self.waiting = 0
        self.tokens = per_second
        self.counted_at = time.monotonic()
        self.outcomes: deque[bool] = deque(maxlen=LOOK_BACK)
        self.open_until: float | None = None
        self.is_probing = False

    @contextmanager
    def slot(self, deadline: float) -> Iterator[None]:
        """One of the calls in flight. Raises RateLimitedError when too many wait, NotSentError while it rests."""
        with self.room:
            self._check_breaker()
            self._enter(deadline)
        try:
            yield
        finally:
            with self.room:
                self.in_flight -= 1
                self.is_probing = False
                self.room.notify()

    def pace(self, deadline: float) -> None:
        """Wait for this connection's turn on the wire. Raises RateLimitedError when it would come too late."""
        with self.room:
            now = time.monotonic()
            self.tokens = min(self.per_second, self.tokens + (now - self.counted_at) * self.per_second) - 1
            self.counted_at = now
            seconds = max(0.0, -self.tokens / self.per_second)
            if now + seconds >= deadline:
                self.tokens += 1
                raise _busy(seconds)
        if seconds:
            time.sleep(seconds)

    def note(self, *, is_failure: bool) -> None:
        """What became of a call, for the breaker."""
        with self.room:
            self.outcomes.append(is_failure)
            if not is_failure and self.open_until is not None:
                self.outcomes.clear()
                self.open_until = None
                BREAKERS_OPEN.labels(self.region).dec()
            elif is_failure and (self.open_until is not None or sum(self.outcomes) >= FAILURES):
                if self.open_until is None:
                    BREAKERS_OPEN.labels(self.region).inc()
                self.open_until = time.monotonic() + REST_SECONDS

    def _check_breaker(self) -> None:
        if self.open_until is None:
            return
        left = self.open_until - time.monotonic()
        if left > 0 or self.is_probing:
            raise NotSentError(
                f"NinjaOne failed {FAILURES} of the last calls, so it is left alone for a moment. Nothing was sent. "
                "Try again later.",
                max(1.0, left),
            )
        self.is_probing = True

    def _enter(self, deadline: float) -> None:
        if self.in_flight >= IN_FLIGHT:
            if self.waiting >= WAITING:
                raise _busy(1.0)
            self.waiting += 1
            try:
                if not self.room.wait_for(lambda: self.in_flight < IN_FLIGHT, max(0.0, deadline - time.monotonic())):
                    raise _busy(1.0)
            finally:
                self.waiting -= 1
        self.in_flight += 1


def throttle_of(connection: Connection) -> Throttle | None:
    """The throttle of a connection in this process. None for the sandbox, which is ours, unless settings say so."""
    if connection.region == SANDBOX and not settings.NINJAONE_LIMIT_SANDBOX:
        return None
    with _lock:
        throttle = _throttles.pop(connection.pk, None) or Throttle(
            settings.NINJAONE_REQUESTS_PER_SECOND, connection.region
        )
        _throttles[connection.pk] = throttle
        while len(_throttles) > KEPT:
            _throttles.popitem(last=False)
    return throttle


def _busy(seconds: float) -> RateLimitedError:
    return RateLimitedError(
        "Too many calls of this MSP wait for NinjaOne already. Nothing was sent. Try again in a moment.",
        max(1.0, seconds),
    )


_lock = threading.Lock()
_throttles: OrderedDict[uuid.UUID, Throttle] = OrderedDict()
