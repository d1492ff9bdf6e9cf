"""Findings: what the commands of a script do, by the names of the programs they run."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import NamedTuple

from approvals.display.script.calls import Call, Contents, Redirect
from approvals.display.script.opaque import ANOTHER_MEANING, why_assignment, why_first_line, why_opaque
from approvals.display.script.programs import BY_PREFIX, BY_WORD, COMMON, KINDS, PLACES, WORDS_BEFORE, WRAPPERS, Kind
from approvals.display.script.words import Word
from integrations.wording import gettext_noop

HARMLESS_TARGETS = {"/dev/null", "/dev/stdout", "/dev/stderr", "/dev/tty", "-"}
WRITING = {">", ">>", "&>", "&>>", ">|", ">&", "<>"}
ASSIGNMENT = re.compile(r"\w+=")
# The end of a line whose last word goes on: the parser takes it for two words.
JOINED = re.compile(r"[^\s\\]\\$")
DEEPEST = 10  # sudo env nice ... rm: nobody writes more
LONGEST = 160


class Finding(NamedTuple):
    """One thing that the script does, where, and what is special about it; `program` stands in that text."""

    kind: Kind
    line: int
    source: str
    why: str = ""
    program: str = ""


def findings_of(contents: Contents, text: str) -> list[Finding]:
    """Everything that was found, by line."""
    found = [finding for call in contents.calls for finding in _of_call(call, contents)]
    found += [*_of_text(contents, text), *_of_meanings(contents)]
    found += [finding for redirect in contents.redirects for finding in _of_redirect(redirect)]
    unique = {finding._replace(source=shortened(finding.source)): None for finding in found}
    return sorted(unique, key=lambda finding: finding.line)


def commands_of(contents: Contents) -> list[tuple[str, int]]:
    """The programs that run and how often they are written, in the order of the script; computed ones are findings."""
    own = {name for name, _ in contents.functions}
    names = (inner.name.value for call in contents.calls for inner in unwrapped(call))
    return list(Counter(name for name in names if name and name not in own).items())


def unwrapped(call: Call) -> Iterator[Call]:
    """The command, and those that it runs for another: `sudo -u x env A=1 rm y` is sudo, env and rm."""
    for _ in range(DEEPEST):
        yield call
        inner = _inner(call)
        if inner is None:
            return
        call = inner


def place_of(source: str) -> str:
    """What a change there means; "" for a file like any other."""
    return next((words for part, words in PLACES if part in source), "")


def shortened(source: str) -> str:
    """On one line, and short: the whole stands in the script."""
    line = " ".join(source.split())
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"


def program_of(call: Call) -> str:
    """The name without its folder; "" where it is computed."""
    return (call.name.value or "").rsplit("/", 1)[-1]


def _inner(call: Call) -> Call | None:
    program = program_of(call)
    words = list(call.arguments)
    if program == "find":
        at = next(
            (place for place, word in enumerate(words) if word.text in {"-exec", "-execdir", "-ok", "-okdir"}), None
        )
        words = [] if at is None else words[at + 1 :]
    elif program in WRAPPERS:
        words = _without_options(words, set(WRAPPERS[program].split()))[WORDS_BEFORE.get(program, 0) :]
    else:
        return None
    is_command = bool(words) and not words[0].text.startswith("-")
    return replace(call, name=words[0], arguments=tuple(words[1:])) if is_command else None


def _without_options(words: list[Word], with_a_word: set[str]) -> list[Word]:
    """What is left behind options, the words that belong to them, and variables for the command."""
    place = 0
    while place < len(words):
        text = words[place].text
        if text in with_a_word:
            place += 2
        elif text.startswith("-") or ASSIGNMENT.match(text):
            place += 1
        else:
            break
    return words[place:]


def _of_call(call: Call, contents: Contents) -> Iterator[Finding]:
    own = {name for name, _ in contents.functions}
    for inner in unwrapped(call):
        program = program_of(inner)
        if not program:
            yield Finding(Kind.OPAQUE, inner.line, call.source, gettext_noop("which command this is gets computed"))
        elif inner.name.value not in own:
            yield from _of_program(inner, program)


def _of_program(call: Call, program: str) -> Iterator[Finding]:
    if why := why_opaque(call, program):
        yield Finding(Kind.OPAQUE, call.line, call.source, why, program if "%(program)s" in why else "")
    for kind in _kinds(call, program):
        words = " ".join(argument.text for argument in call.arguments)
        why = place_of(words) if kind in {Kind.WRITES, Kind.DELETES} else ""
        yield Finding(kind, call.line, call.source, why)


def _kinds(call: Call, program: str) -> Iterator[Kind]:
    if kind := KINDS.get("mkfs" if program.startswith("mkfs.") else program):
        yield kind
    for word, kind in BY_WORD.get(program, ()):
        if call.has(word):
            yield kind
    for prefix, kind in BY_PREFIX.get(program, ()):
        if any(argument.text.startswith(prefix) for argument in call.arguments):
            yield kind
    if call.name.text.startswith("/etc/init.d/"):
        yield Kind.SERVICES


def _of_redirect(redirect: Redirect) -> Iterator[Finding]:
    target = redirect.target.text
    if target.startswith(("/dev/tcp/", "/dev/udp/")):
        yield Finding(Kind.NETWORK, redirect.line, redirect.source, gettext_noop("a connection of bash's own"))
    elif redirect.operator in WRITING and target not in HARMLESS_TARGETS and not target.isdecimal():
        yield Finding(Kind.WRITES, redirect.line, redirect.source, place_of(target))


def _of_text(contents: Contents, text: str) -> Iterator[Finding]:
    if why := why_first_line(text):
        yield Finding(Kind.OPAQUE, 1, text.split("\n", 1)[0], why)
    for line, (above, below) in enumerate(pairwise(text.split("\n")), start=1):
        if JOINED.search(above) and below[:1].strip():
            yield Finding(Kind.OPAQUE, line, f"{above} {below}", gettext_noop("a word goes on in the next line"))
    for line, source in contents.computed:
        yield Finding(Kind.OPAQUE, line, source, gettext_noop("a text that computes parts of itself"))


def _of_meanings(contents: Contents) -> Iterator[Finding]:
    for assignment in contents.assignments:
        if why := why_assignment(assignment):
            yield Finding(Kind.OPAQUE, assignment.line, assignment.source, why)
    for name, line in contents.functions:
        if name in COMMON or name in KINDS or name in WRAPPERS:
            yield Finding(Kind.OPAQUE, line, f"{name}()", ANOTHER_MEANING)
