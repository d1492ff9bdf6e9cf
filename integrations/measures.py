"""What this process did, counted for Prometheus. With several processes each counts in files that one of them adds up.

The library looks for PROMETHEUS_MULTIPROC_DIR when it is imported; `manage.py serve` sets it for more than one worker.
"""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

SECONDS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)

UPSTREAM_SECONDS = Histogram(
    "countersign_upstream_seconds",
    "How long NinjaOne took to answer, retries included, by what came of it.",
    ["region", "method", "outcome"],
    buckets=SECONDS,
)
TOKEN_REFRESHES = Counter(
    "countersign_token_refreshes", "Access tokens that were renewed, and those that were not.", ["region", "outcome"]
)
BREAKERS_OPEN = Gauge(
    "countersign_breakers_open",
    "Connections whose NinjaOne failed so often that this process leaves it alone for a moment.",
    ["region"],
    multiprocess_mode="livesum",
)
