"""The Idempotency-Keys of invocations: written down with them, and forgotten."""

from __future__ import annotations

from datetime import datetime

from approvals.models import IdempotencyKey, Invocation
from approvals.models.keys import KEPT
from integrations.clock import Now
from integrations.rows import insert, new

BATCH = 500


def key_keep(row: Invocation, key: str | None, *, now: datetime) -> None:
    """From now on the agent's `key` stands for `row`. Raises IntegrityError where it stands for any already."""
    if key is not None:
        of = {"msp": row.msp, "agent": row.agent, "invocation": row}
        insert(new(IdempotencyKey, {"key": key, "created_at": now}, of))


def keys_forget() -> None:
    """Those that are too old to stand for anything."""
    old = IdempotencyKey.objects.filter(created_at__lt=Now() - KEPT).order_by("created_at")
    if found := list(old.values_list("pk", flat=True)[:BATCH]):
        IdempotencyKey.objects.filter(pk__in=found).delete()
