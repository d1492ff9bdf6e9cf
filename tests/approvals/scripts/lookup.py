"""Short ways to say what was read off a script."""

from __future__ import annotations

from approvals.display.script.parsing import read
from approvals.display.script.programs import Kind


def found(script: str, kind: Kind) -> list[tuple[int, str, str]]:
    """The findings of one kind: line, command, why."""
    groups = {group["kind"]: group["first"] for group in read(script.encode())["groups"]}
    return [(line, source, why % {"program": program}) for line, source, why, program in groups.get(kind.value, [])]


def kinds(script: str) -> set[Kind]:
    """The kinds of everything found in it."""
    return {Kind(group["kind"]) for group in read(script.encode())["groups"]}


def whys(script: str) -> list[str]:
    """Why parts of it cannot be inspected."""
    return [why for _, _, why in found(script, Kind.OPAQUE)]


def commands(script: str) -> dict[str, int]:
    """The programs it runs, and how often they are written."""
    return dict(read(script.encode())["commands"])
