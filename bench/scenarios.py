"""What is measured: the calls of each scenario, and a round of it."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import time
from dataclasses import asdict, dataclass, replace
from typing import Any

import requests

from bench.cpu import tree_seconds
from bench.load import Seen, Step
from bench.people import approve
from bench.servers import ROOT, Site
from integrations.ninjaone.sandbox import ACME, seed_grant

ORGANIZATION_ID = 2
DEVICE_ID = 45
# Of each agent; they are withdrawn after each batch, for a queue is never long.
BATCH = 32
MCP_VERSION = "2026-07-28"

_numbers = itertools.count(1)


@dataclass(frozen=True)
class Measured:
    """One round of one scenario: seconds of each call, and CPU milliseconds per call."""

    calls_per_second: float
    latencies: list[float]
    server_ms: float
    database_ms: float
    client_ms: float


@dataclass(frozen=True)
class Door:
    """Where calls go: a port, and the process behind it whose CPU counts."""

    port: int
    pid: int | None


def list_tools(site: Site, calls: int, lanes: int = 1) -> Measured:
    """GET /api/v1/tools."""
    return _measured(site, [Step("GET", "/api/v1/tools", None, 200)] * calls, lanes)


def auto_read(site: Site, calls: int, lanes: int = 1) -> Measured:
    """One organization, read from NinjaOne at once."""
    body = json.dumps({"arguments": {"organization_id": ORGANIZATION_ID}})
    return _measured(site, [Step("POST", _invoke("ninja-get-organization"), body, 200)] * calls, lanes)


def mcp_list_tools(site: Site, calls: int, lanes: int = 1) -> Measured:
    """tools/list over MCP."""
    return _measured(site, [_mcp("tools/list", {})] * calls, lanes)


def mcp_auto_read(site: Site, calls: int, lanes: int = 1) -> Measured:
    """The same organization over MCP."""
    params = {"name": "ninja-get-organization", "arguments": {"organization_id": ORGANIZATION_ID}}
    return _measured(site, [_mcp("tools/call", params)] * calls, lanes)


def approval_submit(site: Site, calls: int, lanes: int = 1) -> Measured:
    """Reboots that wait for a technician; none is like another, or it would be the same request."""
    parts = []
    for start in range(0, calls, BATCH * len(site.keys)):
        wanted = min(BATCH * len(site.keys), calls - start)
        parts.append(_measured(site, [_reboot() for _ in range(wanted)], lanes, withdraws=True))
    total = sum(len(part.latencies) for part in parts)
    return Measured(
        calls_per_second=total / sum(len(part.latencies) / part.calls_per_second for part in parts),
        latencies=[latency for part in parts for latency in part.latencies],
        server_ms=sum(part.server_ms * len(part.latencies) for part in parts) / total,
        database_ms=sum(part.database_ms * len(part.latencies) for part in parts) / total,
        client_ms=sum(part.client_ms * len(part.latencies) for part in parts) / total,
    )


def approve_to_wire(site: Site, session: requests.Session) -> float:
    """Seconds from the moment a technician presses Approve until the request has reached NinjaOne."""
    step = _reboot()
    lane = {"bearer": site.keys[0], "steps": [asdict(step)]}
    seen = _run({"kind": "api", "port": site.port, "lanes": [lane], "keep_bodies": True})
    pressed_at = approve(session, json.loads(seen.bodies[0])["approval"]["url"])
    for _ in range(2_000):
        sent_at = float(requests.get(f"http://127.0.0.1:{site.upstream_port}/bench/last-write", timeout=30).text)
        if sent_at > pressed_at:
            return sent_at - pressed_at
        time.sleep(0.01)
    raise SystemExit("An approved reboot was not sent within 20 seconds.")


def delay_set(site: Site, milliseconds: int) -> None:
    """How late the upstream answers from now on."""
    requests.get(f"http://127.0.0.1:{site.upstream_port}/bench/delay/{milliseconds}", timeout=30)


def straight(site: Site, calls: int, lanes: int = 1, *, by: Door | None = None) -> Measured:
    """The GET that an auto read sends to NinjaOne, straight to it or through `by`."""
    step = Step("GET", f"/v2/organization/{ORGANIZATION_ID}", None, 200)
    door = by or Door(site.upstream_port, None)
    return _driven(door, [seed_grant(ACME).access_token], [step] * calls, lanes)[0]


def requests_client(site: Site, calls: int, lanes: int = 1) -> Measured:
    """The same from a session of `requests`, as the server has one: its CPU is the client's."""
    step = Step("GET", f"/v2/organization/{ORGANIZATION_ID}", None, 200)
    door = Door(site.upstream_port, None)
    return _driven(door, [seed_grant(ACME).access_token], [step] * calls, lanes, kind="upstream")[0]


