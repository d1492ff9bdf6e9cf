"""Just enough of a shell's grammar to know what an `echo` would print. Nothing here can run anything."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+)|([?]))")
_SEPARATOR = re.compile(r"\|\||&&|;")
_BEYOND_US = set("|<>`&")


class NotPlainError(ValueError):
    """The command uses grammar (pipes, redirections, substitutions, open quotes) that we do not play."""


def commands_split(line: str) -> Iterator[tuple[str, str]]:
    """Cuts at `;`, `&&` and `||` outside quotes; yields (the operator before it, the command)."""
    operator, start, at, quote = ";", 0, 0, ""
    while at < len(line):
        char = line[at]
        if char == "\\" and quote != "'":
            at += 2
            continue
        if quote:
            quote = "" if char == quote else quote
        elif char in "'\"":
            quote = char
        elif char == "#" and line[at - 1 : at] in {"", " ", "\t"}:
            line = line[:at]
            break
        elif match := _SEPARATOR.match(line, at):
            yield operator, line[start:at].strip()
            operator, start = match.group(), match.end()
            at = start
            continue
        at += 1
    yield operator, line[start:].strip()


def words_expand(command: str, variables: Mapping[str, str]) -> list[str]:
    """The command's words after quoting and `$name`; NotPlainError where a real shell would do more."""
    words: list[str] = []
    word: str | None = None
    at = 0
    while at < len(command):
        char = command[at]
        if char in " \t":
            if word is not None:
                words.append(word)
            word, at = None, at + 1
            continue
        piece, at = _piece(command, at, variables)
        word = (word or "") + piece
    return words if word is None else [*words, word]


def _piece(command: str, at: int, variables: Mapping[str, str]) -> tuple[str, int]:
    """One quoted run, one variable, or one character, and where it ends."""
    char = command[at]
    if char in "'\"":
        end = at + 1
        while end < len(command) and command[end] != char:
            end += 2 if char == '"' and command[end] == "\\" else 1
        if end >= len(command):
            raise NotPlainError(command)
        inside = command[at + 1 : end]
        return (inside if char == "'" else _double_quoted(inside, variables)), end + 1
    if char in _BEYOND_US or command.startswith("$(", at):
        raise NotPlainError(command)
    if char == "\\":
        return command[at + 1 : at + 2], at + 2
    if match := _VARIABLE.match(command, at):
        return _value(match, variables), match.end()
    return char, at + 1


def _double_quoted(text: str, variables: Mapping[str, str]) -> str:
    if "$(" in text or "`" in text:
        raise NotPlainError(text)
    expanded = _VARIABLE.sub(lambda match: _value(match, variables), text)
    return re.sub(r'\\(["\\$])', r"\1", expanded)


def _value(match: re.Match[str], variables: Mapping[str, str]) -> str:
    return variables.get(match[1] or match[2] or match[3], "")
