"""What a script run would print. The text is read and played, and never given to a shell."""

from __future__ import annotations

import base64
import binascii
import re
from itertools import takewhile

from integrations.ninjaone.sandbox.devices import WINDOWS, Device
from integrations.ninjaone.sandbox.scripts import Script
from integrations.ninjaone.sandbox.shell_words import NotPlainError, commands_split, words_expand
from integrations.ninjaone.sandbox.wrapped import wrapped_read

OUTPUT_CHARACTERS = 10_000  # what NinjaOne keeps of an output
WINDOWS_COMMAND_CHARACTERS = 8_000  # a longer command line never starts on Windows

_HEREDOC = re.compile(r"<<-?\s*(['\"]?)(\w+)\1")
_ASSIGNMENT = re.compile(r"(\w+)=(\S*|\"[^\"]*\"|'[^']*')$")
_ESCAPES = {"n": "\n", "t": "\t", "\\": "\\", "r": "\r"}


def script_play(*, script: Script, parameters: str, device: Device) -> tuple[str, str]:
    """(output, SUCCESS or FAILURE) of the run."""
    if device.node_class in WINDOWS and len(parameters) > WINDOWS_COMMAND_CHARACTERS:
        return "The filename or extension is too long.", "FAILURE"
    if not script.is_bridge:
        return _cut(script.output), script.result
    first = parameters.split(" ", maxsplit=1)[0]
    try:
        text = base64.b64decode(first, validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return "base64: invalid input\n", "SUCCESS"  # the pipe ends with bash, and bash read nothing
    code, output = _bridge_play(text)
    return _cut(output), "FAILURE" if code else "SUCCESS"


def _bridge_play(text: str) -> tuple[int, str]:
    wrapped = wrapped_read(text)
    if wrapped is None:
        return bash_play(text)
    code, printed = bash_play(wrapped.script.decode("utf-8", "replace"))
    return code, wrapped.output(printed, code)


def bash_play(text: str) -> tuple[int, str]:
    shell = _Shell()
    shell.play(text.splitlines())
    return shell.code, "".join(shell.out)


def _cut(output: str) -> str:
    return output[:OUTPUT_CHARACTERS]


class _Shell:
    """Knows echo, printf, exit, true, false, NAME=value, groups in lines of their own, and `bash <<EOF`."""

    def __init__(self) -> None:
        self.out: list[str] = []
        self.variables: dict[str, str] = {"?": "0"}
        self.has_exited = False

    @property
    def code(self) -> int:
        return int(self.variables["?"])

    @code.setter
    def code(self, value: int) -> None:
        self.variables["?"] = str(value)

    def play(self, lines: list[str]) -> None:
        rest = iter(lines)
        groups: list[str] = []
        for raw in rest:
            line = raw.strip()
            if line in {"(", "{"}:
                groups.append(line)
            elif groups and line[:1] in {")", "}"}:
                if groups.pop() == "(":
                    self.has_exited = False  # an exit inside ( ) ends that group alone
            elif heredoc := _HEREDOC.search(line):
                self._heredoc(line, list(takewhile(lambda text: text.strip() != heredoc[2], rest)))
            elif line:
                self._line(line)

    def _heredoc(self, line: str, inner: list[str]) -> None:
        if self.has_exited:
            return
        if line.split(maxsplit=1)[0] in {"bash", "sh", "/bin/bash", "/bin/sh"}:
            self.code, output = bash_play("\n".join(inner))
            self.out.append(output)
        else:
            self._unknown(line)

    def _line(self, line: str) -> None:
        for operator, command in commands_split(line):
            skipped = (operator == "&&" and self.code) or (operator == "||" and not self.code)
            if command and not skipped and not self.has_exited:
                self._command(command)

    def _command(self, command: str) -> None:
        try:
            words = words_expand(command, self.variables)
        except NotPlainError:
            return self._unknown(command)
        if len(words) == 1 and (assigned := _ASSIGNMENT.match(command)):
            self.variables[assigned[1]] = words[0].partition("=")[2]
            self.code = 0
            return None
        return self._builtin(words, command)

    def _builtin(self, words: list[str], command: str) -> None:
        match words:
            case ["exit"]:
                self.has_exited = True
            case ["exit", number] if number.isdecimal():
                self.code, self.has_exited = int(number) % 256, True
            case ["echo", *rest]:
                self._say(rest)
            case ["printf", form, *rest]:
                self.out.append(_printf(form, rest))
                self.code = 0
            case ["true" | ":" | "set" | "export", *_]:
                self.code = 0
            case ["false"]:
                self.code = 1
            case _:
                self._unknown(command)

    def _say(self, words: list[str]) -> None:
        end = "\n"
        escapes = False
        while words and re.fullmatch(r"-[neE]+", words[0]):
            end = "" if "n" in words[0] else end
            escapes = escapes or "e" in words[0]
            words = words[1:]
        text = " ".join(words)
        self.out.append((_unescape(text) if escapes else text) + end)
        self.code = 0

    def _unknown(self, command: str) -> None:
        self.out.append(f"+ {command}\n")
        self.code = 0


def _unescape(text: str) -> str:
    return re.sub(r"\\([nt\\r])", lambda match: _ESCAPES[match[1]], text)


def _printf(form: str, values: list[str]) -> str:
    rest = iter(values)
    filled = re.sub(r"%([sd%])", lambda match: "%" if match[1] == "%" else next(rest, ""), _unescape(form))
    extra = list(rest)
    return filled + (_printf(form, extra) if extra and re.search(r"%[sd]", form) else "")
