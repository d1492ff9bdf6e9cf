"""From the bytes of a script to what can be read off them, as plain lists: they go from one process to another."""

from __future__ import annotations

from typing import TypedDict

import tree_sitter_bash
from tree_sitter import Language, Parser

from approvals.display.script.calls import contents_of
from approvals.display.script.colours import colours_of
from approvals.display.script.findings import Finding, commands_of, findings_of
from approvals.display.script.programs import Kind

# A page of findings is read by nobody; how many more there are is said.
MOST_OF_A_KIND = 40
MOST_COMMANDS = 100
MOST_BROKEN = 20


class Group(TypedDict):
    """The first findings of one kind, and how many there are."""

    kind: str
    count: int
    first: list[tuple[int, str, str, str]]


class Read(TypedDict):
    """What was read; `broken` are lines that the parser did not understand."""

    broken: list[int]
    groups: list[Group]
    commands: list[tuple[str, int]]
    colours: list[tuple[str, int]]


def read(raw: bytes) -> Read:
    """What can be read off a script that is UTF-8."""
    root = Parser(Language(tree_sitter_bash.language())).parse(raw).root_node
    contents = contents_of(root, raw)
    findings = findings_of(contents, raw.decode())
    groups = [_group(kind, [found for found in findings if found.kind is kind]) for kind in Kind]
    return {
        "broken": sorted(contents.broken)[:MOST_BROKEN],
        "groups": [group for group in groups if group["count"]],
        "commands": commands_of(contents)[:MOST_COMMANDS],
        "colours": colours_of(root, raw),
    }


def _group(kind: Kind, findings: list[Finding]) -> Group:
    first = [(found.line, found.source, found.why, found.program) for found in findings[:MOST_OF_A_KIND]]
    return {"kind": kind.value, "count": len(findings), "first": first}
