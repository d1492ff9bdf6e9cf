"""Every method and every tool of MCP x own, foreign and nonexistent ids x keys of everybody x both addresses."""

from __future__ import annotations

import itertools
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from approvals.mcp.protocol import LEGACY, MODERN
from approvals.models import Invocation
from integrations.agent_keys import agent_key_issue, agent_key_revoke
from integrations.audit import Actor
from integrations.models import Agent
from tests.approvals.asking import ask
from tests.cast import Tenant, lift_limits
from tests.mcp.server.calling import TASKS_DECLARED, Answer, McpClient
from tools.registry import TOOLS

ADDRESSES = ("/mcp", "/mcp/readonly")
# What a client may be: of the modern era with tasks and without, and of the newest and oldest legacy version.
CLIENTS: tuple[dict[str, Any], ...] = (
    {"version": MODERN, "capabilities": TASKS_DECLARED},
    {"version": MODERN},
    {"version": LEGACY[0]},
    {"version": LEGACY[-1]},
)
# Ids of NinjaOne: what an MSP has, what only the other one has, and what nobody has.
IDS: dict[str, dict[str, Any]] = {
    "acme": {
        "own": {"device": 45, "organization": 3, "ticket": 1016, "alert": "b1c0a0de-52f1-4a49-9f0a-8d5f3f0a0001"},
        "foreign": {"device": 101, "organization": 4, "ticket": 7777, "alert": "e7d20b6a-52f1-4a49-9f0a-8d5f3f0b0001"},
        "none": {"device": 888, "organization": 8, "ticket": 8888, "alert": "00000000-52f1-4a49-9f0a-8d5f3f0b0001"},
    },
    "northwind": {
        "own": {"device": 102, "organization": 4, "ticket": 1014, "alert": "e7d20b6a-52f1-4a49-9f0a-8d5f3f0b0001"},
        "foreign": {"device": 45, "organization": 3, "ticket": 1016, "alert": "b1c0a0de-52f1-4a49-9f0a-8d5f3f0a0001"},
        "none": {"device": 88, "organization": 8, "ticket": 8888, "alert": "00000000-52f1-4a49-9f0a-8d5f3f0b0001"},
    },
}
VARIES = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{32}|sha256:[0-9a-f]+|[0-9T:.-]{20,}Z")


@pytest.fixture
def rows(acme: Tenant, northwind: Tenant) -> dict[str, Any]:
    """A waiting request of everybody, with a word of its own."""
    Agent.objects.filter(pk=northwind.agent.pk).update(name="northwind-bot")
    colleague = Agent.objects.create(msp=acme.msp, name="colleague-bot")
    _, text = agent_key_issue(agent=colleague, actor=Actor.user(acme.admin))
    old, dead = agent_key_issue(agent=acme.agent, actor=Actor.user(acme.admin))
    agent_key_revoke(key=old, actor=Actor.user(acme.admin))
    for tenant in (acme, northwind):
        lift_limits(tenant)
    return {
        "own": ask(acme, "ninja-reboot-device", device_id=43).pk,
        "foreign": ask(northwind, "ninja-reboot-device", device_id=43).pk,
        "none": uuid.uuid4(),
        "keys": {"own": acme.key_text, "colleague": text, "foreign": northwind.key_text, "revoked": dead, "none": None},
    }


@dataclass(frozen=True)
class Probe:
    """One request about an invocation."""

    key: str
    whose: str
    url: str
    client: int
    what: str


