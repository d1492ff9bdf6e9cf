"""Append to an MSP's audit chain. Always inside the transaction of the change it records."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, IntegrityError, connection, connections
from django.db.backends.base.base import BaseDatabaseWrapper

from integrations.audit.keys import audit_ring
from integrations.audit_verifier import hash_of, seal_of
from integrations.clock import SQLITE_NOW
from integrations.direct import Rows, Statement, run
from integrations.models import Agent, Msp, User

# The row lock makes the entries of one MSP queue up here; CLOCK_TIMESTAMP is read anew after waiting for it.
# On SQLite the transaction, IMMEDIATE, has the only write lock already.
HEAD_SQL = {
    "postgresql": "SELECT number, hash, CLOCK_TIMESTAMP() FROM integrations_audithead WHERE msp_id = %s FOR UPDATE",
    "sqlite": f"SELECT number, hash, {SQLITE_NOW.replace('%', '%%')} "  # noqa: S608 - a literal
    "FROM integrations_audithead WHERE msp_id = %s",
}
COLUMNS = ("number", "action", "actor", "subject", "record", "previous_hash", "hash", "seal")
# Written out: every state change pays for an entry, and the ORM would take longer than the database.
INSERT_SQL = (
    f"INSERT INTO integrations_auditevent (id, msp_id, happened_at, {', '.join(COLUMNS)}) "  # noqa: S608 - from above
    f"VALUES ({', '.join(['%s'] * (3 + len(COLUMNS)))})"
)
MOVE_SQL = "UPDATE integrations_audithead SET number = %s, hash = %s WHERE msp_id = %s AND number = %s"
# The entry first: the database lets the head move only onto an entry that follows it. PostgreSQL takes both at once,
# for the MSP's other changes wait meanwhile.
BOTH_SQL = f"WITH entry AS ({INSERT_SQL} RETURNING 1) {MOVE_SQL} AND EXISTS (SELECT 1 FROM entry)"  # noqa: S608
STORE_SQL = {
    "postgresql": [f"{BOTH_SQL} RETURNING number"],
    "sqlite": [INSERT_SQL, f"{MOVE_SQL} RETURNING number"],
}


class AuditError(Exception):
    """The entry could not be written, so the change it belongs to must not happen either."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it: a person, an agent, or Countersign itself."""

    kind: str
    id: str
    name: str

    @classmethod
    def user(cls, user: User) -> Actor:
        """A person."""
        return cls("user", str(user.pk), user.get_username())

    @classmethod
    def agent(cls, agent: Agent) -> Actor:
        """A customer's AI agent."""
        return cls("agent", str(agent.pk), agent.name)

    @classmethod
    def system(cls, name: str) -> Actor:
        """A part of Countersign that acts by itself, by its name."""
        return cls("system", "", name)

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


def audit_append(
    *,
    msp: Msp,
    actor: Actor,
    action: str,
    subject: str,
    data: dict[str, Any] | None = None,
    head: Rows | None = None,
) -> None:
    """Write one entry; `data` must be JSON and hold no secret. `head`: what `head_statement` gave just now.

    Raises AuditError outside a transaction, and whenever there is no entry: the change must roll back.
    """
    if not connection.in_atomic_block:
        raise AuditError("An audit entry belongs into the transaction of its change.")
    number, previous, now = _head(msp, head)
    key, secret = next(iter(audit_ring().items()))
    fields = {
        "msp": str(msp.pk),
        "number": number + 1,
        "happened_at": now.isoformat(timespec="microseconds"),
        "actor": {"kind": actor.kind, "id": actor.id, "name": actor.name},
        "action": action,
        "subject": subject,
        "data": data or {},
        "previous": previous,
        "key": key,
    }
    try:
        record = canonical(fields)
        entry_hash = hash_of(record)
    except (TypeError, ValueError) as error:
        raise AuditError(f"The data of {action} is not JSON: {error}") from error
    # In the order of COLUMNS; text of the columns is cut to what they hold, the record has it whole.
    columns = [number + 1, action, str(actor)[:200], subject[:200], record, previous, entry_hash]
    _store(msp, now, [*columns, seal_of(secret, "entry", entry_hash)])


# `json.dumps` would make one for each text, of which a consent has twenty.
_CANONICAL = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def canonical(value: object) -> str:
    """The one JSON text of a value: sorted keys, no spaces, no NaN."""
    return _CANONICAL.encode(value)


def head_statement(msp: Msp) -> Statement:
    """What the next entry goes on from, for `run_together`. The MSP's other entries wait until the transaction ends."""
    database = connections[DEFAULT_DB_ALIAS]
    return Statement(HEAD_SQL[database.vendor], [_key(msp.pk, database)])


def _head(msp: Msp, known: Rows | None = None) -> tuple[int, str, datetime]:
    """Number and hash of the newest entry, and the database's time."""
    rows = run(connections[DEFAULT_DB_ALIAS], *head_statement(msp)) if known is None else known
    if not rows:
        raise AuditError(f"{msp} has no audit chain: its head was removed from the database.")
    number, last_hash, now = rows[0]
    if isinstance(now, str):
        now = datetime.fromisoformat(now)
    return number, last_hash, now.replace(tzinfo=UTC)


def _store(msp: Msp, now: datetime, columns: list[Any]) -> None:
    database = connections[DEFAULT_DB_ALIAS]
    number, entry_hash = columns[0], columns[6]
    msp_key = _key(msp.pk, database)
    moment = database.ops.adapt_datetimefield_value(now)
    row = [_key(UUID(entry_hash[:32]), database), msp_key, moment, *columns]
    move = [number, entry_hash, msp_key, number - 1]
    statements = STORE_SQL[database.vendor]
    try:
        for sql, values in zip(statements, [[*row, *move]] if len(statements) == 1 else [row, move], strict=True):
            moved = run(database, sql, values)
    except IntegrityError as error:
        raise AuditError(f"Entry {number} of {msp} was refused by the database: {error}") from error
    if not moved:
        raise AuditError(f"Entry {number} of {msp} came too late: another one took its number.")


def _key(value: UUID, database: BaseDatabaseWrapper) -> UUID | str:
    """A UUID as its column takes it."""
    return value.hex if database.vendor == "sqlite" else value
