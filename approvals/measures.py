"""What became of calls in this process, counted for Prometheus (see `integrations.measures`)."""

from __future__ import annotations

from functools import cache

from prometheus_client import Counter, Histogram

from approvals.models import Invocation, Status
from integrations.clock import likely_now

REACHED = Counter("countersign_invocations_reached", "Invocations that came to a status, auto reads too.", ["status"])
DECISION_SECONDS = Histogram(
    "countersign_decision_seconds",
    "From an agent's request to what people decided about it.",
    ["verdict"],
    buckets=(10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 86400),
)
VERDICTS = {Status.QUEUED: "approved", Status.DENIED: "denied"}


def reached(status: str) -> None:
    """An invocation has come to `status`, and that is committed."""
    _reached(status).inc()


@cache
def _reached(status: str) -> Counter:
    return REACHED.labels(status)


def changed(row: Invocation, status: Status, *, is_by_people: bool) -> None:
    """The same for what somebody is told of; by people, it may be a decision."""
    reached(status.value)
    if is_by_people and (verdict := VERDICTS.get(status)):
        DECISION_SECONDS.labels(verdict).observe(max(0.0, (likely_now() - row.created_at).total_seconds()))
