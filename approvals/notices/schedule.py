"""When something that was not taken is tried again, and when we stop."""

from __future__ import annotations

from datetime import timedelta

# People's channels: soon, then once an hour, until it works or somebody looks after it.
PAUSES = [timedelta(seconds=s) for s in (5, 15, 60, 5 * 60, 15 * 60, 30 * 60, 3600)]
# After this long without a single message taken a destination is switched off, and says so.
PATIENCE = timedelta(days=5)
# Standard Webhooks: 10 attempts within some three days; then it is a dead letter.
WEBHOOK_PAUSES = [
    timedelta(seconds=s) for s in (5, 5 * 60, 30 * 60, 2 * 3600, 5 * 3600, 10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600)
]


def pause_after(failures: int) -> timedelta:
    """Until a channel of people's is tried again, after so many failures in a row."""
    return PAUSES[min(failures, len(PAUSES)) - 1]


def webhook_pause_after(attempts: int) -> timedelta | None:
    """Until an agent's webhook gets this message again; None when that was the last attempt."""
    return WEBHOOK_PAUSES[attempts - 1] if attempts <= len(WEBHOOK_PAUSES) else None
