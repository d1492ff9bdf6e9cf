"""Characters that a person cannot see or that act on a terminal: what a technician approves must be what they read."""

from __future__ import annotations

import unicodedata

from tools.errors import FaultyValueError

# Letters and marks that show as nothing although Unicode does not class them as format characters.
_BLANKS = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0"
    + "".join(map(chr, (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
)


def plain_check(text: str, *, allowed: str = "") -> None:
    """No NUL, no control characters but `allowed`, no half of a surrogate pair. Raises FaultyValueError."""
    for offset, character in enumerate(text):
        if character in allowed:
            continue
        category = unicodedata.category(character)
        if category == "Cs":
            raise FaultyValueError("malformed_text", f"Half of a surrogate pair stands at offset {offset}.")
        if category == "Cc":
            raise FaultyValueError(
                "control_character", f"A control character ({_code(character)}) stands at offset {offset}. Remove it."
            )


def visible_check(text: str) -> None:
    """Nothing invisible: no zero-width, bidirectional or format characters, no spaces but the space.

    Raises FaultyValueError.
    """
    for offset, character in enumerate(text):
        if character.isascii():
            continue
        if unicodedata.category(character) in {"Cf", "Zl", "Zp", "Zs"} or character in _BLANKS:
            name = unicodedata.name(character, "unnamed")
            raise FaultyValueError(
                "invisible_character",
                f"An invisible character ({_code(character)} {name}) stands at offset {offset}. Remove it: a "
                "technician must see everything that they approve.",
            )


def script_check(text: str, *, max_bytes: int) -> None:
    """A script as it may be approved: sized in UTF-8 bytes, LF line ends, nothing hidden. Raises FaultyValueError."""
    if (offset := text.find("\r")) >= 0:
        raise FaultyValueError(
            "control_character",
            f"A carriage return stands at offset {offset}. Use LF line ends: bash reads the carriage return as text.",
        )
    plain_check(text, allowed="\t\n")
    visible_check(text)
    if (size := len(text.encode())) > max_bytes:
        raise FaultyValueError("too_long", f"The script has {size:,} bytes; at most {max_bytes:,} are possible.")
    if not text.strip():
        raise FaultyValueError("too_short", "The script is empty.")


def _code(character: str) -> str:
    return f"U+{ord(character):04X}"
