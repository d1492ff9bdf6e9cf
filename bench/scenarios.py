"""What is measured: the calls of each scenario, and a round of it."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from typing import Any

from bench.cpu import tree_seconds
from bench.load import Seen, Step
from bench.servers import ROOT, Site
from integrations.ninjaone.sandbox import ACME, seed_grant

ORGANIZATION_ID = 2
DEVICE_ID = 45
# An agent may have only so many requests pending; they are withdrawn after each batch.
BATCH = 10
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


def list_tools(site: Site, calls: int) -> Measured:
    """GET /api/v1/tools."""
    return _measured(site, calls, [Step("GET", "/api/v1/tools", None, 200)] * calls)


def auto_read(site: Site, calls: int) -> Measured:
    """One organization, read from NinjaOne at once."""
    body = json.dumps({"arguments": {"organization_id": ORGANIZATION_ID}})
    return _measured(site, calls, [Step("POST", _invoke("ninja-get-organization"), body, 200)] * calls)


def mcp_list_tools(site: Site, calls: int) -> Measured:
    """tools/list over MCP."""
    return _measured(site, calls, [_mcp("tools/list", {})] * calls)


def mcp_auto_read(site: Site, calls: int) -> Measured:
    """The same organization over MCP."""
    params = {"name": "ninja-get-organization", "arguments": {"organization_id": ORGANIZATION_ID}}
    return _measured(site, calls, [_mcp("tools/call", params)] * calls)


def approval_submit(site: Site, calls: int) -> Measured:
    """Reboots that wait for a technician; none is like another, or it would be the same request."""
    parts = []
    for start in range(0, calls, BATCH * len(site.keys)):
        wanted = min(BATCH * len(site.keys), calls - start)
        parts.append(_measured(site, wanted, [_reboot() for _ in range(wanted)], withdraws=True))
    total = sum(len(part.latencies) for part in parts)
    return Measured(
        calls_per_second=total / sum(len(part.latencies) / part.calls_per_second for part in parts),
        latencies=[latency for part in parts for latency in part.latencies],
        server_ms=sum(part.server_ms * len(part.latencies) for part in parts) / total,
        database_ms=sum(part.database_ms * len(part.latencies) for part in parts) / total,
        client_ms=sum(part.client_ms * len(part.latencies) for part in parts) / total,
    )


def upstream_call(site: Site, calls: int) -> Measured:
    """The GET that an auto read sends to NinjaOne, from a plain client: its CPU is the client's."""
    step = Step("GET", f"/v2/organization/{ORGANIZATION_ID}", None, 200)
    lanes = [{"bearer": seed_grant(ACME).access_token, "steps": [asdict(step)] * calls}]
    seen = _run({"kind": "upstream", "port": site.sandbox_port, "lanes": lanes, "keep_bodies": False})
    return Measured(calls / seen.wall_seconds, seen.latencies, 0.0, 0.0, seen.cpu_seconds / calls * 1000)


def _measured(site: Site, calls: int, steps: list[Step], *, withdraws: bool = False) -> Measured:
    lanes = [
        {"bearer": site.keys[number % len(site.keys)], "steps": [asdict(step) for step in steps[number :: site.lanes]]}
        for number in range(site.lanes)
    ]
    plan: dict[str, Any] = {"kind": "api", "port": site.port, "lanes": lanes, "keep_bodies": withdraws}
    server, database = tree_seconds(site.server_pid), _database_seconds(site)
    seen = _run(plan)
    server_ms = (tree_seconds(site.server_pid) - server) / calls * 1000
    database_ms = (_database_seconds(site) - database) / calls * 1000
    if withdraws:
        _withdraw(site, [json.loads(body)["id"] for body in seen.bodies])
    return Measured(calls / seen.wall_seconds, seen.latencies, server_ms, database_ms, seen.cpu_seconds / calls * 1000)


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
