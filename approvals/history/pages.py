"""A page of the activity or of the queue, found by where it begins and never by counting what comes before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from approvals.cursors import EPOCH, Cursor, cursor_read
from approvals.history.filters import Filters, Source, count_of, sources_of
from approvals.models import Invocation
from integrations.models import Msp

SIZE = 50
COUNT_CAP = 10_001
# How many of the calls that fit otherwise are searched for words at a time: no index has them.
SEARCHED = 20_000
START = Cursor(EPOCH, UUID(int=0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a page lies: before a call, after one, at the old end; at the new end where none of them is given."""

    before: Cursor | None = None
    after: Cursor | None = None
    is_oldest: bool = False

    @classmethod
    def read(cls, values: Mapping[str, str]) -> Place:
        """As an address names it; an unreadable one means the newest page."""
        return cls(
            before=cursor_read(values.get("before", "")),
            after=cursor_read(values.get("after", "")),
            is_oldest="oldest" in values,
        )

    @property
    def is_newest(self) -> bool:
        """The page on which new calls appear."""
        return self == Place()


NEWEST = Place()


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPage:
    """Ids of calls, newest first, and where the pages around begin; None where there is none.

    `count` is of all that fit, at most COUNT_CAP; None where nobody counted. `searched_to` is how far back words were
    looked for where that ended the page; `older` leads on from there.
    """

    ids: list[UUID]
    newer: Cursor | None = None
    older: Cursor | None = None
    count: int | None = None
    searched_to: datetime | None = None


def history_page(msp: Msp, filters: Filters, place: Place = NEWEST, *, is_counted: bool = True) -> HistoryPage:
    """A page of the calls of an MSP that fit. A look at an index for each source, and one to count."""
    if filters.words:
        return _searched(msp, filters, place.before)
    page = page_of(sources_of(msp, filters), place, SIZE)
    return replace(page, count=count_of(msp, filters, COUNT_CAP)) if is_counted else page


def page_of(sources: Sequence[Source], place: Place, size: int) -> HistoryPage:
    """The page of so many calls at that place. A look at an index for each source, and nothing is counted."""
    is_backwards = place.is_oldest or place.after is not None
    after = place.after or (START if place.is_oldest else None)
    keys = _merged(sources, size + 1, before=place.before, after=after)
    has_more, keys = len(keys) > size, keys[:size]
    if is_backwards:
        keys.reverse()
        if place.after is not None and not has_more:
            # The new end: as full as it is for whoever comes there first.
            return page_of(sources, NEWEST, size)
    has_newer = has_more if is_backwards else place.before is not None
    has_older = not place.is_oldest if is_backwards else has_more
    return HistoryPage(
        ids=[key.id for key in keys],
        newer=keys[0] if keys and has_newer else None,
        older=keys[-1] if keys and has_older else None,
    )


def rows_of(msp: Msp, ids: Sequence[UUID], *, without: Sequence[str] = ()) -> list[Invocation]:
    """The calls of these ids, in this order, with their agents."""
    found = Invocation.objects.for_msp(msp).filter(pk__in=ids).select_related("agent", "effect").defer(*without)
    rows = {row.pk: row for row in found}
    return [rows[pk] for pk in ids if pk in rows]


def _searched(msp: Msp, filters: Filters, before: Cursor | None) -> HistoryPage:
    """What holds the words, among the next calls that fit otherwise."""
    edge = sources_of(msp, filters.without_words())[0].key_at(SEARCHED, before=before)
    sources = sources_of(msp, filters)
    if edge is not None:
        sources = [source.since(edge) for source in sources]
    keys = [key for key in _merged(sources, SIZE + 1, before=before) if edge is None or key >= edge]
    is_full = len(keys) > SIZE
    keys = keys[:SIZE]
    return HistoryPage(
        ids=[key.id for key in keys],
        older=keys[-1] if is_full else edge,
        searched_to=None if is_full or edge is None else edge.at,
    )


def _merged(
    sources: Sequence[Source], limit: int, *, before: Cursor | None = None, after: Cursor | None = None
) -> list[Cursor]:
    found = [key for source in sources for key in source.keys(limit, before=before, after=after)]
    return sorted(found, reverse=after is None)[:limit]
