"""Colours: which part of a script is a comment, a text, a command. Every character belongs to exactly one part."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tree_sitter import Node

COLOURS = ("comment", "string", "variable", "command", "number", "keyword", "operator")
KEYWORDS = {
    "if", "then", "else", "elif", "fi", "for", "while", "until", "do", "done", "case", "esac", "in", "select",
    "function", "declare", "typeset", "export", "readonly", "local", "unset", "unsetenv", "[[", "]]", "((", "))",
    "[", "]", "!", "time", "coproc",
}  # fmt: skip
OPERATORS = {
    "|", "|&", "||", "&&", ";", ";;", ";&", ";;&", "&", ">", ">>", "<", "<<", "<<-", "<<<", "&>", "&>>", ">&", "<&",
    ">|", "<>", "(", ")", "{", "}", "$(", "`", "<(", ">(",
}  # fmt: skip
TEXTS = {"string_content", "raw_string", "ansi_c_string", "heredoc_body", "heredoc_content", '"'}
# Whole nodes that are one colour, although they have parts.
WHOLE = {"comment", "raw_string", "ansi_c_string"}


def colours_of(root: Node, raw: bytes) -> list[tuple[str, int]]:
    """The script from its first character to its last: the name of a colour ("" for none), and for how many."""
    colours: list[tuple[str, int]] = []
    for colour, part in _parts(root, raw):
        length = len(part.decode())
        if colours and colours[-1][0] == colour:
            colours[-1] = (colour, colours[-1][1] + length)
        elif length:
            colours.append((colour, length))
    return colours


def _parts(root: Node, raw: bytes) -> Iterator[tuple[str, bytes]]:
    end = 0
    for colour, start, stop in _leaves(root):
        if start >= end:  # what stands behind the start of a here-document is not always in order
            yield "", raw[end:start]
            yield colour, raw[start:stop]
            end = stop
    yield "", raw[end:]


def _leaves(root: Node) -> Iterator[tuple[str, int, int]]:
    stack: list[tuple[Node, str]] = [(root, "")]
    while stack:
        node, above = stack.pop()
        colour = _colour(node, above)
        if node.child_count and node.type not in WHOLE:
            stack += [(child, colour) for child in reversed(node.children)]
        else:
            yield colour, node.start_byte, node.end_byte


def _colour(node: Node, above: str) -> str:
    kind = node.type
    if kind == "comment":
        return "comment"
    if kind in {"string", "heredoc_body", *TEXTS} or (above == "string" and not node.is_named):
        return "string"
    if kind in {"simple_expansion", "expansion", "variable_name", "special_variable_name"} or above == "variable":
        return "variable"
    if kind == "command_name" or (above == "command" and kind == "word"):
        return "command"
    if kind in {"heredoc_start", "heredoc_end", "number", "file_descriptor"}:
        return "number"
    if not node.is_named and kind in KEYWORDS:
        return "keyword"
    return "operator" if not node.is_named and kind in OPERATORS else ""
