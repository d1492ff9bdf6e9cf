"""The Idempotency-Keys of invocations: written down with them, and forgotten."""

from __future__ import annotations

from datetime import datetime

from approvals.models import IdempotencyKey, Invocation
from approvals.models.keys import KEPT
from integrations.clock import Now
from integrations.direct import Statement
from integrations.rows import insert, insertion, new

BATCH = 500


def key_keep(row: Invocation, key: str | None, *, now: datetime) -> None:
    """From now on the agent's `key` stands for `row`. Raises IntegrityError where it stands for any already."""
    if key is not None:
        insert(_kept(row, key, now))


def key_statements(row: Invocation, key: str | None, *, now: datetime) -> list[Statement]:
    """The same for `run_together`."""
    return [] if key is None else [insertion(_kept(row, key, now))]


def _kept(row: Invocation, key: str, now: datetime) -> IdempotencyKey:
    of = {"msp": row.msp, "agent": row.agent, "invocation": row}
    return new(IdempotencyKey, {"key": key, "created_at": now}, of)


def keys_forget() -> None:
    """Those that are too old to stand for anything."""
    old = IdempotencyKey.objects.filter(created_at__lt=Now() - KEPT).order_by("created_at")
    if found := list(old.values_list("pk", flat=True)[:BATCH]):
        IdempotencyKey.objects.filter(pk__in=found).delete()
