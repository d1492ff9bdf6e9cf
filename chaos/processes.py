"""The product's processes, started as an init system would, killed as nobody should, and started again."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import requests

from chaos.nursery import ROOT, Forked, Nursery

PATIENCE_SECONDS = 90.0
# Longer than the server's own grace.
STOP_SECONDS = 45.0
CRASH_LOOP_SECONDS = 6.0
WORKER_SHARE = 0.8


@dataclass
class Process:
    """One `manage.py` command that is kept running. `port` None: it does not serve. A nursery starts it for less."""

    name: str
    arguments: list[str]
    port: int | None
    log: Path
    env: dict[str, str]
    started: int = 0
    is_ready: bool = False
    kills: int = 0
    nursery: Nursery | None = None
    _running: subprocess.Popen[bytes] | Forked | None = field(default=None, repr=False)
    _log_start: int = 0
    _worker_killed_at: float = -60.0

    def look(self) -> None:
        """Start it where it has ended, and see whether it answers."""
        if self._running is not None and self._running.poll() is not None:
            self._forget_group()
            self._running = None
        if self._running is None:
            self._start()
        if not self.is_ready:
            self.is_ready = self._answers()

    def kill(self, rng: random.Random) -> None:
        """SIGKILL: mostly for a server's worker alone, which its main process replaces, else for all of it."""
        running = self._running
        if running is None:
            return
        self.is_ready = False
        self.kills += 1
        workers = _children(running.pid) if self.port is not None else []
        # A server whose worker dies again so soon after takes it for hopeless, and ends.
        is_replaceable = time.monotonic() - self._worker_killed_at > CRASH_LOOP_SECONDS
        if workers and is_replaceable and rng.random() < WORKER_SHARE:
            self._worker_killed_at = time.monotonic()
            with contextlib.suppress(ProcessLookupError):
                os.kill(rng.choice(workers), signal.SIGKILL)
            return
        self.end()

    def end(self) -> None:
        """SIGKILL to all of it; `look` starts it again."""
        self.is_ready = False
        self._forget_group()
        self._running = None

    def terminate(self) -> None:
        """SIGTERM."""
        if self._running is not None:
            self._running.terminate()

    def wait(self) -> int:
        """The exit status; -1 when it had to be killed after all."""
        if self._running is None:
            return 0
        try:
            return self._running.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            return -1
        finally:
            self._forget_group()

    def _start(self) -> None:
        self.is_ready = False
        self.started += 1
        self.log.touch()
        self._log_start = self.log.stat().st_size
        if self.nursery is not None:
            self._running = self.nursery.start(self.arguments, self.log)
            return
        with self.log.open("ab") as log:
            self._running = subprocess.Popen(
                [sys.executable, "manage.py", *self.arguments],
                cwd=ROOT,
                env=self.env,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _answers(self) -> bool:
        if self.port is None:
            with self.log.open("rb") as log:
                log.seek(self._log_start)
                return b"Background work runs." in log.read()
        with contextlib.suppress(requests.RequestException):
            return requests.get(f"http://127.0.0.1:{self.port}/healthz", timeout=0.5).status_code == 200
        return False

    def _forget_group(self) -> None:
        """Nobody of the process's session survives it: a worker would hold the port."""
        if self._running is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._running.pid, signal.SIGKILL)
            self._running.wait()


def wait_until_ready(processes: list[Process]) -> None:
    """Returns when all of them answer. Raises SystemExit."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not all(process.is_ready for process in processes):
        if time.monotonic() > deadline:
            names = ", ".join(process.name for process in processes if not process.is_ready)
            raise SystemExit(f"{names} did not start within {PATIENCE_SECONDS:.0f} s.")
        for process in processes:
            process.look()
        time.sleep(0.05)


def stop_all(processes: list[Process]) -> list[int]:
    """SIGTERM to all at once; their exit statuses."""
    for process in processes:
        process.terminate()
    return [process.wait() for process in processes]


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
