"""Read a chain as the database holds it, and check that it is what was written."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain as chain_of
from typing import Any, NamedTuple

import orjson
from django.db import connection

from integrations.audit.checkpoints import Mark
from integrations.audit.keys import audit_ring
from integrations.audit.periods import CHANGES, FIRST, Periods, periods_of_tombstone
from integrations.audit_verifier import BrokenError, Chain
from integrations.models import AuditHead, AuditTombstone, Msp, Retention

BATCH = 2000
# Plain text and numbers: building model instances, UUIDs and datetimes would cost more than checking them.
COLUMNS = {
    "sqlite": "id, number, REPLACE(happened_at, ' ', 'T')",
    "postgresql": "REPLACE(id::text, '-', ''), number, "
    "TO_CHAR(happened_at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US')",
}
NAMES = ("id", "happened_at", "action", "actor", "subject", "previous_hash")


class Held(NamedTuple):
    """A chain at one moment: its end, what stands in the place of removed entries, and the rows from there on."""

    head: AuditHead | None
    tombstone: AuditTombstone | None
    periods: Periods | None
    rows: Iterator[Any]


def chain_verify(*, msp: Msp, vouched: set[str], mark: Mark | None) -> Chain:
    """Check every entry, the columns beside the records, the tombstone, the head and the checkpoint.

    Raises BrokenError with the first bad entry, UncheckedError for an entry whose audit key is not in the ring.
    """
    with chain_held(msp) as held:
        if held.head is None:
            raise BrokenError(1, "may be missing: the head of the chain was removed")
        chain = Chain(msp=str(msp.pk), ring=audit_ring(), vouched=vouched, loads=orjson.loads)
        rows = _behind_tombstone(chain, held, mark)
        said = _follow(chain, rows, mark, _periods_behind(held.tombstone))
    _end(chain, msp, held.head, mark)
    if said != held.periods:
        words = f"results, calls and audit are kept for {said} days, but the database says {held.periods}"
        raise BrokenError(chain.number, f"is the newest one: up to there {words}")
    return chain


def _behind_tombstone(chain: Chain, held: Held, mark: Mark | None) -> Iterator[Any]:
    """The rows, after the chain has begun where they do."""
    first = next(held.rows, None)
    rows = iter(()) if first is None else chain_of([first], held.rows)
    if held.tombstone is None:
        return rows
    stone = chain.begin_behind(held.tombstone.record, held.tombstone.seal)
    if (held.tombstone.through, held.tombstone.hash) != (stone.through, stone.hash):
        raise BrokenError(stone.through, "has a tombstone whose columns differ from its record")
    if mark is not None and mark.number == stone.through and mark.hash != stone.hash:
        raise BrokenError(mark.number, f"is not the one that the checkpoint of {mark.at} saw: the chain was rewritten")
    if first is not None and first[1] <= stone.through:
        chain.begin_among(first[1], first[7])
    return rows


def _periods_behind(tombstone: AuditTombstone | None) -> Periods:
    """The periods where the entries begin, by a tombstone whose seal was checked."""
    return FIRST if tombstone is None else periods_of_tombstone(tombstone.record)


def _follow(chain: Chain, rows: Iterator[Any], mark: Mark | None, periods: Periods) -> Periods:
    """Check the rows; the periods after the last one."""
    follow = chain.follow
    buried = 0 if chain.tombstone is None else chain.tombstone.through
    for row in rows:
        entry_id, number, happened_at, action, actor, subject, record, previous, entry_hash, seal = row
        if number != chain.number + 1:
            raise BrokenError(chain.number + 1, f"is missing: entry {number} follows entry {chain.number}")
        fields = follow(record, entry_hash, seal)
        columns = (entry_id, happened_at, action, actor, subject, previous)
        if columns != _columns(fields, entry_hash):
            _compare(number, columns, fields, entry_hash)
        if mark is not None and number == mark.number and entry_hash != mark.hash:
            raise BrokenError(number, f"is not the one that the checkpoint of {mark.at} saw: the chain was rewritten")
        if action in CHANGES and number > buried:
            periods = periods.after(fields)
    return periods


@contextmanager
def chain_held(msp: Msp) -> Iterator[Held]:
    """A chain to be read in order, a batch at a time, however many entries are added or removed meanwhile."""
    while True:
        # The rows are those of the moment at which the cursor was opened. Had more of them been removed by then, the
        # tombstone would have moved before.
        head, tombstone, periods = _ends(msp)
        with connection.chunked_cursor() as cursor:
            names = f"{COLUMNS[connection.vendor]}, action, actor, subject, record, previous_hash, hash, seal"
            key = Msp._meta.pk.get_db_prep_value(msp.pk, connection)
            where = "msp_id = %s AND number <= %s"
            # Names come from above.
            sql = f"SELECT {names} FROM integrations_auditevent WHERE {where} ORDER BY number"  # noqa: S608
            cursor.execute(sql, [key, head.number if head else 0])
            if _is_same(msp, tombstone):
                yield Held(head, tombstone, periods, _rows(cursor))
                return


def _ends(msp: Msp) -> tuple[AuditHead | None, AuditTombstone | None, Periods | None]:
    """Head, tombstone and periods in one statement: as they were at one moment."""
    found = Msp.objects.select_related("audit_head", "audit_tombstone", "retention").get(pk=msp.pk)
    row: Retention | None = getattr(found, "retention", None)
    head, tombstone = getattr(found, "audit_head", None), getattr(found, "audit_tombstone", None)
    return head, tombstone, None if row is None else Periods.of(row)


def _is_same(msp: Msp, tombstone: AuditTombstone | None) -> bool:
    """Whether the tombstone is still where it was."""
    through = AuditTombstone.objects.filter(msp=msp).values_list("through", flat=True).first()
    return through == (None if tombstone is None else tombstone.through)


def _rows(cursor: Any) -> Iterator[Any]:
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
    chain.end()
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
