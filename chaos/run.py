"""One run in the environment that `python -m chaos` has made: set up, load, kills, drain, verdict."""

# ruff: noqa: E402

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import django

# The product's models can be imported only after this.
django.setup()

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet

from approvals.models import Alarm, Effect, Invocation, Place, Status
from approvals.models.states import OPEN
from chaos.cast import CLIENTS, cast_fill
from chaos.load import Agent, lonely_calls
from chaos.ninjaone import CountingSandbox
from chaos.nursery import Nursery
from chaos.people import People
from chaos.processes import Process, stop_all, wait_until_ready
from chaos.report import Report, report_print
from chaos.verdict import Row, judge
from config.ports import free_port
from integrations.clock import database_now
from integrations.ninjaone.sandbox.server import serve_in_thread

SHORTEST_WAIT, LONGEST_WAIT = 0.05, 0.5
DRAIN_SECONDS = 60.0
SERVERS, WORKERS = 3, 3


def main() -> int:
    """Returns the exit status."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    options = parser.parse_args()
    ninjaone = CountingSandbox(options.seed)
    nursery = Nursery(dict(os.environ))
    with serve_in_thread(ninjaone, urlsplit(settings.NINJAONE_SANDBOX_URL).port or 0):
        report = run(options.kills, options.seed, _processes(options.folder, nursery), ninjaone)
    nursery.close()
    return report_print(connection.vendor, options.seed, report)


def run(kills: int, seed: int, processes: list[Process], ninjaone: CountingSandbox) -> Report:
    """Everything, until nothing is under way any more."""
    keys = cast_fill({client: app.world.technician_id for client, app in ninjaone.clients.items()})
    rng = random.Random(seed)  # noqa: S311  no secret
    started = time.monotonic()
    try:
        wait_until_ready(processes)
        with _load(processes, keys, seed, ninjaone) as agents:
            for _ in range(kills):
                _kill_one(processes, rng)
        wait_until_ready(processes)
        People(threading.Event(), seed).decide_the_rest()
        _drain(Invocation.objects.filter(status__in=OPEN))
        _look_again()
    finally:
        exits = stop_all(processes)
    calls = [call for agent in agents for call in agent.calls]
    verdict = judge(rows=_rows(), calls=calls, received=ninjaone.writes)
    # Nobody but the load uses our NinjaOne users.
    verdict.wrong += Alarm.objects.values_list("words", flat=True)
    return Report(
        kills={process.name: process.kills for process in processes},
        seconds=time.monotonic() - started,
        requests=ninjaone.requests,
        calls=calls,
        exits=exits,
        verdict=verdict,
    )


def _processes(folder: Path, nursery: Nursery) -> list[Process]:
    """Several servers, so that some are up while others start; on PostgreSQL workers too.

    Servers that share a SQLite file are more than a person would run: they race for the same rows.
    """
    env = dict(os.environ)
    found = []
    for number in range(SERVERS):
        port = free_port()
        serve = ["serve", "--port", str(port), "--workers", "1"]
        found.append(Process(f"server {number}", serve, port, folder / f"server-{number}.log", env, nursery=nursery))
    workers = range(0 if connection.vendor == "sqlite" else WORKERS)
    return found + [
        Process(f"worker {number}", ["worker"], None, folder / f"worker-{number}.log", env, nursery=nursery)
        for number in workers
    ]


@contextlib.contextmanager
def _load(
    processes: list[Process], keys: dict[str, str], seed: int, ninjaone: CountingSandbox
) -> Iterator[list[Agent]]:
    def ports() -> list[int]:
        return [process.port for process in processes if process.port is not None and process.is_ready]

    stop = threading.Event()
    rng = random.Random(seed)  # noqa: S311  no secret
    lonely = {slug: lonely_calls(ninjaone.clients[client].world, rng) for slug, client in CLIENTS.items()}
    agents = [
        Agent(
            name,
            key,
            ports=ports,
            stop=stop,
            lonely=lonely[name.partition("-")[0]],
            rng=random.Random(seed + number),  # noqa: S311  no secret
        )
        for number, (name, key) in enumerate(keys.items(), start=1)
    ]
    people = People(stop, seed)
    for thread in (*agents, people):
        thread.start()
    try:
        yield agents
    finally:
        stop.set()
        for thread in (*agents, people):
            thread.join()


def _kill_one(processes: list[Process], rng: random.Random) -> None:
    """Wait a random moment, and until some are there to be killed; everybody else is kept running meanwhile."""
    kill_at = time.monotonic() + rng.uniform(SHORTEST_WAIT, LONGEST_WAIT)
    # Sometimes the last one, but not always: the load is to get somewhere.
    enough = rng.randint(1, 3)
    while True:
        for process in processes:
            process.look()
        ready = [process for process in processes if process.is_ready]
        if len(ready) >= enough and time.monotonic() >= kill_at:
            # Each in its turn: of those that are there, whoever was killed least.
            fewest = min(process.kills for process in ready)
            rng.choice([process for process in ready if process.kills == fewest]).kill(rng)
            return
        time.sleep(0.03)


def _drain(left: QuerySet[Any]) -> None:
    """Until nothing is left, or time is up: a call that is open then is lost."""
    deadline = time.monotonic() + DRAIN_SECONDS
    while left.all().exists() and time.monotonic() < deadline:
        time.sleep(0.2)


def _look_again() -> None:
    """Until NinjaOne was asked once more for everything whose end nobody knows."""
    # Who died while looking holds a place up for a minute and a half: that is over now.
    Place.objects.exclude(due_at=None).update(due_at=database_now(), read_at=None)
    _drain(Effect.objects.filter(place__read_at=None, closed_at=None, invocation__status=Status.UNKNOWN))


def _rows() -> Iterator[Row]:
    """The ledger, by the marks of the load."""
    for row in Invocation.objects.iterator():
        arguments = json.loads(row.arguments)
        mark = arguments.get("subject") or arguments.get("reason") or row.reason
        is_settled = row.note.startswith("Settled by evidence")
        yield Row(str(row.pk), mark, row.is_write, row.status, row.upstream_status, is_settled=is_settled)


if __name__ == "__main__":
    sys.exit(main())
