"""The tables, and what they say of the targets."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass

from bench.matrix import QUICK, QUICK_MANY, SLOW_MANY, Found, Sizes
from bench.scenarios import Measured

HEAD = f"{'':<24}{'calls/s':>9}{'p50 ms':>9}{'p95 ms':>9}{'CPU ms of: server':>20}{'database':>10}{'client':>8}"


@dataclass(frozen=True)
class Target:
    """One figure that is wished for; `most` is what it may be at most, `least` at least."""

    what: str
    value: float
    unit: str
    most: float | None = None
    least: float | None = None

    def __str__(self) -> str:
        bound = f"at most {self.most:g}" if self.most is not None else f"at least {self.least:g}"
        return f"{self.what}: {self.value:.2f} {self.unit}, target {bound}: {'met' if self._is_met() else 'missed'}"

    def _is_met(self) -> bool:
        return (self.most is None or self.value <= self.most) and (self.least is None or self.value >= self.least)


def report(database: str, sizes: Sizes, found: Found) -> None:
    """Prints all of it."""
    print(f"\n{database}: {sizes.rounds} rounds of {sizes.calls} calls; medians")
    for setting, taken in found.rounds.items():
        connections = "one connection" if setting.lanes == 1 else f"{setting.lanes} connections"
        print(f"\n{connections}, NinjaOne answers {f'after {setting.delay_ms} ms' if setting.delay_ms else 'at once'}")
        print(HEAD)
        for name, rounds in taken.items():
            print(_line(name, rounds))
    print(f"\nFrom Approve to the wire: {statistics.median(found.to_wire) * 1000:.0f} ms", end="")
    print(f", at most {max(found.to_wire) * 1000:.0f} ms, of {len(found.to_wire)}")
    if found.connections is not None:
        print(f"Database connections of the server process: {found.connections}")
    for target in _targets(found):
        print(target)


def _line(name: str, rounds: list[Measured]) -> str:
    database_ms, server_ms = _median(rounds, lambda one: one.database_ms), _median(rounds, lambda one: one.server_ms)
    return (
        f"{name:<24}{_median(rounds, lambda one: one.calls_per_second):>9.0f}"
        f"{_p50(rounds):>9.2f}{_median(rounds, lambda one: _cuts(one)[18]) * 1000:>9.2f}"
        f"{_or_dash(server_ms):>20}{_or_dash(database_ms):>10}{_median(rounds, lambda one: one.client_ms):>8.2f}"
    )


def _targets(found: Found) -> list[Target]:
    quick, many = found.rounds[QUICK], found.rounds[QUICK_MANY]
    slow = found.rounds[SLOW_MANY]
    read, over_mcp, tools = quick["auto read"], quick["auto read over MCP"], quick["list tools"]
    pairs = zip(read, quick["NinjaOne by requests"], strict=True)
    above = statistics.median(one.server_ms - client.client_ms for one, client in pairs)
    ratio = statistics.median(_times(mcp.server_ms, rest.server_ms) for mcp, rest in zip(over_mcp, read, strict=True))
    targets = [
        Target("Server CPU of an auto read above the upstream call", above, "ms", most=3.0),
        Target("Server CPU of a list of tools", _server(tools), "ms", most=1.0),
        Target("Server CPU of an auto read over MCP by that over REST", ratio, "times", most=1.15),
        Target("p50 of an auto read", _p50(read), "ms", most=1.8),
        Target("Server CPU of an auto read", _server(read), "ms", most=1.1),
        Target("Database CPU of an auto read", _median(read, lambda one: one.database_ms), "ms", most=0.5),
        Target("Auto reads over 32 connections", _rate(many["auto read"]), "a second", least=520),
        Target("The same, NinjaOne answering after 100 ms", _rate(slow["auto read"]), "a second", least=290),
        Target("Server CPU of a list of tools", _server(tools), "ms", most=0.6),
        Target("Lists of tools over 32 connections", _rate(many["list tools"]), "a second", least=1700),
        Target("Approval submits over 32 connections", _rate(many["approval submit"]), "a second", least=700),
        Target("Start, until the first answer", found.start_seconds, "s", most=0.7),
        Target("Idle memory", found.idle_mb, "MB", most=95),
    ]
    if found.connections is not None:
        targets.append(Target("Database connections of a server process", found.connections, "at once", most=6))
    return targets


def _times(one: float, other: float) -> float:
    """How many times the other. The system counts in hundredths of a second: a few calls may have cost it nothing."""
    return one / other if other else float("inf")


def _server(rounds: list[Measured]) -> float:
    return _median(rounds, lambda one: one.server_ms)


def _rate(rounds: list[Measured]) -> float:
    return _median(rounds, lambda one: one.calls_per_second)


def _p50(rounds: list[Measured]) -> float:
    return _median(rounds, lambda one: statistics.median(one.latencies)) * 1000


def _cuts(one: Measured) -> list[float]:
    return statistics.quantiles(one.latencies, n=20)


def _median(rounds: list[Measured], figure: Callable[[Measured], float]) -> float:
    return statistics.median(figure(one) for one in rounds)


def _or_dash(milliseconds: float) -> str:
    return f"{milliseconds:.2f}" if milliseconds else "-"
