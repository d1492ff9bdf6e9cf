"""Servers and workers forked from a process that has imported the product already.

Starting Python and importing takes a second of CPU, which is most of what a kill would cost. What is forked runs what
`manage.py serve` and `manage.py worker` run, as a process and a session of its own, and dies of SIGKILL like those.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NoReturn, cast

import django
from django.core.management import execute_from_command_line

ROOT = Path(__file__).resolve().parent.parent
READY = "ready"


class Nursery:
    """The harness's side: asks for new processes, and how they ended."""

    def __init__(self, env: dict[str, str]) -> None:
        self._asking = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "chaos.nursery"],
            cwd=ROOT,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._into, self._out = cast(IO[str], self._process.stdin), cast(IO[str], self._process.stdout)
        self._out.readline()  # that it is ready

    def start(self, arguments: list[str], log: Path) -> Forked:
        """A new process that runs `manage.py` with these arguments."""
        return Forked(self, int(self.ask({"start": arguments, "log": str(log)})))

    def ask(self, question: dict[str, Any]) -> Any:
        """One question, one answer."""
        with self._asking:
            self._into.write(json.dumps(question) + "\n")
            self._into.flush()
            return json.loads(self._out.readline())

    def close(self) -> None:
        """Its children stay."""
        self._process.communicate()


@dataclass
class Forked:
    """As much of `subprocess.Popen` as the harness needs."""

    nursery: Nursery
    pid: int
    returncode: int | None = None

    def poll(self) -> int | None:
        """The exit status, negative after a signal; None while it runs."""
        if self.returncode is None:
            self.returncode = self.nursery.ask({"poll": self.pid})
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Until it has ended. Raises subprocess.TimeoutExpired."""
        stop_at = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if stop_at is not None and time.monotonic() > stop_at:
                raise subprocess.TimeoutExpired("forked", timeout or 0)
            time.sleep(0.01)
        return code

    def terminate(self) -> None:
        """SIGTERM."""
        if self.poll() is None:
            os.kill(self.pid, signal.SIGTERM)


def main() -> None:
    """Import everything, open nothing, answer questions until they end."""
    django.setup()
    for name in ("config.loaded", "config.server", "config.background"):
        importlib.import_module(name)
    print(json.dumps(READY), flush=True)
    for line in sys.stdin:
        question = json.loads(line)
        if "start" in question:
            answer: int | None = _fork(question["start"], Path(question["log"]))
        else:
            pid, status = os.waitpid(question["poll"], os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if pid else None
        print(json.dumps(answer), flush=True)


def _fork(arguments: list[str], log: Path) -> int:
    pid = os.fork()
    if pid == 0:
        _child(arguments, log)
    return pid


def _child(arguments: list[str], log: Path) -> NoReturn:
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDONLY)
    written = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for source, target in ((nothing, 0), (written, 1), (written, 2)):
        os.dup2(source, target)
    code: object = 1
    try:
        execute_from_command_line(["manage.py", *arguments])
        code = 0
    except SystemExit as end:
        code = end.code
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else int(code is not None))


if __name__ == "__main__":
    main()
