"""Choices of a filter: names that come from outside, where no HTML is taken."""

from __future__ import annotations

from collections.abc import Iterable

from approvals.display.invisibles import in_plain_text


def choices_by_name(found: Iterable[tuple[object, str]], *, unnamed: str = "{}") -> list[tuple[str, str]]:
    """Value and label of each, by label; `unnamed` makes one of a value that has no name."""
    labels = [(str(value), in_plain_text(name) or unnamed.format(value)) for value, name in found]
    return sorted(labels, key=lambda one: (one[1].casefold(), one[0]))
