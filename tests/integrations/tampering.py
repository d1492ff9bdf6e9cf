"""What somebody with the database, but neither the audit key nor the checkpoints, could do."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from integrations.audit import Actor, audit_append
from integrations.audit.chain import canonical
from integrations.audit_verifier import hash_of, seal_of
from integrations.models import AuditEvent, Msp

# Sealed with by somebody who made up a key.
STRANGER = b"a key that was never in the ring 0123456789"
TABLES = (
    "integrations_auditevent",
    "integrations_audithead",
    "integrations_audittombstone",
    "integrations_retention",
)


def append(msp: Msp, count: int = 1, **data: Any) -> None:
    """More entries."""
    for _ in range(count):
        with transaction.atomic():
            audit_append(msp=msp, actor=Actor.system("test"), action="test.entry", subject="tampering", data=data)


@contextlib.contextmanager
def unguarded() -> Iterator[None]:
    """The audit's tables without their triggers, as their owner could make them."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(
                "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN (%s, %s, %s, %s)", TABLES
            )
            found = cursor.fetchall()
            off, on = [f"DROP TRIGGER {name}" for name, _ in found], [sql for _, sql in found]
        else:
            off, on = ([f"ALTER TABLE {t} {verb} TRIGGER USER" for t in TABLES] for verb in ("DISABLE", "ENABLE"))
        for statement in off:
            cursor.execute(statement)
        try:
            yield
        finally:
            for statement in on:
                cursor.execute(statement)


def entry(msp: Msp, number: int) -> AuditEvent:
    """One entry."""
    return AuditEvent.objects.get(msp=msp, number=number)


def rehash(event: AuditEvent, sealed_by: bytes, **changes: Any) -> dict[str, Any]:
    """The columns of an entry with a changed record, hashed anew and sealed with `sealed_by`."""
    record = canonical({**json.loads(event.record), **changes})
    last_hash = hash_of(record)
    return {
        "id": UUID(last_hash[:32]),
        "record": record,
        "hash": last_hash,
        "seal": seal_of(sealed_by, "entry", last_hash),
    }
