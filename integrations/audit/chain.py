"""Append to an MSP's audit chain. Always inside the transaction of the change it records."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection

from integrations import prepared
from integrations.audit.keys import audit_ring
from integrations.audit_verifier import hash_of, seal_of
from integrations.models import Agent, AuditEvent, AuditHead, Msp, User

# The row lock makes the entries of one MSP queue up here; CLOCK_TIMESTAMP is read anew after waiting for it.
# On SQLite the transaction, IMMEDIATE, has the only write lock already.
HEAD_SQL = {
    "postgresql": "SELECT number, hash, CLOCK_TIMESTAMP() FROM integrations_audithead WHERE msp_id = %s FOR UPDATE",
    "sqlite": "SELECT number, hash, STRFTIME('%%Y-%%m-%%d %%H:%%M:%%f', 'NOW') FROM integrations_audithead "
    "WHERE msp_id = %s",
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


def audit_append(*, msp: Msp, actor: Actor, action: str, subject: str, data: dict[str, Any] | None = None) -> None:
    """Write one entry; `data` must be JSON and hold no secret.

    Raises AuditError outside a transaction, and whenever there is no entry: the change must roll back.
    """
    if not connection.in_atomic_block:
        raise AuditError("An audit entry belongs into the transaction of its change.")
    number, previous, now = _head(msp)
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
    event = AuditEvent(
        id=UUID(entry_hash[:32]),
        msp_id=msp.pk,
        number=number + 1,
        happened_at=now,
        action=action,
        actor=str(actor)[:200],
        subject=subject[:200],
        record=record,
        previous_hash=previous,
        hash=entry_hash,
        seal=seal_of(secret, "entry", entry_hash),
    )
    _store(event)


def canonical(value: object) -> str:
    """The one JSON text of a value: sorted keys, no spaces, no NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def _head(msp: Msp) -> tuple[int, str, datetime]:
    """Number and hash of the newest entry, and the database's time."""
    key = AuditHead._meta.pk.get_db_prep_value(msp.pk, connection)
    with connection.cursor() as cursor:
        cursor.execute(HEAD_SQL[connection.vendor], [key])
        row = cursor.fetchone()
    if row is None:
        raise AuditError(f"{msp} has no audit chain: its head was removed from the database.")
    number, last_hash, now = row
    if isinstance(now, str):
        now = datetime.fromisoformat(now)
    return number, last_hash, now.replace(tzinfo=UTC)


def _store(event: AuditEvent) -> None:
    """The entry first: the database lets the head move only onto an entry that follows it."""
    try:
        prepared.insert(event)
        moved = prepared.update(
            AuditHead, {"number": event.number, "hash": event.hash}, {"msp": event.msp_id, "number": event.number - 1}
        )
    except IntegrityError as error:
        raise AuditError(f"The entry {event} was refused by the database: {error}") from error
    if not moved:
        raise AuditError(f"The entry {event} came too late: another one took its number.")
