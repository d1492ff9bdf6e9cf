"""Token buckets in the database: one statement looks and takes, in the database's time, so that no race gets more.

A bucket is one number: when it is full again. Taking moves it on by the cost of one; there was enough if that is no
more than a minute ahead. (A check before the take would let most of a crowd through: all of it looks first.)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections

from approvals.models import Bucket, Scope
from integrations.clock import database_now
from integrations.direct import run
from integrations.models import Msp

MINUTE = 60_000_000  # microseconds
# Beyond this no bucket was ever filled: the database's clock was set back, and the number means nothing.
ABSURD = 2 * MINUTE


@dataclass(frozen=True, slots=True)
class Allowance:
    """`per_minute` (1 or more) of `scope` for `owner`. A whole minute's may come at once."""

    scope: Scope
    owner: UUID
    per_minute: int

    @property
    def cost(self) -> int:
        """Microseconds until one that was taken is there again."""
        return MINUTE // self.per_minute


def take(msp: Msp, allowances: Sequence[Allowance]) -> Allowance | None:
    """Take one from each of one or two buckets, from the second only if the first had one. Which had none, if any."""
    # The connection itself: its proxy looks it up anew for every attribute.
    database = connections[DEFAULT_DB_ALIAS]
    if database.vendor == "sqlite":
        values: list[Any] = [
            value
            for place, one in enumerate(allowances)
            for value in (one.owner.hex, one.scope.value, msp.pk.hex, one.cost, place)
        ]
        return _missing(allowances, run(database, _sqlite(len(allowances)), values))
    values = [value for one in allowances for value in (one.cost, one.owner, one.scope.value, one.cost)]
    empty = _missing(allowances, run(database, _taken(len(allowances)), values))
    if empty is None:
        return None
    # It is empty, or nobody ever took from it: only an upsert can tell, which costs twice as much.
    left = allowances[allowances.index(empty) :]
    values = [value for one in left for value in (one.owner, one.scope.value, msp.pk, one.cost)]
    return _missing(left, run(database, _upserted(len(left)), values))


def _missing(allowances: Sequence[Allowance], rows: Sequence[tuple[Any, ...]]) -> Allowance | None:
    """The first that is not among the scopes that were taken from."""
    taken = {scope for (scope,) in rows}
    return next((allowance for allowance in allowances if allowance.scope.value not in taken), None)


def waiting_times(msp: Msp, allowances: Sequence[Allowance]) -> list[float]:
    """Seconds until each of the buckets has one again; 0 where one is there."""
    owners = [allowance.owner for allowance in allowances]
    found = Bucket.objects.for_msp(msp).filter(owner__in=owners).values_list("owner", "scope", "full_at")
    full_at = {(owner, scope): moment for owner, scope, moment in found}
    now = int(database_now().timestamp() * 1_000_000)
    late = [full_at.get((one.owner, one.scope.value), now) + one.cost - now - MINUTE for one in allowances]
    return [max(0, microseconds) / 1_000_000 for microseconds in late]


# It stands still within a statement, and so it does on SQLite.
_NOW = "CAST(DATE_PART('epoch', STATEMENT_TIMESTAMP()) * 1000000 AS bigint)"
_NOW_SQLITE = "CAST(ROUND((JULIANDAY('now') - 2440587.5) * 86400000.0) AS INTEGER) * 1000"


@cache
def _taken(count: int) -> str:
    """Updates one after the other: each waits for its row and looks at what is there then, not at a snapshot."""
    # Tables, columns and functions are literals here; every value is bound.
    first = f"""
        UPDATE approvals_bucket SET full_at = {_used("full_at", _NOW)} + %s
        WHERE owner = %s AND scope = %s AND {_used("full_at", _NOW)} + %s <= {_NOW} + {MINUTE}"""  # noqa: S608
    if count == 1:
        return f"{first} RETURNING scope"
    second = f"{first} AND EXISTS (SELECT 1 FROM first)"  # noqa: S608
    return _both(f"{first} RETURNING scope", f"{second} RETURNING scope")


@cache
def _upserted(count: int) -> str:
    """The same where rows may be missing."""
    values = f"SELECT %s::uuid, %s, %s::uuid, {_NOW} + %s"
    first = _upsert(values)
    return first if count == 1 else _both(first, _upsert(f"{values} FROM first"))


def _both(first: str, second: str) -> str:
    both = "SELECT scope FROM first UNION ALL SELECT scope FROM second"
    return f"WITH first AS ({first}), second AS ({second}) {both}"


def _upsert(source: str) -> str:
    now, used = _NOW, _used("bucket.full_at", _NOW)
    return f"""
        INSERT INTO approvals_bucket AS bucket (owner, scope, msp_id, full_at) {source}
        ON CONFLICT (owner, scope) DO UPDATE SET full_at = {used} + EXCLUDED.full_at - {now}
        WHERE {used} + EXCLUDED.full_at - {now} <= {now} + {MINUTE} RETURNING scope"""


@cache
def _sqlite(count: int) -> str:
    """SQLite knows no INSERT inside WITH; but a statement that writes sees nobody else's writes in between."""
    now = _NOW_SQLITE
    wanted = ", ".join(["(%s, %s, %s, %s, %s)"] * count)
    return f"""
        WITH wanted (owner, scope, msp_id, cost, place) AS (VALUES {wanted}),
        taken AS (
            SELECT wanted.owner, wanted.scope, wanted.msp_id, place,
                {_used("COALESCE(bucket.full_at, 0)", now)} + cost AS full_at
            FROM wanted LEFT JOIN approvals_bucket AS bucket
                ON bucket.owner = wanted.owner AND bucket.scope = wanted.scope
        )
        INSERT INTO approvals_bucket (owner, scope, msp_id, full_at)
        SELECT owner, scope, msp_id, full_at FROM taken
        WHERE NOT EXISTS (
            SELECT 1 FROM taken AS other WHERE other.place <= taken.place AND other.full_at > {now} + {MINUTE}
        )
        ON CONFLICT (owner, scope) DO UPDATE SET full_at = EXCLUDED.full_at RETURNING scope"""  # noqa: S608


def _used(full_at: str, now: str) -> str:
    return f"CASE WHEN {full_at} BETWEEN {now} AND {now} + {ABSURD} THEN {full_at} ELSE {now} END"
