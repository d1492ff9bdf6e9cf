"""What the page says about a script: asked of a process of its own, within limits, and never a verdict."""

from __future__ import annotations

import json
import subprocess
import sys
from functools import lru_cache
from typing import NamedTuple, cast

from django.conf import settings
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from approvals.display.invisibles import marked, marked_lines
from approvals.display.script.colours import COLOURS
from approvals.display.script.parsing import Read
from approvals.display.script.programs import Kind

COMMAND = [sys.executable, "-E", "-s", "-X", "utf8", "-m", "approvals.display.script"]
SECONDS = 4.0
KEPT = 16  # scripts whose reading is remembered: a page is loaded more than once, by more than one person
# A long script has tens of thousands of parts: safe strings are added, not formatted.
OPENING = {colour: SafeString(f'<span class="code-{colour}">') for colour in COLOURS}
CLOSING = SafeString("</span>")


class UnreadableError(Exception):
    """Nothing can be read off a script; says why."""


class Finding(NamedTuple):
    """One line of the list."""

    line: int
    source: SafeString
    why: str


class Group(NamedTuple):
    """Findings of one kind. `more` is how many are not listed."""

    kind: Kind
    findings: list[Finding]
    more: int

    @property
    def is_opaque(self) -> bool:
        """The one that people must not overlook."""
        return self.kind is Kind.OPAQUE


class Reading(NamedTuple):
    """The script's lines, coloured where it could be parsed, and what was read off them.

    `trouble` says why nothing was; `broken` are lines that were not understood, so that the list may miss something.
    """

    lines: list[SafeString]
    groups: list[Group]
    commands: list[tuple[SafeString, int]]
    broken: list[int]
    trouble: str = ""

    @property
    def hides_something(self) -> bool:
        """Whether there are parts that nobody can inspect, or that could not be parsed."""
        return bool(self.trouble or self.broken or any(group.is_opaque for group in self.groups))


def reading_of(raw: bytes, text: str, *, is_text: bool) -> Reading:
    """The reading of a script; `text` is how its bytes are shown."""
    try:
        return _laid_out(text, _asked(_parsable(raw, is_text=is_text)))
    except UnreadableError as error:
        return Reading(lines=marked_lines(text), groups=[], commands=[], broken=[], trouble=str(error))


def _parsable(raw: bytes, *, is_text: bool) -> bytes:
    if not is_text:
        raise UnreadableError(_("it is not text"))
    if b"\0" in raw:
        raise UnreadableError(_("it holds NUL characters, which a shell leaves out"))
    return raw


@lru_cache(maxsize=KEPT)
def _asked(raw: bytes) -> Read:
    """What the other process reads. It gets nothing but the script: no keys, no environment."""
    try:
        done = subprocess.run(
            COMMAND, input=raw, capture_output=True, timeout=SECONDS, cwd=settings.BASE_DIR, env={}, check=True
        )
    except subprocess.TimeoutExpired as error:
        raise UnreadableError(_("it takes too long")) from error
    except (subprocess.CalledProcessError, OSError) as error:
        raise UnreadableError(_("the parser failed")) from error
    try:
        return cast(Read, json.loads(done.stdout))
    except ValueError as error:
        raise UnreadableError(_("the parser failed")) from error


def _laid_out(text: str, read: Read) -> Reading:
    return Reading(
        lines=coloured_lines(text, read["colours"]),
        groups=[
            Group(
                kind=Kind(group["kind"]),
                findings=[
                    Finding(line, marked(source), _(why) % {"program": program} if why else "")
                    for line, source, why, program in group["first"]
                ],
                more=group["count"] - len(group["first"]),
            )
            for group in read["groups"]
        ],
        commands=[(marked(name), count) for name, count in read["commands"]],
        broken=read["broken"],
    )


def coloured_lines(text: str, colours: list[tuple[str, int]]) -> list[SafeString]:
    """`marked_lines` with colours. Those that do not add up to the text are dropped."""
    if sum(count for _, count in colours) != len(text):
        return marked_lines(text)
    lines: list[list[SafeString]] = [[]]
    place = 0
    for colour, count in colours:
        first, *others = text[place : place + count].split("\n")
        lines[-1].append(_coloured(first, colour))
        lines += [[_coloured(part, colour)] for part in others]
        place += count
    if len(lines) > 1 and text.endswith("\n"):
        lines.pop()
    return [SafeString("".join(line)) for line in lines]  # of safe strings alone


def _coloured(text: str, colour: str) -> SafeString:
    shown = marked(text)
    opening = OPENING.get(colour) if text else None
    return shown if opening is None else opening + shown + CLOSING
