"""What an MSP's periods are by its audit. The columns alone are not believed: a database's owner can set them.

Every change of the periods is an entry. The chain is followed to its end, some thousand entries at a time, and a sealed
bookmark says how far it was and what the periods were there, so that a day's work is a day's entries. Whoever puts an
older bookmark back, or removes it, makes us read more and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, TypeVar

from integrations.audit.chain import canonical
from integrations.audit.keys import audit_ring
from integrations.audit_verifier import GENESIS, BrokenError, Chain, seal_of, vouched_for
from integrations.installation import audit_register
from integrations.models import AuditEvent, AuditHead, AuditTombstone, Msp, Retention
from integrations.models.retention import AUDIT_DAYS, INVOCATIONS_DAYS, PERIODS, RESULTS_DAYS

CHANGES = frozenset({"retention.changed", "retention.shortened"})
# Entries that are followed at a time: half a second.
STEP = 20_000
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Periods:
    """Days in force and days wanted, in the order of PERIODS, and when the wanted ones come into force."""

    days: tuple[int, ...]
    wanted: tuple[int, ...]
    shortens_at: str | None

    @classmethod
    def of(cls, row: Retention) -> Periods:
        """As the columns have them."""
        return cls.read(periods_in_words(row))

    @classmethod
    def read(cls, said: dict[str, Any]) -> Periods:
        """As an entry has them."""
        days, wanted = (tuple(int(said[of][name]) for name in PERIODS) for of in ("days", "wanted"))
        return cls(days, wanted, said["shortens_at"])

    def after(self, fields: dict[str, Any]) -> Periods:
        """The periods after this entry."""
        if fields["action"] not in CHANGES:
            return self
        found, then = (Periods.read(fields["data"][name]) for name in ("before", "after"))
        if found == self:
            return then
        # Somebody had set the columns without an entry. Nothing becomes shorter by that, whoever confirmed it unawares.
        days, wanted = (tuple(map(max, *pair)) for pair in ((self.days, then.days), (self.wanted, then.wanted)))
        return Periods(days, wanted, None if days == wanted else then.shortens_at)

    def __str__(self) -> str:
        days = "/".join(map(str, self.days))
        return (
            days if self.days == self.wanted else f"{days}, {'/'.join(map(str, self.wanted))} from {self.shortens_at}"
        )


# With which the database makes an MSP.
DAYS = (RESULTS_DAYS, INVOCATIONS_DAYS, AUDIT_DAYS)
FIRST = Periods(DAYS, DAYS, None)


class Place(NamedTuple):
    """An entry of a chain, and the periods after it."""

    number: int
    hash: str
    periods: Periods


def periods_in_words(row: Retention) -> dict[str, object]:
    """For an entry."""
    at = row.shortens_at
    return {"days": row.in_force, "wanted": row.wanted, "shortens_at": at and at.isoformat(timespec="seconds")}


def periods_follow(row: Retention) -> Periods | None:
    """Follow the chain for a step and set the bookmark; the periods at its end, None where that is not reached yet.

    Raises BrokenError, UncheckedError.
    """
    return behind_tombstone(row.msp, partial(_follow, row))


def behind_tombstone(msp: Msp, read: Callable[[Place], T]) -> T:
    """What `read` finds in the entries behind the tombstone. Raises BrokenError, UncheckedError.

    Its reads see no single moment. What it misses may have been trimmed by another worker in between: then a later
    tombstone has our seal, and it reads anew from there. There are only so many of these, and a broken chain has none.
    """
    stone = tombstone_place(msp)
    while True:
        try:
            return read(stone)
        except BrokenError:
            later = tombstone_place(msp)
            if later.number <= stone.number:
                raise
            stone = later


def _follow(row: Retention, stone: Place) -> Periods | None:
    head = AuditHead.objects.get(msp=row.msp)
    place = _begun(row, head, stone)
    last = min(head.number, place.number + STEP)
    chain = chain_at(row.msp, place)
    periods = place.periods
    rows = AuditEvent.objects.for_msp(row.msp).filter(number__gt=place.number, number__lte=last).order_by("number")
    for entry in rows.values_list("record", "hash", "seal").iterator(1000):
        periods = periods.after(chain.follow(*entry))
    if chain.number < last or (chain.number == head.number and chain.hash != head.hash):
        raise BrokenError(chain.number + 1, f"is missing: the head of the chain is entry {head.number}")
    # With a new key as well, so that all that is in use is sealed with it.
    if chain.number > place.number or not _is_marked_with(row, next(iter(audit_ring()))):
        _mark(row, Place(chain.number, chain.hash, periods))
    return periods if chain.number == head.number else None


def chain_at(msp: Msp, place: Place) -> Chain:
    """The chain, to be followed from there on."""
    ring = audit_ring()
    chain = Chain(msp=str(msp.pk), ring=ring, vouched=vouched_for(audit_register(), ring))
    chain.begin_among(place.number + 1, place.hash)
    return chain


def tombstone_place(msp: Msp) -> Place:
    """Where the entries begin, by the sealed tombstone. Raises BrokenError, UncheckedError."""
    stood = AuditTombstone.objects.filter(msp=msp).first()
    if stood is None:
        return Place(0, GENESIS, FIRST)
    ring = audit_ring()
    stone = Chain(msp=str(msp.pk), ring=ring, vouched=vouched_for(audit_register(), ring)).begin_behind(
        stood.record, stood.seal
    )
    return Place(stone.through, stone.hash, periods_of_tombstone(stood.record))


def periods_of_tombstone(record: str) -> Periods:
    """The periods after the entry that it names."""
    return Periods.read(json.loads(record)["periods"])


def periods_said(periods: Periods) -> dict[str, Any]:
    """As its record has them."""
    days, wanted = (dict(zip(PERIODS, found, strict=True)) for found in (periods.days, periods.wanted))
    return {"days": days, "wanted": wanted, "shortens_at": periods.shortens_at}


def _begun(row: Retention, head: AuditHead, stone: Place) -> Place:
    """Where to go on: at the bookmark, or at the tombstone where there is none that we made of this chain."""
    marked = _marked(row)
    return marked if marked is not None and stone.number <= marked.number <= head.number else stone


def _marked(row: Retention) -> Place | None:
    """The bookmark, if it has our seal."""
    if not row.followed:
        return None
    record, _, seal = row.followed.partition("\n")
    try:
        said = json.loads(record)
        secret, msp = audit_ring().get(said["key"]), said["msp"]
    except (ValueError, KeyError, TypeError):
        return None
    if secret is None or msp != str(row.msp_id) or seal_of(secret, "bookmark", record) != seal:
        return None
    return Place(said["number"], said["hash"], Periods.read(said["periods"]))


def _is_marked_with(row: Retention, key: str) -> bool:
    """Whether the bookmark is one of ours, and sealed with this key."""
    return _marked(row) is not None and json.loads(row.followed.partition("\n")[0])["key"] == key


def _mark(row: Retention, place: Place) -> None:
    key, secret = next(iter(audit_ring().items()))
    said = {"number": place.number, "hash": place.hash, "periods": periods_said(place.periods)}
    record = canonical({**said, "msp": str(row.msp_id), "key": key})
    row.followed = f"{record}\n{seal_of(secret, 'bookmark', record)}"
    Retention.objects.filter(pk=row.pk).update(followed=row.followed)
