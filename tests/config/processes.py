"""Commands of the product as processes of their own, as a person or an init system starts them."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import requests

ROOT = Path(__file__).resolve().parents[2]
MANAGE = (sys.executable, "manage.py")
PATIENCE_SECONDS = 60.0


def environment_of(tmp_path: Path, **changes: str) -> dict[str, str]:
    """An environment that starts: keys, a database in `tmp_path`, and the sandbox's region."""
    inherited = ("PATH", "HOME", "LANG", "TMPDIR", "COVERAGE_PROCESS_START")
    return {
        **{name: os.environ[name] for name in inherited if name in os.environ},
        "SECRET_KEY": "secret-key-for-tests-only-0123456789abcdef",
        "FERNET_KEYS": "fernet-key-for-tests-only-0123456789abcdef",
        "AUDIT_KEY": "audit-key-for-tests-only-0123456789abcdef",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'countersign.sqlite3'}",
        "AUDIT_CHECKPOINT_FILE": str(tmp_path / "audit-checkpoints.jsonl"),
        "COUNTERSIGN_SANDBOX": "1",
        "NINJAONE_SANDBOX_URL": "http://127.0.0.1:8801",
        **changes,
    }


def manage(env: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs a command to its end; the caller judges it."""
    return subprocess.run([*MANAGE, *arguments], cwd=ROOT, env=env, capture_output=True, text=True, check=False)


def server_command(application: str, port: int, *, threads: int) -> list[str]:
    """The product's server as a command line, with another application in it."""
    arguments = f"{application!r}, host='127.0.0.1', port={port}, workers=1, threads={threads}"
    return [sys.executable, "-c", f"from config.server import serve_until_stopped as serve; serve({arguments})"]


def migrate(env: dict[str, str]) -> None:
    """Gives the empty database of `env` its tables."""
    url = env["DATABASE_URL"]
    if url.startswith("sqlite:///"):
        Path(url.removeprefix("sqlite:///")).write_bytes(_migrated())
    else:
        done = manage(env, "migrate", "--verbosity", "0")
        assert done.returncode == 0, done.stderr


@cache
def _migrated() -> bytes:
    """What the command makes of an empty SQLite database, once in each process: that takes 5 s of CPU."""
    with tempfile.TemporaryDirectory() as folder:
        done = manage(environment_of(Path(folder)), "migrate", "--verbosity", "0")
        assert done.returncode == 0, done.stderr
        [file] = Path(folder).glob("*.sqlite3*")  # all of it is in there: no log beside it
        return file.read_bytes()


@contextlib.contextmanager
def running(env: dict[str, str], *arguments: str, command: Sequence[str] = MANAGE) -> Iterator[subprocess.Popen[str]]:
    """A command that goes on, in a process group of its own; killed with it at the end if the test did not stop it."""
    process = subprocess.Popen(
        [*command, *arguments],
        cwd=ROOT,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def wait_until_it_answers(url: str, process: subprocess.Popen[str]) -> requests.Response:
    """The first answer that is not 503. Fails when the process ends before, or time is up."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, f"It ended with {process.returncode}: {process.communicate()[0]}"
        with contextlib.suppress(requests.ConnectionError):
            answer = requests.get(url, timeout=10)
            if answer.status_code != 503:
                return answer
        time.sleep(0.1)
    raise AssertionError(f"{url} did not answer within {PATIENCE_SECONDS:.0f} s")