def _measured(site: Site, steps: list[Step], lanes: int, *, withdraws: bool = False) -> Measured:
    database = _database_seconds(site)
    door = Door(site.port, site.server_pid)
    measured, seen = _driven(door, site.keys, steps, lanes, keeps_bodies=withdraws)
    database_ms = (_database_seconds(site) - database) / len(steps) * 1000
    if withdraws:
        _withdraw(site, [json.loads(body)["id"] for body in seen.bodies])
    return replace(measured, database_ms=database_ms)


def _driven(
    door: Door, keys: list[str], steps: list[Step], lanes: int, *, kind: str = "api", keeps_bodies: bool = False
) -> tuple[Measured, Seen]:
    """All steps over as many connections as there are lanes; the keys take turns."""
    plan: dict[str, Any] = {
        "kind": kind,
        "port": door.port,
        "keep_bodies": keeps_bodies,
        "lanes": [
            {"bearer": keys[number % len(keys)], "steps": [asdict(step) for step in steps[number::lanes]]}
            for number in range(lanes)
        ],
    }
    server = tree_seconds(door.pid) if door.pid else 0.0
    seen = _run(plan)
    server = tree_seconds(door.pid) - server if door.pid else 0.0
    calls = len(steps)
    per_call_ms = 1000 / calls
    return Measured(
        calls / seen.wall_seconds, seen.latencies, server * per_call_ms, 0.0, seen.cpu_seconds * per_call_ms
    ), seen


def _withdraw(site: Site, ids: list[str]) -> None:
    """Cancels what is pending. Whose a request is is not kept: the other agents get 404, as strangers do."""
    listing = Step("GET", "/api/v1/invocations?status=pending_approval&limit=100", None, 200)
    for key in site.keys:
        lane = {"bearer": key, "steps": [asdict(listing)]}
        seen = _run({"kind": "api", "port": site.port, "lanes": [lane], "keep_bodies": True})
        mine = [row["id"] for row in json.loads(seen.bodies[0])["invocations"] if row["id"] in ids]
        cancels = [asdict(Step("POST", f"/api/v1/invocations/{row}/cancel", None, 200)) for row in mine]
        _run({"kind": "api", "port": site.port, "lanes": [{"bearer": key, "steps": cancels}], "keep_bodies": False})


def _run(plan: dict[str, Any]) -> Seen:
    done = subprocess.run(
        [sys.executable, "-m", "bench.load"],
        cwd=ROOT,
        input=json.dumps(plan),
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    seen = Seen(**json.loads(done.stdout))
    if seen.failures:
        raise SystemExit(f"{len(seen.failures)} calls were not answered as expected. The first: {seen.failures[0]}")
    return seen


def _reboot() -> Step:
    arguments = {"device_id": DEVICE_ID, "reason": f"benchmark {next(_numbers)}"}
    body = json.dumps({"arguments": arguments, "reason": "benchmark"})
    return Step("POST", _invoke("ninja-reboot-device"), body, 202)


def _mcp(method: str, params: dict[str, Any]) -> Step:
    """A request as a client of 2026-07-28 sends it."""
    meta = {
        "io.modelcontextprotocol/protocolVersion": MCP_VERSION,
        "io.modelcontextprotocol/clientInfo": {"name": "bench", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": {**params, "_meta": meta}}
    headers = {"MCP-Protocol-Version": MCP_VERSION, "Mcp-Method": method}
    if "name" in params:
        headers["Mcp-Name"] = params["name"]
    return Step("POST", "/mcp", json.dumps(body), 200, headers)


def _invoke(tool: str) -> str:
    return f"/api/v1/tools/{tool}/invoke"


def _database_seconds(site: Site) -> float:
    return tree_seconds(site.database_pid) if site.database_pid else 0.0
