"""The commands, redirections, functions and assignments of a parsed script, wherever they stand in it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from approvals.display.script.words import Word, text_of, word_of

if TYPE_CHECKING:
    from tree_sitter import Node

REDIRECTS = {"file_redirect", "heredoc_redirect", "herestring_redirect"}
READING = {"<", "<&", "<&-"}
# A line that ends inside a word: the parser took two commands for one.
BROKEN_WORD = re.compile(rb"(?<!\\)\n")
# What keeps a here-document from being computed, and what runs something in one that is.
QUOTING = re.compile(r"[\"'\\]")
COMPUTING = re.compile(rb"(?<!\\)(?:`|\$\()[^\n]*")
# Words that bash reads as its own; the parser takes some of them for names of commands.
RESERVED = {"{", "}", "do", "done", "esac", "fi", "then", "elif", "else", "in"}


class Feed(Enum):
    """Where a command's input comes from, as far as the script says."""

    NONE = "none"
    PIPE = "pipe"
    TEXT = "text"  # a here-document or here-string
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Call:
    """One command with its words."""

    name: Word
    arguments: tuple[Word, ...]
    line: int
    source: str
    feed: Feed

    def has(self, *options: str) -> bool:
        """Whether an argument reads exactly like one of these."""
        return any(argument.text in options for argument in self.arguments)


class Redirect(NamedTuple):
    """A file that is opened for a command."""

    operator: str
    target: Word
    line: int
    source: str


class Assignment(NamedTuple):
    """A variable that gets a value."""

    name: str
    value: str
    line: int
    source: str


@dataclass(slots=True)
class Contents:
    """Everything that was found in the bytes of a script."""

    raw: bytes
    calls: list[Call] = field(default_factory=list)
    redirects: list[Redirect] = field(default_factory=list)
    assignments: list[Assignment] = field(default_factory=list)
    functions: list[tuple[str, int]] = field(default_factory=list)
    computed: list[tuple[int, str]] = field(default_factory=list)  # parts of here-documents that run something
    broken: set[int] = field(default_factory=set)  # lines that the parser did not understand


class Place(NamedTuple):
    """Where a node stands: what feeds it, and words of its command that stand behind a redirection."""

    feed: Feed = Feed.NONE
    late: tuple[Word, ...] = ()


def contents_of(root: Node, raw: bytes) -> Contents:
    """Walk the whole tree, without recursion: how deep it is, a stranger decides. Asking for parents costs as much."""
    contents = Contents(raw)
    stack: list[tuple[Node, Place]] = [(root, Place())]
    while stack:
        node, place = stack.pop()
        _note(node, place, contents)
        if node.child_count:
            stack += reversed(list(_below(node, place, raw)))
    return contents


def _below(node: Node, place: Place, raw: bytes) -> Iterator[tuple[Node, Place]]:
    children = node.children
    if node.type == "redirected_statement":
        place = Place(_feed_of(children, place.feed), _late_words(children, raw))
    elif place.late:
        place = Place(place.feed)
    later = Place(Feed.PIPE) if node.type == "pipeline" else place
    for number, child in enumerate(children):
        yield child, later if number else place


def _feed_of(children: list[Node], feed: Feed) -> Feed:
    for child in children:
        if child.type in {"heredoc_redirect", "herestring_redirect"}:
            return Feed.TEXT
        if child.type == "file_redirect" and any(part.type in READING for part in child.children):
            return Feed.FILE
    return feed


def _late_words(children: list[Node], raw: bytes) -> tuple[Word, ...]:
    """`rm > log -rf /`: what the parser sees as more targets are words of the command."""
    return tuple(word for child in children for word in _targets(child, raw)[1:])


def _note(node: Node, place: Place, contents: Contents) -> None:
    raw = contents.raw
    is_torn = node.type == "word" and BROKEN_WORD.search(raw[node.start_byte : node.end_byte])
    if node.is_error or node.is_missing or is_torn:
        contents.broken.add(line_of(node))
    match node.type:
        case "command":
            _note_call(node, place, contents)
        case "redirected_statement" if node.child_by_field_name("body") is None:
            if words := _late_words(node.children, raw):
                call = Call(words[0], words[1:], line_of(node), text_of(node, raw), Feed.FILE)
                contents.calls.append(call)
        case "file_redirect" | "heredoc_redirect":
            _note_redirect(node, contents)
        case "variable_assignment":
            contents.assignments.append(_assignment(node, raw))
        case "function_definition":
            name = node.child_by_field_name("name")
            contents.functions.append((text_of(name, raw) if name else "", line_of(node)))


def _note_call(node: Node, place: Place, contents: Contents) -> None:
    raw = contents.raw
    name = node.child_by_field_name("name")
    if name is None:
        return
    words = tuple(word_of(child, raw) for child in node.children_by_field_name("argument"))
    call = Call(
        name=word_of(name, raw),
        arguments=words + place.late,
        line=line_of(node),
        source=text_of(node, raw),
        feed=_feed_of(node.children, place.feed),
    )
    if call.name.source in RESERVED:
        contents.broken.add(call.line)
    else:
        contents.calls.append(call)


def _note_document(redirect: Node, contents: Contents) -> None:
    """The parser misses some commands in here-documents: behind backquotes, behind tabs."""
    start = next((child for child in redirect.children if child.type == "heredoc_start"), None)
    if start is None or QUOTING.search(text_of(start, contents.raw)):
        return
    bodies = [child for child in redirect.children if child.type == "heredoc_body"]
    for part in [part for body in bodies for part in (body.children or [body])]:
        if part.type in {"heredoc_body", "heredoc_content"}:
            missed = COMPUTING.search(contents.raw[part.start_byte : part.end_byte])
            if missed is not None:
                line = line_of(part) + contents.raw.count(b"\n", part.start_byte, part.start_byte + missed.start())
                contents.computed.append((line, missed[0].decode(errors="replace")))


def _assignment(node: Node, raw: bytes) -> Assignment:
    name, value = node.child_by_field_name("name"), node.child_by_field_name("value")
    return Assignment(
        name=text_of(name, raw) if name else "",
        value=text_of(value, raw) if value else "",
        line=line_of(node),
        source=text_of(node, raw),
    )


def _note_redirect(node: Node, contents: Contents) -> None:
    if node.type == "heredoc_redirect":
        _note_document(node, contents)
        return
    operator = next((child.type for child in node.children if not child.is_named), "")
    targets = _targets(node, contents.raw)
    if targets:
        shown = f"{operator} {targets[0].source}"
        contents.redirects.append(Redirect(operator, targets[0], line_of(node), shown))


def _targets(redirect: Node, raw: bytes) -> list[Word]:
    if redirect.type not in REDIRECTS:
        return []
    return [word_of(child, raw) for child in redirect.children_by_field_name("destination")]


def line_of(node: Node) -> int:
    """Counted from one, as the page counts."""
    return int(node.start_point[0]) + 1
