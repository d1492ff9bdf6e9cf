"""Keeps results at a size that an agent can read: about 40,000 characters of compact JSON."""

from __future__ import annotations

import json
from typing import Any

import orjson

MAX_CHARACTERS = 40_000
# Room for the envelope of a list: items, next, truncated.
ENVELOPE = 120
# A part with less room than this is replaced by a sentence instead of being cut.
SMALLEST_PART = 80
COMPACT = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False)


def size_of(value: Any) -> int:
    """Characters of compact JSON."""
    return len(COMPACT.encode(value))


def _surely_fits(value: Any, room: int) -> bool:
    """Whether a quicker writer says that it fits. Where it does not say so, it may fit all the same.

    orjson counts bytes, which are no fewer than characters, and writes exponents with one character less (1e16).
    """
    try:
        text = orjson.dumps(value)
    except orjson.JSONEncodeError:
        return False  # an integer of more than 64 bits
    return len(text) + text.count(b"e") <= room


def rows_fitting(rows: list[Any], room: int = MAX_CHARACTERS - ENVELOPE) -> list[Any]:
    """The longest start of `rows` that fits. A first row that is too big alone is shrunk: a reader must get on."""
    # The commas and brackets of the list are one less than what is counted below.
    if _surely_fits(rows, room - 1):
        return rows
    used = 2
    for count, row in enumerate(rows):
        used += size_of(row) + 1
        if used > room:
            return rows[:count] or [shrunk(row, room - 2)]
    return rows


def shrunk(value: Any, room: int = MAX_CHARACTERS) -> Any:
    """`value` with its largest parts cut until it fits: text is cut, lists lose their end, objects keep their keys."""
    if _surely_fits(value, room) or size_of(value) <= room:
        return value
    if isinstance(value, dict):
        return _dict_shrunk(value, room)
    if isinstance(value, list):
        return rows_fitting(value, room) if room >= SMALLEST_PART else []
    return _text_shrunk(str(value), room)


def _dict_shrunk(value: dict[str, Any], room: int) -> dict[str, Any]:
    sizes = {key: size_of(part) for key, part in value.items()}
    total = size_of(value)
    result = dict(value)
    for key in sorted(sizes, key=lambda key: sizes[key], reverse=True):
        if total <= room or sizes[key] <= SMALLEST_PART:
            break
        left = room - (total - sizes[key])
        result[key] = shrunk(value[key], left) if left >= SMALLEST_PART else _left_out(sizes[key])
        total += size_of(result[key]) - sizes[key]
    while total > room and result:
        key, part = result.popitem()
        total -= size_of(key) + size_of(part) + 2
    return result


def _text_shrunk(text: str, room: int) -> str:
    kept = max(0, room - SMALLEST_PART)
    while True:
        cut = f"{text[:kept]} ... {_left_out(len(text) - kept)}"
        if size_of(cut) <= room or kept == 0:
            return cut
        kept //= 2  # escapes take more room than the characters they stand for


def _left_out(characters: int) -> str:
    return f"[{characters} characters left out]"
