"""`make bench`: calls per second, latency and CPU per call; each scenario in several rounds, interleaved."""

from __future__ import annotations

import argparse
import contextlib
import os
import statistics
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench import scenarios
from bench.scenarios import Measured
from bench.servers import Database, Site, postgresql_at, postgresql_of_its_own, site, sqlite

SCENARIOS = {
    "list tools": scenarios.list_tools,
    "list tools over MCP": scenarios.mcp_list_tools,
    "upstream call alone": scenarios.upstream_call,
    "auto read": scenarios.auto_read,
    "auto read over MCP": scenarios.mcp_auto_read,
    "approval submit": scenarios.approval_submit,
}
# CPU milliseconds of the server: of a list, and of an auto read above the upstream call itself.
LIST_TARGET_MS = 1.0
READ_TARGET_MS = 3.0
# How much more the same read may cost over MCP.
MCP_TARGET = 1.15


def main() -> None:
    """Measures on SQLite, or on PostgreSQL where DATABASE_URL names one or --postgresql asks for it."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--calls", type=int, default=200, help="of each scenario in a round")
    parser.add_argument("--connections", type=int, default=1, help="how many calls are under way at the same time")
    parser.add_argument("--workers", type=int, help="server processes (PostgreSQL alone)")
    parser.add_argument("--postgresql", action="store_true", help="start a PostgreSQL of its own and count its CPU too")
    options = parser.parse_args()
    with _database(options.postgresql) as database, site(database, options.workers, options.connections) as running:
        for scenario in SCENARIOS.values():
            scenario(running, max(20, options.calls // 4))  # caches, connections and threads warm up
        rounds = [
            {name: scenario(running, options.calls) for name, scenario in SCENARIOS.items()}
            for _ in range(options.rounds)
        ]
    size = f"{options.rounds} rounds of {options.calls} calls over {_connections(running.lanes)}"
    print(f"{database.name}, {size}; medians")
    _report(running, rounds)


@contextlib.contextmanager
def _database(wants_postgresql: bool) -> Iterator[Database]:
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        url = os.environ.get("DATABASE_URL", "")
        if wants_postgresql:
            yield stack.enter_context(postgresql_of_its_own(Path(folder)))
        elif url.startswith("postgres"):
            yield stack.enter_context(postgresql_at(url))
        else:
            yield stack.enter_context(sqlite(Path(folder)))


def _report(running: Site, rounds: list[dict[str, Measured]]) -> None:
    print(f"{'':<22}{'calls/s':>9}{'p50 ms':>9}{'p95 ms':>9}{'CPU ms of: server':>20}{'database':>10}{'client':>8}")
    for name in SCENARIOS:
        measured = [one[name] for one in rounds]
        cuts = [statistics.quantiles(one.latencies, n=20) for one in measured]
        database_ms = _median([one.database_ms for one in measured])
        server_ms = _median([one.server_ms for one in measured])
        print(
            f"{name:<22}{_median([one.calls_per_second for one in measured]):>9.0f}"
            f"{_median([statistics.median(one.latencies) for one in measured]) * 1000:>9.2f}"
            f"{_median([cut[18] for cut in cuts]) * 1000:>9.2f}"
            f"{_or_dash(server_ms):>20}{_or_dash(database_ms):>10}"
            f"{_median([one.client_ms for one in measured]):>8.2f}"
        )
    above = _median([one["auto read"].server_ms - one["upstream call alone"].client_ms for one in rounds])
    _target("an auto read above the upstream call", above, READ_TARGET_MS)
    more = _median([one["auto read over MCP"].server_ms / one["auto read"].server_ms for one in rounds])
    verdict = "met" if more <= MCP_TARGET else "missed"
    print(f"An auto read over MCP costs {more:.2f} times the CPU of REST, target {MCP_TARGET}: {verdict}")
    _target("a list of tools", _median([one["list tools"].server_ms for one in rounds]), LIST_TARGET_MS)


def _connections(number: int) -> str:
    return "one connection" if number == 1 else f"{number} connections"


def _or_dash(milliseconds: float) -> str:
    return f"{milliseconds:.2f}" if milliseconds else "-"


def _target(what: str, value: float, target: float) -> None:
    verdict = "met" if value <= target else "missed"
    print(f"Server CPU of {what}: {value:.2f} ms, target {target:.1f} ms: {verdict}")


def _median(values: list[float]) -> float:
    return statistics.median(values)


if __name__ == "__main__":
    main()
