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
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import requests

from bench.cores import ALL_CORES, cores
from bench.cpu import tree_megabytes
from config.ports import free_port

ROOT = Path(__file__).resolve().parent.parent
PATIENCE_SECONDS = 60.0
# The demo's agents have the limits that everybody has; they are still counted, and never reached.
LIFT_LIMITS = """
from integrations.models import Agent, Msp
Msp.objects.update(calls_per_minute=1_000_000, pending_limit=1_000)
Agent.objects.update(calls_per_minute=1_000_000, writes_per_minute=1_000_000, pending_limit=1_000)
"""


@dataclass(frozen=True)
class Site:
    """A running Countersign with the demo's data."""

    database: str
    database_pid: int | None
    server_pid: int
    port: int
    upstream_port: int
    # From the start of the server's process to its first answer, and what it then holds.
    start_seconds: float
    idle_mb: float
    keys: list[str]
    # The first MSP's people by role: user name and password.
    people: dict[str, tuple[str, str]]
    # Runs a command of manage.py with the server's environment; gives what it printed.
    manage: Callable[..., str]
    # Starts one that goes on until the block ends.
    running: Callable[..., contextlib.AbstractContextManager[subprocess.Popen[bytes]]]


@dataclass(frozen=True)
class Database:
    """Where the data is. The process is known only of a server that the benchmark started itself."""

    name: str
    url: str
    pid: int | None


@contextlib.contextmanager
def site(
    database: Database,
    *,
    workers: int | None = None,
    settings: Mapping[str, str] | None = None,
    server_cores: frozenset[int] = ALL_CORES,
    load_cores: frozenset[int] = ALL_CORES,
) -> Iterator[Site]:
    """The server on `database`, until the block ends. `settings` are added to its environment."""
    port, sandbox_port, upstream_port = free_port(), free_port(), free_port()
    env = {
        **os.environ,
        **{name: secrets.token_urlsafe(48) for name in ("SECRET_KEY", "FERNET_KEYS", "AUDIT_KEY")},
        "DATABASE_URL": database.url,
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "COUNTERSIGN_SANDBOX": "1",
        "NINJAONE_SANDBOX_URL": f"http://127.0.0.1:{upstream_port}",
        **(settings or {}),
    }
    # What is installed is compiled, and starts twice as fast as what is not. `migrate` leaves it so.
    env.pop("PYTHONDONTWRITEBYTECODE", None)
    _manage(env, "migrate", "--verbosity", "0")
    serve = ["serve", "--port", str(port), *(["--workers", str(workers)] if workers else [])]
    with cores(load_cores), _upstream(env, sandbox_port, upstream_port):
        data: dict[str, Any] = json.loads(_manage(env, "demo_data", "--json"))
        _manage(env, "shell", "--command", LIFT_LIMITS)
        started = time.monotonic()
        with _running(server_cores, env, "manage.py", *serve) as server:
            _wait(server, f"http://127.0.0.1:{port}/readyz")
            start_seconds = time.monotonic() - started
            # Agents of one MSP: each is limited for itself, and they share the world that is read.
            keys = [agent["key"] for agent in data["msps"][0]["agents"]]
            users = reversed(data["msps"][0]["users"])
            yield Site(
                database=database.name,
                database_pid=database.pid,
                server_pid=server.pid,
                port=port,
                upstream_port=upstream_port,
                start_seconds=start_seconds,
                idle_mb=tree_megabytes(server.pid),
                keys=keys,
                people={user["role"]: (user["username"], user["password"]) for user in users},
                manage=partial(_manage, env),
                running=partial(_running, server_cores, env, "manage.py"),
            )


@contextlib.contextmanager
def _upstream(env: dict[str, str], sandbox_port: int, port: int) -> Iterator[None]:
    """The sandbox, and what answers in its place."""
    with _running(
        os.sched_getaffinity(0), env, "manage.py", "ninjaone_sandbox", "--port", str(sandbox_port)
    ) as sandbox:
        _wait(sandbox, f"http://127.0.0.1:{sandbox_port}/")
        with _running(os.sched_getaffinity(0), env, "-m", "bench.upstream", str(port), str(sandbox_port)) as upstream:
            _wait(upstream, f"http://127.0.0.1:{port}/bench/last-write")
            yield


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
def postgresql_of_its_own(folder: Path, server_cores: frozenset[int] = ALL_CORES) -> Iterator[Database]:
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
        with cores(server_cores):
            subprocess.run([*prefix, str(binaries / command[0]), *command[1:]], check=True, stdout=subprocess.DEVNULL)
    try:
        pid = int((data / "postmaster.pid").read_text(encoding="ascii").split("\n", 1)[0])
        yield Database("PostgreSQL", f"postgresql://postgres@127.0.0.1:{port}/postgres", pid)
    finally:
        stop = [*prefix, str(binaries / "pg_ctl"), "-D", str(data), "-m", "fast", "-w", "stop"]
        subprocess.run(stop, check=True, stdout=subprocess.DEVNULL)


def has_postgresql() -> bool:
    """Whether there is one to measure on: named by DATABASE_URL, or installed."""
    return os.environ.get("DATABASE_URL", "").startswith("postgres") or any(Path("/usr/lib/postgresql").glob("*/bin"))


def _manage(env: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(command, cwd=ROOT, env=env, check=True, stdout=subprocess.PIPE, text=True).stdout


@contextlib.contextmanager
def _running(where: Set[int], env: dict[str, str], *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    with cores(where):
        process = subprocess.Popen([sys.executable, *arguments], cwd=ROOT, env=env, stdout=subprocess.DEVNULL)
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
        time.sleep(0.01)
    raise SystemExit(f"{url} did not answer.")
