"""What is measured on one database: every scenario, over one connection and many, with a quick and a slow upstream."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import psycopg

from bench import scenarios
from bench.people import signed_in
from bench.proxy import nginx
from bench.scenarios import Door, Measured
from bench.servers import Database, Site

MANY = 32
DELAY_MS = 100
# Of one connection: a call takes as long as the upstream does, so fewer of them say as much. All begin at once, which
# the first ones feel.
SLOW_CALLS = 20
APPROVALS = 4

Scenario = Callable[[Site, int, int], Measured]


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    rounds: int
    calls: int


@dataclass(frozen=True, order=True)
class Setting:
    """The milliseconds after which the upstream answers, and how many connections call at the same time."""

    delay_ms: int
    lanes: int


QUICK, QUICK_MANY = Setting(0, 1), Setting(0, MANY)
SLOW, SLOW_MANY = Setting(DELAY_MS, 1), Setting(DELAY_MS, MANY)


@dataclass
class Found:
    """Rounds by setting and scenario, seconds from approval to wire, and what the server process needs.

    `connections` to the database are counted after the slow calls; None on SQLite.
    """

    rounds: dict[Setting, dict[str, list[Measured]]] = field(default_factory=dict)
    to_wire: list[float] = field(default_factory=list)
    start_seconds: float = 0.0
    idle_mb: float = 0.0
    connections: int | None = None


def measure_quick(site: Site, database: Database, sizes: Sizes, found: Found) -> None:
    """With an upstream that answers at once, and from approval to wire."""
    found.start_seconds, found.idle_mb = site.start_seconds, site.idle_mb
    _measure(site, database, sizes, found, [QUICK, QUICK_MANY])
    found.to_wire = _to_wire(site, database, sizes)


def measure_slow(site: Site, database: Database, sizes: Sizes, found: Found) -> None:
    """With one that takes its time, while the server has few connections to the database."""
    _measure(site, database, sizes, found, [SLOW, SLOW_MANY])
    found.connections = _connections(database)


def _measure(site: Site, database: Database, sizes: Sizes, found: Found, settings: list[Setting]) -> None:
    with _straight_ways(site) as straight:
        for setting in settings:
            ways = _scenarios(setting, straight)
            scenarios.delay_set(site, 0)
            for scenario in ways.values():
                # Caches, connections and threads warm up.
                scenario(site, max(2 * setting.lanes, sizes.calls // 4), setting.lanes)
            _analyze(database)
            scenarios.delay_set(site, setting.delay_ms)
            taken: dict[str, list[Measured]] = {name: [] for name in ways}
            for _ in range(sizes.rounds):
                for name, scenario in ways.items():
                    taken[name].append(scenario(site, _calls(setting, sizes), setting.lanes))
            found.rounds[setting] = taken
    scenarios.delay_set(site, 0)


def _analyze(database: Database) -> None:
    """What autovacuum does within a minute or two of a new database, and no round should begin without or end with.

    Before it PostgreSQL takes all indexes for equally good: one statement of a submit goes through all of an agent's.
    """
    if database.name == "PostgreSQL":
        with psycopg.connect(database.url, autocommit=True) as connection:
            connection.execute("ANALYZE")


def _scenarios(setting: Setting, straight: dict[str, Scenario]) -> dict[str, Scenario]:
    """A slow upstream is felt by what asks it while the agent waits; over many connections, MCP is what REST is."""
    if setting.delay_ms:
        return {**straight, "auto read": scenarios.auto_read}
    ours: dict[str, Scenario] = {
        "list tools": scenarios.list_tools,
        "auto read": scenarios.auto_read,
        "approval submit": scenarios.approval_submit,
    }
    if setting.lanes > 1:
        return straight | ours
    mcp: dict[str, Scenario] = {
        "list tools over MCP": scenarios.mcp_list_tools,
        "auto read over MCP": scenarios.mcp_auto_read,
    }
    return straight | {"NinjaOne by requests": scenarios.requests_client} | ours | mcp


@contextlib.contextmanager
def _straight_ways(site: Site) -> Iterator[dict[str, Scenario]]:
    with tempfile.TemporaryDirectory() as folder, nginx(Path(folder), site.upstream_port) as proxy:
        ways: dict[str, Scenario] = {"NinjaOne itself": scenarios.straight}
        if proxy is not None:
            ways["NinjaOne behind nginx"] = partial(scenarios.straight, by=Door(proxy.port, proxy.pid))
        yield ways


def _calls(setting: Setting, sizes: Sizes) -> int:
    if setting.delay_ms:
        return min(sizes.calls, SLOW_CALLS) * setting.lanes
    return sizes.calls if setting.lanes == 1 else max(sizes.calls, setting.lanes) * 2


def _connections(database: Database) -> int | None:
    """How many the one server process has by now; None on SQLite."""
    if database.name == "SQLite":
        return None
    with psycopg.connect(database.url) as connection:
        query = (
            "SELECT COUNT(*) FROM pg_stat_activity "
            "WHERE datname = CURRENT_DATABASE() AND backend_type = 'client backend' AND pid <> PG_BACKEND_PID()"
        )
        row = connection.execute(query).fetchone()
    return row[0] if row else None


def _to_wire(site: Site, database: Database, sizes: Sizes) -> list[float]:
    """On SQLite the server sends what was approved, on PostgreSQL a worker."""
    session = signed_in(f"http://127.0.0.1:{site.port}", *site.people["approver"])
    worker = contextlib.nullcontext() if database.name == "SQLite" else site.running("worker")
    with worker:
        scenarios.approve_to_wire(site, session)  # the worker has to start first
        return [scenarios.approve_to_wire(site, session) for _ in range(sizes.rounds * APPROVALS)]
