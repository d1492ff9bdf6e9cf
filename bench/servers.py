"""What the benchmark drives: a fresh database, the NinjaOne sandbox and the server, on free loopback ports."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import requests

from config.ports import free_port

ROOT = Path(__file__).resolve().parent.parent
PATIENCE_SECONDS = 60.0
# The demo's agents have the limits that everybody has; they are still counted, and never reached.
LIFT_LIMITS = """
from integrations.models import Agent, Msp
Msp.objects.update(calls_per_minute=1_000_000)
Agent.objects.update(calls_per_minute=1_000_000, writes_per_minute=1_000_000)
"""


@dataclass(frozen=True)
class Site:
    """A running Countersign with the demo's data."""

    database: str
    database_pid: int | None
    server_pid: int
    port: int
    sandbox_port: int
    keys: list[str]
    # Connections that call at the same time; the agents take turns.
    lanes: int
    # The first MSP's people by role: user name and password.
    people: dict[str, tuple[str, str]]
    # Runs a command of manage.py with the server's environment; gives what it printed.
    manage: Callable[..., str]


@dataclass(frozen=True)
class Database:
    """Where the data is. The process is known only of a server that the benchmark started itself."""

    name: str
    url: str
    pid: int | None


@contextlib.contextmanager
def site(database: Database, workers: int | None, lanes: int = 1) -> Iterator[Site]:
    """The server on `database`, until the block ends."""
    port, sandbox_port = free_port(), free_port()
    env = {
        **os.environ,
        **{name: secrets.token_urlsafe(48) for name in ("SECRET_KEY", "FERNET_KEYS", "AUDIT_KEY")},
        "DATABASE_URL": database.url,
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "COUNTERSIGN_SANDBOX": "1",
        "NINJAONE_SANDBOX_URL": f"http://127.0.0.1:{sandbox_port}",
    }
    _manage(env, "migrate", "--verbosity", "0")
    serve = ["serve", "--port", str(port), *(["--workers", str(workers)] if workers else [])]
    with _running(env, "ninjaone_sandbox", "--port", str(sandbox_port)) as sandbox:
        _wait(sandbox, f"http://127.0.0.1:{sandbox_port}/")
        data: dict[str, Any] = json.loads(_manage(env, "demo_data", "--json"))
        _manage(env, "shell", "--command", LIFT_LIMITS)
        with _running(env, *serve) as server:
            _wait(server, f"http://127.0.0.1:{port}/readyz")
            # Agents of one MSP: each is limited for itself, and they share the world that is read.
            keys = [agent["key"] for agent in data["msps"][0]["agents"]]
            users = reversed(data["msps"][0]["users"])
            people = {user["role"]: (user["username"], user["password"]) for user in users}
            manage = partial(_manage, env)
            yield Site(database.name, database.pid, server.pid, port, sandbox_port, keys, lanes, people, manage)


@contextlib.contextmanager
def sqlite(folder: Path) -> Iterator[Database]:
    """A SQLite file in `folder`."""
    yield Database("SQLite", f"sqlite:///{folder / 'bench.sqlite3'}", None)


@contextlib.contextmanager
def postgresql_at(url: str) -> Iterator[Database]:
    """A database of its own on a PostgreSQL server that runs already; dropped in the end."""
    name = f"countersign_bench_{os.getpid()}"
    base, _, _ = url.rpartition("/")
    with psycopg.connect(f"{base}/postgres", autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        try:
            yield Database("PostgreSQL", f"{base}/{name}", None)
        finally:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextlib.contextmanager
def postgresql_of_its_own(folder: Path) -> Iterator[Database]:
    """A PostgreSQL cluster in `folder`, with the settings that it comes with (so its commits reach the disk)."""
    binaries = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    data, port = folder / "data", free_port()
    # As root it refuses to run; its own user has to reach the folder.
    prefix = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if prefix:
        folder.chmod(0o755)
        shutil.chown(folder, "postgres")
    start = ["-o", f"-h 127.0.0.1 -p {port} -k {folder}", "-l", str(folder / "log"), "-w", "start"]
    for command in (
        ["initdb", "-D", str(data), "--auth", "trust", "--username", "postgres", "--encoding", "UTF8"],
        ["pg_ctl", "-D", str(data), *start],
    ):
        subprocess.run([*prefix, str(binaries / command[0]), *command[1:]], check=True, stdout=subprocess.DEVNULL)
    try:
        pid = int((data / "postmaster.pid").read_text(encoding="ascii").split("\n", 1)[0])
        yield Database("PostgreSQL", f"postgresql://postgres@127.0.0.1:{port}/postgres", pid)
    finally:
        stop = [*prefix, str(binaries / "pg_ctl"), "-D", str(data), "-m", "fast", "-w", "stop"]
        subprocess.run(stop, check=True, stdout=subprocess.DEVNULL)


def _manage(env: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, cwd=ROOT, env=env, check=True, stdout=subprocess.PIPE, text=True).stdout


@contextlib.contextmanager
def _running(env: dict[str, str], *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "manage.py", *arguments]
    process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.DEVNULL)
    try:
        yield process
    finally:
        process.terminate()
        process.wait(60)


def _wait(process: subprocess.Popen[bytes], url: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        with contextlib.suppress(requests.ConnectionError):
            if requests.get(url, timeout=5).status_code != 503:
                return
        time.sleep(0.1)
    raise SystemExit(f"{url} did not answer.")