def sent(client: McpClient, what: str, invocation_id: str) -> Answer:
    """One request; what it is about stands in every place that takes an id."""
    match what:
        case "get-invocation":
            arguments = {"invocation_id": invocation_id, "wait_seconds": 0}
            return client.ask("tools/call", {"name": what, "arguments": arguments})
        case "tasks/update":
            responses = {"approve": {"action": "accept", "content": {"approved": True}}}
            return client.ask(what, {"taskId": invocation_id, "inputResponses": responses})
        case "initialize":
            hello = {"protocolVersion": LEGACY[0], "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}}
            return client.ask(what, {**hello, "taskId": invocation_id})
    return client.ask(what, {"taskId": invocation_id, "cursor": invocation_id})


WHATS = (
    "initialize", "ping", "server/discover", "tools/list", "get-invocation", "tasks/get", "tasks/update",
    "tasks/cancel", "tasks/result", "tasks/list",
)  # fmt: skip


def test_no_key_reads_or_moves_what_is_not_its_own(acme: Tenant, northwind: Tenant, rows: dict[str, Any]) -> None:
    seen: dict[Probe, tuple[int, str]] = {}
    for key, whose, url, client, what in itertools.product(
        rows["keys"], ("own", "foreign", "none"), ADDRESSES, range(len(CLIENTS)), WHATS
    ):
        wanted = str(rows[whose])
        answer = sent(McpClient(rows["keys"][key], url=url, **CLIENTS[client]), what, wanted)
        text = answer.response.content.decode().replace(wanted, "id")
        text = text.replace(answer.response.headers["X-Request-Id"], "")
        seen[Probe(key, whose, url, client, what)] = (answer.status, text)
    assert len(seen) == 1200
    for probe, (status, text) in seen.items():
        assert status < 500, probe
        assert (status == 401) is (probe.key in {"revoked", "none"}), probe
        assert probe.key == "foreign" or "northwind" not in text.lower(), probe
        assert probe.key != "foreign" or "acme" not in text.lower(), probe
    assert told_apart(seen) == set()
    # Their own is all that anybody withdrew.
    withdrawn = Invocation.objects.filter(status="cancelled")
    assert {row.agent_id for row in withdrawn} == {acme.agent.pk, northwind.agent.pk}
    assert Invocation.objects.count() == 2


def told_apart(seen: dict[Probe, tuple[int, str]]) -> set[tuple[Any, ...]]:
    """Where a key's answers to what is not its own differ from those to what does not exist."""
    by_probe: dict[tuple[Any, ...], set[tuple[int, str]]] = {}
    for probe, found in seen.items():
        if probe.key != probe.whose:
            by_probe.setdefault((probe.key, probe.url, probe.client, probe.what), set()).add(found)
    return {asked for asked, answers in by_probe.items() if len(answers) > 1}


def calls(ids: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """A call of every tool, about these ids."""
    device, organization, ticket = ids["device"], ids["organization"], ids["ticket"]
    yield "ninja-list-organizations", {}
    yield "ninja-get-organization", {"organization_id": organization}
    yield "ninja-list-devices", {"organization_id": organization}
    for name in ("", "-disks", "-volumes", "-software", "-services", "-alerts", "-activities"):
        yield f"ninja-get-device{name}", {"device_id": device}
    yield "ninja-control-service", {"device_id": device, "service": "Spooler", "action": "restart"}
    yield "ninja-reboot-device", {"device_id": device}
    yield "ninja-list-scripts", {"limit": 1}
    yield "ninja-run-script", {"device_id": device, "script_id": 26}
    yield "ninja-run-bash", {"device_id": device, "script": "id"}
    yield "ninja-list-alerts", {"organization_id": organization}
    yield "ninja-dismiss-alert", {"alert_uid": ids["alert"]}
    yield "ninja-create-ticket", {"organization_id": organization, "ticket_form_id": 1, "subject": "x"}
    yield "ninja-update-ticket", {"ticket_id": ticket, "status": "2000"}
    yield "ninja-get-ticket-log", {"ticket_id": ticket}
    yield "ninja-api-get", {"path": f"/v2/device/{device}"}
    yield "ninja-api-post", {"path": f"/v2/device/{device}/reboot/NORMAL"}
    yield "ninja-api-put", {"path": f"/v2/organization/{organization}", "body": {"name": "x"}}
    yield "ninja-api-patch", {"path": f"/v2/device/{device}", "body": {"displayName": "x"}}
    yield "ninja-api-delete", {"path": f"/v2/device/{device}/maintenance"}


def test_no_tool_shows_what_only_another_msp_has(acme: Tenant, northwind: Tenant, rows: dict[str, Any]) -> None:
    assert {name for name, _ in calls(IDS["acme"]["own"])} == {tool.name for tool in TOOLS.values()}
    for tenant, slug, other in ((acme, "acme", "northwind"), (northwind, "northwind", "acme")):
        told: dict[tuple[str, str], set[tuple[int, str]]] = {}
        for whose, url in itertools.product(("own", "foreign", "none"), ADDRESSES):
            ids = IDS[slug][whose]
            client = McpClient(tenant.key_text, url=url, capabilities=TASKS_DECLARED)
            for name, arguments in calls(ids):
                # Reads are sent; of writes everything happens but the sending.
                is_write = TOOLS[f"ninjaone:{name}"].is_write
                answer = client.call(name, arguments, dry_run=is_write)
                text = answer.response.content.decode()
                assert answer.status == 200, (name, whose)
                assert other not in text.lower(), (name, whose)
                if whose != "own":
                    told.setdefault((url, name), set()).add((answer.status, without(arguments, ids, text)))
        assert {what: answers for what, answers in told.items() if len(answers) > 1} == {}
        shown = Invocation.objects.for_msp(tenant.msp).filter(is_write=False, status="succeeded")
        assert shown.count() >= 20
    assert Invocation.objects.filter(is_write=True).count() == 2  # those of the fixture


def without(arguments: dict[str, Any], ids: dict[str, Any], text: str) -> str:
    """The answer without the ids that were asked for, and without what differs from call to call."""
    asked = [str(value) for value in ids.values() if str(value) in str(arguments)]
    text = VARIES.sub("", text)
    return re.sub(rf"\b(?:{'|'.join(asked)})\b", "id", text) if asked else text
