"""The client, as a process of its own: `python -m bench.load` reads a plan from stdin and prints what it saw."""

from __future__ import annotations

import http.client
import json
import sys
import threading
import time
from dataclasses import asdict, dataclass, field
from typing import Any

import requests


@dataclass
class Seen:
    """What a run saw: seconds of each call, what was not as expected, bodies where they are wanted."""

    latencies: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    bodies: list[str] = field(default_factory=list)
    wall_seconds: float = 0.0
    cpu_seconds: float = 0.0


@dataclass(frozen=True)
class Step:
    """One request, and the status that it has to be answered with."""

    method: str
    path: str
    body: str | None
    expected: int
    headers: dict[str, str] = field(default_factory=dict)


def main() -> None:
    """Runs the plan; one thread and one kept-alive connection for each of its lanes."""
    plan: dict[str, Any] = json.load(sys.stdin)
    seen = Seen()
    work = _upstream if plan["kind"] == "upstream" else _lane
    threads = [threading.Thread(target=work, args=(plan, lane, seen)) for lane in plan["lanes"]]
    started, cpu = time.perf_counter(), time.process_time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seen.wall_seconds = time.perf_counter() - started
    seen.cpu_seconds = time.process_time() - cpu
    json.dump(asdict(seen), sys.stdout)


def _lane(plan: dict[str, Any], lane: dict[str, Any], seen: Seen) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", plan["port"], timeout=60)
    headers = {"Authorization": f"Bearer {lane['bearer']}", "Content-Type": "application/json"}
    for step in (Step(**values) for values in lane["steps"]):
        started = time.perf_counter()
        connection.request(step.method, step.path, step.body, {**headers, **step.headers})
        answer = connection.getresponse()
        body = answer.read().decode()
        seen.latencies.append(time.perf_counter() - started)
        if answer.status != step.expected:
            seen.failures.append(f"{step.method} {step.path}: {answer.status} {body[:300]}")
        elif plan["keep_bodies"]:
            seen.bodies.append(body)
    connection.close()


def _upstream(plan: dict[str, Any], lane: dict[str, Any], seen: Seen) -> None:
    """The same GETs that the server sends to NinjaOne, from a plain session: what an upstream call costs by itself."""
    session = requests.Session()
    session.trust_env = False
    session.headers["Authorization"] = f"Bearer {lane['bearer']}"
    for step in (Step(**values) for values in lane["steps"]):
        started = time.perf_counter()
        answer = session.request(step.method, f"http://127.0.0.1:{plan['port']}{step.path}", timeout=60)
        answer.json()
        seen.latencies.append(time.perf_counter() - started)
        if answer.status_code != step.expected:
            seen.failures.append(f"{step.method} {step.path}: {answer.status_code} {answer.text[:300]}")
    session.close()


if __name__ == "__main__":
    main()
