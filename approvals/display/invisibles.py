"""Text by strangers as a person must see it: what is invisible or looks like something else carries its code point."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from enum import Enum
from itertools import groupby
from typing import NamedTuple

from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from approvals.display.lookalikes import LOOKALIKES


class Kind(Enum):
    """What is odd about a character; the value is the CSS class of its mark."""

    PLAIN = ""
    OTHER = "is-other"  # not ASCII, and plainly so: ü, 漢
    LOOKALIKE = "is-lookalike"
    HIDDEN = "is-hidden"

    @property
    def words(self) -> str:
        """What a screen reader and a tooltip say."""
        match self:
            case Kind.HIDDEN:
                return _("invisible or controlling character")
            case Kind.LOOKALIKE:
                return _("looks like an ASCII character, but is not")
            case Kind.OTHER:
                return _("not ASCII")
            case Kind.PLAIN:
                return ""


class Piece(NamedTuple):
    """A run of plain text, or one odd character."""

    text: str
    kind: Kind = Kind.PLAIN

    @property
    def code(self) -> str:
        """U+202E, and its name where Unicode gives one."""
        name = unicodedata.name(self.text, CONTROL_NAMES.get(self.text, ""))
        return f"U+{ord(self.text):04X} {name}".strip()


# What `kind_of` calls plain, character by character: most texts are nothing else.
PLAIN = re.compile(r"[ -~\n\t]*")
# Letters of no width or ink that Unicode does not call format characters.
BLANK = {
    "\u00ad", "\u034f", "\u115f", "\u1160", "\u17b4", "\u17b5", "\u2800", "\u3164", "\uffa0", "\ufffc",
}  # fmt: skip
CONTROL_NAMES = {
    "\0": "NULL",
    "\a": "BELL",
    "\b": "BACKSPACE",
    "\t": "TAB",
    "\v": "LINE TABULATION",
    "\f": "FORM FEED",
    "\r": "CARRIAGE RETURN",
    "\n": "LINE FEED",
    "\x1b": "ESCAPE",
    "\x7f": "DELETE",
    "\x85": "NEXT LINE",
}
# Control and format characters, unassigned and private ones, surrogates, separators other than a space, and
# marks that sit on the character before them.
HIDDEN_CATEGORIES = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs", "Mn", "Me"}


def kind_of(character: str) -> Kind:
    """What is odd about one character; tab and line feed are as plain as ASCII."""
    if " " <= character <= "~" or character in "\n\t":
        return Kind.PLAIN
    if character in BLANK or unicodedata.category(character) in HIDDEN_CATEGORIES:
        return Kind.HIDDEN
    if character in LOOKALIKES or _ascii_twin(character):
        return Kind.LOOKALIKE
    return Kind.OTHER


def pieces_of(text: str) -> Iterator[Piece]:
    """The text as runs of plain characters and single odd ones, losing nothing."""
    for kind, run in groupby(text, kind_of):
        if kind is Kind.PLAIN:
            yield Piece("".join(run))
        else:
            yield from (Piece(character, kind) for character in run)


def marked(text: str) -> SafeString:
    """The text as safe HTML: everything escaped, odd characters marked."""
    if PLAIN.fullmatch(text):
        return escape(text)
    return format_html_join("", "{}", ((_html(piece),) for piece in pieces_of(text)))


def marked_lines(text: str) -> list[SafeString]:
    """`marked`, line by line. Lines end at line feeds alone, as a shell sees it; a carriage return is marked."""
    lines = text.split("\n")
    if len(lines) > 1 and lines[-1] == "":
        lines.pop()
    return [marked(line) for line in lines]


def in_plain_text(text: str) -> str:
    """The text for places that take no HTML, such as a choice: odd characters as their code points."""
    odd = {Kind.HIDDEN, Kind.LOOKALIKE}
    return "".join(f"[U+{ord(piece.text):04X}]" if piece.kind in odd else piece.text for piece in pieces_of(text))


def oddities(text: str) -> list[str]:
    """The odd characters of a text in words, most worrying first: for the warning above it."""
    found = {kind: sum(1 for piece in pieces_of(text) if piece.kind is kind) for kind in Kind}
    order = (Kind.HIDDEN, Kind.LOOKALIKE, Kind.OTHER)
    return [_counted(kind, found[kind]) for kind in order if found[kind]]


def _counted(kind: Kind, number: int) -> str:
    match kind:
        case Kind.HIDDEN:
            words = ngettext(
                "%(number)s invisible or controlling character",
                "%(number)s invisible or controlling characters",
                number,
            )
        case Kind.LOOKALIKE:
            words = ngettext(
                "%(number)s look-alike of an ASCII character", "%(number)s look-alikes of ASCII characters", number
            )
        case _other:
            words = ngettext(
                "%(number)s other character beyond ASCII", "%(number)s other characters beyond ASCII", number
            )
    return words % {"number": number}


def _html(piece: Piece) -> SafeString | str:
    if piece.kind is Kind.PLAIN:
        return piece.text
    if piece.kind is Kind.OTHER:
        return format_html('<span class="odd is-other" title="{}">{}</span>', piece.code, piece.text)
    shown = "" if piece.kind is Kind.HIDDEN else piece.text
    return format_html(
        '<span class="odd {}" title="{}: {}">{}<b>{}</b></span>',
        piece.kind.value,
        piece.code,
        piece.kind.words,
        shown,
        f"U+{ord(piece.text):04X}",
    )


def _ascii_twin(character: str) -> bool:
    """Whether compatibility forms of it are ASCII: fullwidth, mathematical, circled, ligatures."""
    normal = unicodedata.normalize("NFKC", character)
    return normal != character and normal.isascii()
