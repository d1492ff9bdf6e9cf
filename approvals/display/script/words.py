"""Words of a script: what a shell makes of one, as far as that is certain without running it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from tree_sitter import Node

LONGEST = 2000
ESCAPE = re.compile(r"\\(\n|.)", re.DOTALL)
ESCAPE_IN_QUOTES = re.compile(r'\\([\n"$`\\])')
# What a shell replaces by something else: names of files, lists in braces.
PATTERN = re.compile(r"(?<!\\)[*?\[{}]")


class Word(NamedTuple):
    """A word as written, and what it stands for; None where only running it would tell."""

    source: str
    value: str | None

    @property
    def text(self) -> str:
        """The value where it is certain, else as written."""
        return self.source if self.value is None else self.value


def text_of(node: Node, raw: bytes) -> str:
    """The script's own text of a node, cut where it gets long: nested parts would be copied again and again."""
    return raw[node.start_byte : min(node.end_byte, node.start_byte + LONGEST)].decode(errors="replace")


def word_of(node: Node, raw: bytes) -> Word:
    """The word that a node is."""
    is_long = node.end_byte - node.start_byte > LONGEST
    return Word(text_of(node, raw), None if is_long else _value(node, raw))


def _value(node: Node, raw: bytes) -> str | None:
    text = text_of(node, raw)
    match node.type:
        case "word" | "number":
            return None if PATTERN.search(text) else _unescaped(ESCAPE, text)
        case "raw_string":
            return text[1:-1]
        case "ansi_c_string":
            return None if "\\" in text else text[2:-1]
        case "string":
            is_plain = all(child.type == "string_content" for child in node.named_children)
            return _unescaped(ESCAPE_IN_QUOTES, text[1:-1]) if is_plain else None
        case "command_name" if node.named_child_count == 1:
            return _value(node.named_children[0], raw)
        case "concatenation":
            # Its parts are no concatenations again.
            parts = [_value(child, raw) for child in node.children if child.type != "concatenation"]
            return None if None in parts or len(parts) < node.child_count else "".join(map(str, parts))
    return None


def _unescaped(escape: re.Pattern[str], text: str) -> str:
    return escape.sub(lambda found: "" if found[1] == "\n" else found[1], text)
