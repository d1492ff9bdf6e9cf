"""Answers that are lists: paged by the last id, activities by olderThan, and those that come whole."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from tools.answers import Answer, Result, UnusableAnswerError, dict_of, kind_of
from tools.capping import rows_fitting

if TYPE_CHECKING:
    from tools.calls import JSON, Call

# A NinjaOne that hands out tiny pages does not keep us for hours: after so many, `next` goes on.
MAX_PAGES = 25
SMALLEST_ACTIVITY_PAGE = 10
TOO_LONG = "The rows are longer than 40,000 characters, so the last ones were left out."


class Filter(NamedTuple):
    """Keeps rows whose `path` equals `value`, or contains it whatever the case. A row without the path stays out,
    unless `lenient`: that is for scopes that NinjaOne applied already and that we check again.
    """

    path: tuple[str, ...]
    value: str | int
    contains: bool = False
    lenient: bool = False

    def fits(self, row: JSON) -> bool:
        """Whether the row stays."""
        found = row
        for key in self.path:
            found = found.get(key) if isinstance(found, dict) else None
        if found is None:
            return self.lenient
        values = found if isinstance(found, list) else [found]
        if self.contains:
            return any(str(self.value).casefold() in str(value).casefold() for value in values)
        return any(value == self.value for value in values)


class Among(NamedTuple):
    """Keeps rows whose `key` is one of `values`. A row without it stays out."""

    key: str
    values: frozenset[int]

    def fits(self, row: dict[str, Any]) -> bool:
        """Whether the row stays."""
        value = row.get(self.key)
        return isinstance(value, int) and value in self.values


@dataclass(frozen=True)
class PagedAnswer(Answer):
    """A list in pages; `parameter` takes the last id of the page before. `argument` is its name for the agent."""

    limit: int
    parameter: str = "after"
    argument: str = "after"
    filters: tuple[Filter | Among, ...] = ()
    narrow: str = "Ask for the rest with next, or with a smaller limit."

    def next_call(self, call: Call, pages: list[JSON]) -> Call | None:
        """The page after the last id, until the limit, an empty page, or a page that brings nothing new."""
        walk = self._walk(pages)
        if walk.is_over or len(walk.kept) >= self.limit or len(pages) >= MAX_PAGES:
            return None
        query = [pair for pair in call.query if pair[0] != self.parameter]
        return replace(call, query=(*query, (self.parameter, str(walk.last_id))))

    def result(self, pages: list[JSON], *, upstream_status: int) -> Result:
        """The rows up to the limit, and where to go on."""
        walk = self._walk(pages)
        rows = walk.kept[: self.limit]
        fitting = rows_fitting(rows)
        is_shrunk = bool(rows) and fitting[-1:] != rows[len(fitting) - 1 : len(fitting)]
        is_capped = len(fitting) < len(rows) or is_shrunk
        following: dict[str, int] | None = None
        if is_capped or len(walk.kept) > self.limit or (len(rows) == self.limit and not walk.is_over):
            following = {self.argument: rows[len(fitting) - 1]["id"]}
        elif not walk.is_over:
            following = {self.argument: walk.last_id}
        return list_result(
            fitting, following, is_capped=is_capped, note=f"{TOO_LONG} {self.narrow}" if is_capped else ""
        )

    def rows_of(self, page: JSON) -> list[dict[str, Any]]:
        """The rows of one page. Raises UnusableAnswerError."""
        return rows_of(page)

    def _walk(self, pages: list[JSON]) -> _Walk:
        seen: dict[int, None] = {}
        kept: list[dict[str, Any]] = []
        is_over = False
        for page in pages:
            fresh = [row for row in self.rows_of(page) if id_of(row) not in seen]
            is_over = not fresh
            seen.update(dict.fromkeys(row["id"] for row in fresh))
            kept += [row for row in fresh if all(one.fits(row) for one in self.filters)]
        return _Walk(kept, self._last_id(seen), is_over)

    def _last_id(self, seen: Iterable[int]) -> int:
        return list(seen)[-1] if seen else 0


class _Walk(NamedTuple):
    """Where a reader of pages stands: what it kept, the id to go on from, and whether there is nothing more."""

    kept: list[dict[str, Any]]
    last_id: int
    is_over: bool


@dataclass(frozen=True)
class ActivitiesAnswer(PagedAnswer):
    """Activities, newest first. Their ids are the only order that is sure, so we sort by them."""

    parameter: str = "olderThan"
    argument: str = "older_than"
    narrow: str = "Ask for the rest with next, or narrow by activity_type, status or newer_than."

    def rows_of(self, page: JSON) -> list[dict[str, Any]]:
        """The activities of one page, newest first."""
        rows = rows_of(dict_of(page, "an object with activities").get("activities"))
        return sorted(rows, key=id_of, reverse=True)

    def _last_id(self, seen: Iterable[int]) -> int:
        return min(seen, default=0)


@dataclass(frozen=True)
class WholeAnswer(Answer):
    """A list that NinjaOne gives whole: filtered, cut and paged by us. Without `offset` there is no going on."""

    limit: int
    offset: int | None = None
    filters: tuple[Filter | Among, ...] = ()
    narrow: str = "Ask for the rest with next."

    def result(self, pages: list[JSON], *, upstream_status: int) -> Result:
        """The rows from the offset up to the limit."""
        fitting = [row for row in rows_of(pages[0]) if all(one.fits(row) for one in self.filters)]
        start = self.offset or 0
        rows = fitting[start : start + self.limit]
        kept = rows_fitting(rows)
        is_more = start + len(kept) < len(fitting)
        is_shrunk = bool(kept) and kept[-1] != rows[len(kept) - 1]
        is_capped = len(kept) < len(rows) or is_shrunk or (is_more and self.offset is None)
        following = {"offset": start + len(kept)} if is_more and self.offset is not None else None
        note = f"{len(kept)} of {len(fitting)} rows. {self.narrow}" if is_capped else ""
        return list_result(kept, following, is_capped=is_capped, note=note)


def list_result(rows: list[dict[str, Any]], following: dict[str, int] | None, *, is_capped: bool, note: str) -> Result:
    """The wire contract's list."""
    value = {"items": rows, "next": following, "truncated": is_capped}
    return Result(value, truncated=is_capped, note=note)


def rows_of(page: JSON) -> list[dict[str, Any]]:
    """`page`, which must be a list of objects. Raises UnusableAnswerError."""
    if not isinstance(page, list):
        raise UnusableAnswerError(f"NinjaOne answered with {kind_of(page)} where its document promises a list.")
    for row in page:
        dict_of(row, "a list of objects")
    return page


def id_of(row: dict[str, Any]) -> int:
    """The id by which NinjaOne pages. Raises UnusableAnswerError."""
    number = row.get("id")
    if not isinstance(number, int) or isinstance(number, bool):
        raise UnusableAnswerError("NinjaOne answered with a list whose rows have no id, so it cannot be paged.")
    return number
