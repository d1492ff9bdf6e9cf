"""`python -m bench.growth`: whether calls and pages stay as fast with 10,000 MSPs and 5,000,000 calls in the database.

Fills one PostgreSQL with 10 MSPs and 10,000 calls of 400 days, another one with 10,000 and 5,000,000; in each the MSP
that is measured has a tenth of the calls. Both run at the same time and take turns, so that whatever else the machine
does is the same for both. Over HTTP, one request at a time. Ends with 1 where the median of anything takes more than
twice as long.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import requests

from bench.growth_filling import growth_fill
from bench.pages import ACTIVITY, QUEUE
from bench.people import signed_in
from bench.scenarios import approval_submit, auto_read
from bench.servers import Site, postgresql_of_its_own, site

MOST = 2.0
# So many in a row at one site, then at the other.
TURN = 20

# Given how often: the seconds of each.
Doing = Callable[[int], list[float]]


@dataclass(frozen=True)
class Size:
    """How much there is."""

    msps: int
    calls: int


@dataclass(frozen=True)
class Times:
    """Of one thing, in milliseconds."""

    p50: float
    p95: float

    @classmethod
    def of(cls, seconds: list[float]) -> Times:
        """From the seconds that each request took."""
        return cls(statistics.median(seconds) * 1000, statistics.quantiles(seconds, n=20)[18] * 1000)


def main() -> int:
    """Measure both, compare."""
    parser = argparse.ArgumentParser(prog="python -m bench.growth", description=__doc__)
    parser.add_argument("--msps", type=int, default=10_000)
    parser.add_argument("--calls", type=int, default=5_000_000)
    parser.add_argument("--rounds", type=int, default=100, help="how often each thing is done")
    options = parser.parse_args()
    if not any(Path("/usr/lib/postgresql").glob("*/bin")):
        print("Growth is measured on PostgreSQL, which is not installed here. Nothing was measured.")
        return 0
    with contextlib.ExitStack() as stack:
        few = _filled(stack, Size(10, 10_000))
        many = _filled(stack, Size(options.msps, options.calls))
        began = time.monotonic()
        times = [compared(name, do, do_many, options.rounds) for name, do, do_many in both(few, many)]
        print(f"measured in {time.monotonic() - began:.0f} s, {options.rounds} times each, in turns")
    return 1 if report(times) else 0


def _filled(stack: contextlib.ExitStack, size: Size) -> Site:
    """A site of that size, running until the stack is closed."""
    folder = stack.enter_context(tempfile.TemporaryDirectory())
    database = stack.enter_context(postgresql_of_its_own(Path(folder)))
    running = stack.enter_context(site(database))
    began = time.monotonic()
    filled = growth_fill(running, database.url, msps=size.msps, calls=size.calls)
    print(f"{size.msps:,} MSPs, {size.calls:,} calls: {filled.size}, filled in {time.monotonic() - began:.0f} s")
    print("  " + ", ".join(f"{name.partition('_')[2]} {count:,}" for name, count in filled.rows.items()), flush=True)
    return running


def both(few: Site, many: Site) -> Iterator[tuple[str, Doing, Doing]]:
    """What is measured at each of two sites."""
    for (name, do), (_, do_many) in zip(_things(few), _things(many), strict=True):
        yield name, do, do_many


def compared(name: str, few: Doing, many: Doing, rounds: int) -> tuple[str, Times, Times]:
    """The times of one thing at two sites, which take turns."""
    few(TURN)
    many(TURN)
    seconds: tuple[list[float], list[float]] = [], []
    for _ in range(0, rounds, TURN):
        seconds[0].extend(few(TURN))
        seconds[1].extend(many(TURN))
    return name, Times.of(seconds[0]), Times.of(seconds[1])


def _things(running: Site) -> Iterator[tuple[str, Doing]]:
    """What is measured: given how often, the seconds of each."""
    home = f"http://127.0.0.1:{running.port}"
    session = signed_in(home, *running.people["approver"])
    yield "invoke, auto read", lambda times: auto_read(running, times).latencies
    yield "invoke, waits for approval", lambda times: approval_submit(running, times).latencies
    agent = requests.Session()
    agent.headers["Authorization"] = f"Bearer {running.keys[0]}"
    for name, query in (("newest", ""), ("by status", "&status=succeeded"), ("by tool", f"&tool={_TOOL}")):
        url = f"{home}/api/v1/invocations?limit=50{query}"
        yield f"GET /invocations, {name}", lambda times, url=url: _listed(agent, url, times)  # type: ignore[misc]
    for name, address, shows in (
        ("queue", QUEUE, 'id="row-'),
        ("queue, decided", f"{QUEUE}?show=decided", 'id="row-'),
        ("activity", ACTIVITY, 'id="row-'),
        ("activity by outcome", f"{ACTIVITY}?status=denied", 'id="row-'),
        ("activity by device", f"{ACTIVITY}?device=17", 'id="row-'),
        ("activity, oldest page", f"{ACTIVITY}?oldest=", 'id="row-'),
        ("audit", "/dashboard/integrations/auditevent/", "invocation "),
    ):
        url = f"{home}{address}"
        yield name, lambda times, url=url, shows=shows: _opened(session, url, shows, times)  # type: ignore[misc]


_TOOL = "ninjaone:ninja-list-alerts"


def _listed(agent: requests.Session, url: str, times: int) -> list[float]:
    return [_timed(lambda: _checked(agent.get(url, timeout=60))) for _ in range(times)]


def _checked(answer: requests.Response) -> None:
    if answer.status_code != 200 or not answer.json()["invocations"]:
        raise SystemExit(f"{answer.url} answered {answer.status_code}, without any invocation.")


def _opened(session: requests.Session, url: str, shows: str, times: int) -> list[float]:
    def see() -> None:
        answer = session.get(url, timeout=60)
        if answer.status_code != 200 or shows not in answer.text:
            raise SystemExit(f"{url} answered {answer.status_code}, without {shows}.")

    return [_timed(see) for _ in range(times)]


def _timed(do: Callable[[], None]) -> float:
    began = time.perf_counter()
    do()
    return time.perf_counter() - began


def report(times: list[tuple[str, Times, Times]]) -> list[str]:
    """Prints both and how much longer it takes; the names of what takes too long."""
    print(f"{'':<30}{'few: p50 / p95 ms':>20}{'many: p50 / p95 ms':>22}{'ratio of p50':>14}")
    slow = []
    for name, few, many in times:
        ratio = many.p50 / few.p50
        if ratio > MOST:
            slow.append(name)
        texts = f"{f'{few.p50:.1f} / {few.p95:.1f}':>20}{f'{many.p50:.1f} / {many.p95:.1f}':>22}"
        print(f"{name:<30}{texts}{ratio:>14.2f}{' above' if ratio > MOST else ''}")
    print(f"no more than {MOST:.0f} times as long: {'missed by ' + ', '.join(slow) if slow else 'met'}")
    return slow


if __name__ == "__main__":
    sys.exit(main())
