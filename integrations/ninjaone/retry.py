"""What may be tried again, how often, and how long to wait before."""

from __future__ import annotations

import random
import time

LONGEST_RETRY_AFTER = 20.0
# A 429 without Retry-After: NinjaOne publishes no numbers, community clients wait about this long.
DEFAULT_RETRY_AFTER = 2.0
JITTER = (0.5, 1.0)  # upper ends of the waits before the first and the second retry


class Retries:
    """One call's tries. A write is sent again only when it provably was not carried out."""

    def __init__(self, *, is_write: bool, deadline: float) -> None:
        self.is_write = is_write
        self.deadline = deadline
        self.used = 0
        self.has_waited = False
        self.has_refreshed = False

    def after_no_connection(self) -> bool:
        """After no byte left: wait and say whether to try again."""
        return self._again(1 if self.is_write else 2)

    def after_loss(self) -> bool:
        """After a 5xx, or an answer that did not arrive: wait and say whether to try again."""
        return self._again(0 if self.is_write else 2)

    def after_refusal(self) -> bool:
        """After a 401: whether to try once more with a new access token."""
        is_first, self.has_refreshed = not self.has_refreshed, True
        return is_first

    def after_throttling(self, retry_after: float | None) -> bool:
        """After a 429: wait as long as NinjaOne says, once, and say whether to try again."""
        seconds = DEFAULT_RETRY_AFTER if retry_after is None else retry_after
        if self.has_waited or seconds > LONGEST_RETRY_AFTER or not self._is_in_time(seconds):
            return False
        self.has_waited = True
        pause(seconds)
        return True

    def _again(self, at_most: int) -> bool:
        if self.used >= at_most:
            return False
        # Full jitter: callers that failed together do not come back together.
        seconds = random.uniform(0, JITTER[self.used])  # noqa: S311  no secret
        if not self._is_in_time(seconds):
            return False
        self.used += 1
        pause(seconds)
        return True

    def _is_in_time(self, seconds: float) -> bool:
        return time.monotonic() + seconds < self.deadline


def pause(seconds: float) -> None:
    """Wait."""
    time.sleep(seconds)
