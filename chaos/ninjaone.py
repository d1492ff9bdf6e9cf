"""A NinjaOne that forgets nothing: every write that reached it is counted, however the sender ended."""

from __future__ import annotations

import json
import random
import threading
from collections import Counter
from dataclasses import replace

from integrations.ninjaone.sandbox import Sandbox, SandboxRequest, SandboxResponse
from integrations.ninjaone.sandbox.messages import Delivery

# Calls are on the wire for up to this long, so that kills meet them there.
SLOWEST_READ_SECONDS = 0.15
SLOWEST_WRITE_SECONDS = 0.6
# So many writes have their effect and get no answer.
DROPPED_SHARE = 0.02


class CountingSandbox(Sandbox):
    """Tickets by subject, reboots by reason and scripts by parameters are the marks that the load put on them."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._random = random.Random(seed)  # noqa: S311  no secret
        self._counting = threading.Lock()
        self.writes: Counter[str] = Counter()
        self.requests = 0

    def handle(self, request: SandboxRequest) -> SandboxResponse:
        """Count, answer, and take some time over it."""
        is_write = request.method != "GET" and request.path.startswith("/v2/")
        with self._counting:
            self.requests += 1
            if is_write:
                self.writes[mark_of(request)] += 1
            delay = self._random.uniform(0, SLOWEST_WRITE_SECONDS if is_write else SLOWEST_READ_SECONDS)
            is_dropped = is_write and self._random.random() < DROPPED_SHARE
        return replace(super().handle(request), delivery=Delivery(delay=delay, is_dropped=is_dropped))


def mark_of(request: SandboxRequest) -> str:
    """What tells this write from all others."""
    body = json.loads(request.body or b"{}")
    mark = body.get("subject") or body.get("reason") or body.get("parameters")
    return str(mark or f"unmarked {request.method} {request.path}")
