"""Two texts line by line: what went, what came, with a little of what stayed around it."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import NamedTuple

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from approvals.display.invisibles import marked

AROUND = 3
# Comparing takes time by the square of the lines that differ; equal beginnings and ends cost nothing.
MOST_LINES = 1_000


class Line(NamedTuple):
    """A line of the comparison with its numbers before and after; None on the side where it does not stand."""

    sign: str  # "-", "+", " ", or "…" for lines left out
    text: SafeString
    before: int | None = None
    after: int | None = None

    @property
    def look(self) -> str:
        """The CSS class."""
        return {"-": "is-removed", "+": "is-added", "…": "is-skipped"}.get(self.sign, "is-same")

    @property
    def words(self) -> str:
        """What a screen reader says."""
        return {"-": _("removed"), "+": _("added"), "…": _("skipped")}.get(self.sign) or _("same")


def differences(before: str, after: str) -> list[Line] | None:
    """What changed from one text to the other; None where it is too much to compare."""
    if before.endswith("\n") and after.endswith("\n"):
        before, after = before[:-1], after[:-1]
    old, new = before.split("\n"), after.split("\n")
    start = _equal(old, new)
    end = _equal(old[start:][::-1], new[start:][::-1])
    middle = old[start : len(old) - end], new[start : len(new) - end]
    if sum(map(len, middle)) > MOST_LINES:
        return None
    operations = SequenceMatcher(None, *middle, autojunk=False).get_opcodes()
    shifted = [(tag, i1 + start, i2 + start, j1 + start, j2 + start) for tag, i1, i2, j1, j2 in operations]
    lines = list(_kept(new, 0, 0, start, is_last=False))
    for tag, i1, i2, j1, j2 in shifted:
        if tag == "equal":
            lines += _kept(new, i1, j1, i2 - i1, is_last=False)
        lines += [Line("-", marked(old[place]), before=place + 1) for place in range(i1, i2) if tag != "equal"]
        lines += [Line("+", marked(new[place]), after=place + 1) for place in range(j1, j2) if tag != "equal"]
    return [*lines, *_kept(new, len(old) - end, len(new) - end, end, is_last=True)]


def _equal(one: list[str], other: list[str]) -> int:
    """How many lines both begin with."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (left, right) in pairs if left != right), min(len(one), len(other)))


def _kept(new: list[str], i: int, j: int, count: int, *, is_last: bool) -> Iterator[Line]:
    """Lines that stayed, as far as they stand beside a change."""
    head = 0 if j == 0 else AROUND
    tail = 0 if is_last else AROUND
    if count <= head + tail + 1:
        head, tail = count, 0
    for place in range(count):
        if place < head or place >= count - tail:
            yield Line(" ", marked(new[j + place]), before=i + place + 1, after=j + place + 1)
        elif place == head:
            left_out = count - head - tail
            yield Line("…", _left_out(left_out))


def _left_out(number: int) -> SafeString:
    words = ngettext("{number} line the same", "{number} lines the same", number)
    return format_html(words, number=number)
