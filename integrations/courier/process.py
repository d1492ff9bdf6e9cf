"""The other end of the courier's process: starts it, hands it jobs, and ends it when a job takes too long."""

from __future__ import annotations

import json
import os
import selectors
import subprocess
import sys
import time
from types import TracebackType
from typing import Any, Self

from django.conf import settings

from integrations.courier.answers import Answer

# The longest that one message may take, its process's start included.
SEND_SECONDS = 20.0
START = "import sys; sys.path.insert(0, sys.argv[1]); from integrations.courier.child import main; main()"
LATE = "It took too long, so we hung up."
ENDED = "The process that delivers messages ended unexpectedly."
UNSTARTED = "The process that delivers messages could not be started: this machine has no room for it."


class Courier:
    """One process for a row of jobs, started with the first one. Use it as a context manager, from one thread."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def webhook(self, *, url: str, body: str, headers: dict[str, str]) -> Answer:
        """POST `body`. Never raises, like its siblings."""
        return self._ask({"do": "webhook", "url": url, "body": body, "headers": headers})

    def service(self, *, url: str, kind: str, title: str, text: str, link: str, level: str) -> Answer:
        """Send a message by apprise. `kind`: slack, teams or other; `level`: info, success, warning or failure."""
        words = {"title": title, "text": text, "link": link, "level": level}
        return self._ask({"do": "service", "url": url, "kind": kind, **words})

    def check(self, *, url: str, kind: str) -> Answer:
        """Whether apprise can send to `url`, without trying."""
        return self._ask({"do": "check", "url": url, "kind": kind})

    def _ask(self, job: dict[str, Any]) -> Answer:
        deadline = time.monotonic() + SEND_SECONDS
        try:
            process = self._process or self._start()
            _write(process, job)
            line = _line(process, deadline)
        except TimeoutError:
            self._end()
            return Answer(error=LATE)
        except OSError:
            line = b""
        if self._process is None:
            return Answer(error=UNSTARTED)
        if not line.endswith(b"\n"):
            self._end()
            return Answer(error=ENDED)
        return Answer(**json.loads(line))

    def _start(self) -> subprocess.Popen[bytes]:
        # Nothing of our environment: it may hold secrets, and proxies that would look at names in our place.
        process = subprocess.Popen(
            [sys.executable, "-I", "-B", "-c", START, str(settings.BASE_DIR)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PATH": os.defpath, "LANG": "C.UTF-8"},
            cwd="/",
            start_new_session=True,
        )
        self._process = process
        opened = [str(network) for network in settings.NOTICES_MAY_REACH]
        _write(process, {"opened": opened, "ca_bundle": settings.NINJAONE_CA_BUNDLE})
        return process

    def _end(self) -> None:
        if self._process is None:
            return
        process, self._process = self._process, None
        process.kill()
        process.communicate()


def _write(process: subprocess.Popen[bytes], value: dict[str, Any]) -> None:
    if process.stdin is not None:
        process.stdin.write(json.dumps(value).encode() + b"\n")
        process.stdin.flush()


def _line(process: subprocess.Popen[bytes], deadline: float) -> bytes:
    """A line of the process's answer; what is no whole line when it ended. Raises TimeoutError."""
    found = b""
    if process.stdout is None:
        return found
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while not found.endswith(b"\n"):
            left = deadline - time.monotonic()
            if left <= 0 or not selector.select(left):
                raise TimeoutError
            chunk = os.read(process.stdout.fileno(), 65536)
            if not chunk:
                break
            found += chunk
    return found
