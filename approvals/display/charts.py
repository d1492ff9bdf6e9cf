"""Figures as bars. A bar is drawn on a canvas of 100 by 100 that the page stretches; its numbers stand in a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from approvals.display.figures import OUTCOMES, VERDICTS, Figures

FULL = 100.0
# Of a day's share of the canvas.
GAP = 0.16
MOST_TOOLS = 8


class Part(NamedTuple):
    """A rectangle: what it counts, and where it lies."""

    name: str
    x: str
    y: str
    width: str
    height: str


class Bar(NamedTuple):
    """One day or one tool."""

    label: str
    words: str
    parts: list[Part]
    numbers: list[int]
    total: int


class Chart(NamedTuple):
    """Bars, what their parts mean and add up to, and the longest one."""

    bars: list[Bar]
    legend: list[tuple[str, str, int]]
    longest: int
    total: int


def chart_of_days(figures: Figures) -> Chart:
    """A column per day, its outcomes one on another."""
    longest = max(counts.total() for _day, counts in figures.days)
    share = FULL / len(figures.days)
    names = [name for name, *_rest in OUTCOMES]
    words = [(name, str(words)) for name, words, _statuses in OUTCOMES]
    bars = []
    for index, (day, counts) in enumerate(figures.days):
        parts, top = [], FULL
        for name, height in _lengths(counts, names, longest):
            top -= height
            parts.append(_part(name, x=share * (index + GAP / 2), y=top, width=share * (1 - GAP), height=height))
        bars.append(_bar(short_day(day), counts, words, parts))
    return _chart(bars, words, longest)


def chart_of_tools(figures: Figures) -> Chart:
    """A line per tool, what was approved of it first; those that are asked for least together in one."""
    shown, rest = figures.tools[:MOST_TOOLS], figures.tools[MOST_TOOLS:]
    if rest:
        shown = [*shown, (_more(len(rest)), sum((counts for _tool, counts in rest), Counter[str]()))]
    longest = max((counts.total() for _tool, counts in shown), default=0)
    verdicts = [(name, str(words)) for name, words in VERDICTS]
    bars = []
    for tool, counts in shown:
        parts, left = [], 0.0
        for name, width in _lengths(counts, [name for name, _words in VERDICTS], longest):
            parts.append(_part(name, x=left, y=0, width=width, height=FULL))
            left += width
        bars.append(_bar(tool, counts, verdicts, parts))
    return _chart(bars, verdicts, longest)


def short_day(day: date) -> str:
    """ "24 Nov"."""
    return date_format(day, "j M")


def _more(number: int) -> str:
    return ngettext("%(number)s more tool", "%(number)s more tools", number) % {"number": number}


def _lengths(counts: Counter[str], names: Sequence[str], longest: int) -> list[tuple[str, float]]:
    return [(name, FULL * counts[name] / longest) for name in names if counts[name]]


def _part(name: str, *, x: float, y: float, width: float, height: float) -> Part:
    return Part(name, f"{x:.2f}", f"{y:.2f}", f"{width:.2f}", f"{height:.2f}")


def _bar(label: str, counts: Counter[str], names: Sequence[tuple[str, str]], parts: list[Part]) -> Bar:
    said = ", ".join(
        _("%(outcome)s %(number)s") % {"outcome": words.lower(), "number": counts[name]}
        for name, words in names
        if counts[name]
    )
    words = _("%(label)s: %(numbers)s") % {"label": label, "numbers": said or _("nothing")}
    return Bar(label, words, parts, [counts[name] for name, _ in names], counts.total())


def _chart(bars: list[Bar], names: Sequence[tuple[str, str]], longest: int) -> Chart:
    sums = [sum(bar.numbers[index] for bar in bars) for index in range(len(names))]
    legend = [(name, words, number) for (name, words), number in zip(names, sums, strict=True)]
    return Chart(bars=bars, legend=legend, longest=longest, total=sum(sums))
