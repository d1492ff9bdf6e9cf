"""Read a chain as the database holds it, and check that it is what was written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson
from django.db import connection

from integrations.audit.checkpoints import Mark
from integrations.audit.keys import audit_ring
from integrations.audit_verifier import BrokenError, Chain
from integrations.models import AuditHead, Msp

BATCH = 2000
# Plain text and numbers: building model instances, UUIDs and datetimes would cost more than checking them.
COLUMNS = {
    "sqlite": "id, number, REPLACE(happened_at, ' ', 'T')",
    "postgresql": "REPLACE(id::text, '-', ''), number, "
    "TO_CHAR(happened_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US')",
}
NAMES = ("id", "happened_at", "action", "actor", "subject", "previous_hash")


@dataclass(frozen=True, slots=True)
class Verified:
    """An intact chain."""

    number: int
    hash: str
    mark: Mark | None


def chain_verify(*, msp: Msp, vouched: set[str], mark: Mark | None) -> Verified:
    """Check every entry, the columns beside the records, the head and the checkpoint.

    Raises BrokenError with the first bad entry, UncheckedError for an entry whose audit key is not in the ring.
    """
    head = AuditHead.objects.filter(msp=msp).first()
    if head is None:
        raise BrokenError(1, "may be missing: the head of the chain was removed")
    chain = Chain(msp=str(msp.pk), ring=audit_ring(), vouched=vouched, loads=orjson.loads)
    follow = chain.follow
    for row in entries(msp, through=head.number):
        entry_id, number, happened_at, action, actor, subject, record, previous, entry_hash, seal = row
        if number != chain.number + 1:
            raise BrokenError(chain.number + 1, f"is missing: entry {number} follows entry {chain.number}")
        fields = follow(record, entry_hash, seal)
        columns = (entry_id, happened_at, action, actor, subject, previous)
        if columns != _columns(fields, entry_hash):
            _compare(number, columns, fields, entry_hash)
        if mark is not None and number == mark.number and entry_hash != mark.hash:
            raise BrokenError(number, f"is not the one that the checkpoint of {mark.at} saw: the chain was rewritten")
    _end(chain, msp, head, mark)
    return Verified(chain.number, chain.hash, mark)


def entries(msp: Msp, *, through: int) -> Iterator[Any]:
    """The rows of one chain in order, up to and with number `through`, a batch at a time."""
    names = f"{COLUMNS[connection.vendor]}, action, actor, subject, record, previous_hash, hash, seal"
    where = "msp_id = %s AND number <= %s"
    key = Msp._meta.pk.get_db_prep_value(msp.pk, connection)
    with connection.chunked_cursor() as cursor:
        # Names come from above.
        cursor.execute(f"SELECT {names} FROM integrations_auditevent WHERE {where} ORDER BY number", [key, through])  # noqa: S608
        while rows := cursor.fetchmany(BATCH):
            yield from rows


def _columns(fields: dict[str, Any], entry_hash: str) -> tuple[str, str, str, str, str, str]:
    """What stands beside the record, but for its number."""
    actor = fields["actor"]
    return (
        entry_hash[:32],
        fields["happened_at"][:26],
        fields["action"],
        f"{actor['kind']} {actor['name']}"[:200],
        fields["subject"][:200],
        fields["previous"],
    )


def _compare(number: int, columns: tuple[str, ...], fields: dict[str, Any], entry_hash: str) -> None:
    """Name the column that says something else than the record."""
    for name, value, expected in zip(NAMES, columns, _columns(fields, entry_hash), strict=True):
        # SQLite stores no fraction of a whole second.
        if value != expected and f"{value}.000000" != expected:
            raise BrokenError(number, f"has a column that differs from its record: {name}")


def _end(chain: Chain, msp: Msp, head: AuditHead, mark: Mark | None) -> None:
    if (chain.number, chain.hash) != (head.number, head.hash):
        raise BrokenError(chain.number + 1, f"is missing: the head of the chain is entry {head.number}")
    key = Msp._meta.pk.get_db_prep_value(msp.pk, connection)
    with connection.cursor() as cursor:
        # In one statement: what others append meanwhile is ahead of no head.
        cursor.execute(
            "SELECT MIN(e.number) FROM integrations_auditevent e JOIN integrations_audithead h ON h.msp_id = e.msp_id "
            "WHERE e.msp_id = %s AND e.number > h.number",
            [key],
        )
        (beyond,) = cursor.fetchone()
    if beyond is not None:
        raise BrokenError(beyond, "was put behind the end of the chain")
    if mark is not None and mark.number > chain.number:
        raise BrokenError(
            chain.number + 1, f"is missing: the checkpoint of {mark.at} saw {mark.number} entries, the end was cut off"
        )
