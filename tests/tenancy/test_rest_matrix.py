"""Every address of the API x own, foreign and nonexistent ids x methods x keys of everybody."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from approvals.models import Invocation
from integrations.agent_keys import agent_key_issue, agent_key_revoke
from integrations.audit import Actor
from integrations.models import Agent
from tests.approvals.asking import ask
from tests.cast import Tenant
from tests.tenancy.addresses import addresses

METHODS = ("get", "post", "put", "delete")
PUBLIC = {"api/v1/schema", "api/v1/docs"}
QUERIES = ("", "?tool=ninja-reboot-device", "?status=pending_approval", "?limit=100", "?msp=x", "?agent=x")


@pytest.fixture
def rows(acme: Tenant, northwind: Tenant) -> dict[str, Any]:
    """A waiting request of everybody, with a word of its own."""
    Agent.objects.filter(pk=northwind.agent.pk).update(name="northwind-bot")
    colleague = Agent.objects.create(msp=acme.msp, name="colleague-bot")
    _, text = agent_key_issue(agent=colleague, actor=Actor.user(acme.admin))
    old, dead = agent_key_issue(agent=acme.agent, actor=Actor.user(acme.admin))
    agent_key_revoke(key=old, actor=Actor.user(acme.admin))
    return {
        "own": ask(acme, "ninja-reboot-device", device_id=43).pk,
        "foreign": ask(northwind, "ninja-reboot-device", device_id=43).pk,
        "keys": {"own": acme.key_text, "colleague": text, "foreign": northwind.key_text, "revoked": dead, "none": ""},
    }


def answer(client: Client, key: str, method: str, url: str, row: object) -> tuple[int, bytes]:
    """The answer, without the request's own id and without the id that was asked for."""
    body: dict[str, Any] = {"arguments": {"device_id": 43}, "dry_run": True} if url.endswith("/invoke") else {}
    sent: dict[str, Any] = {"data": body, "content_type": "application/json"} if method == "post" else {}
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    response = getattr(client, method)(url, headers=headers, **sent)
    text = response.content.replace(str(row).encode(), b"id").replace(response.headers["X-Request-Id"].encode(), b"")
    return response.status_code, text


def test_no_key_reads_or_moves_what_is_not_its_own(acme: Tenant, northwind: Tenant, rows: dict[str, Any]) -> None:
    client = Client()
    seen = {
        probe: answer(client, rows["keys"][probe.key], probe.method, probe.url, probe.row) for probe in probes(rows)
    }
    assert len(seen) >= 250
    for probe, (status, text) in seen.items():
        assert status < 500, probe
        assert status == 401 or probe.key not in {"revoked", "none"}, probe
        assert probe.key == "foreign" or (b"northwind" not in text.lower() and words(rows["foreign"], text, probe))
        assert probe.key != "foreign" or (b"acme" not in text.lower() and words(rows["own"], text, probe))
    assert told_apart(seen) == set()
    # Their own is all that anybody withdrew.
    assert Invocation.objects.filter(status="cancelled").count() == 2
    assert {row.agent_id for row in Invocation.objects.filter(status="cancelled")} == {
        acme.agent.pk,
        northwind.agent.pk,
    }


def test_what_is_shown_to_everybody_names_nobody(acme: Tenant, northwind: Tenant, rows: dict[str, Any]) -> None:
    for pattern in PUBLIC:
        status, text = answer(Client(), "", "get", f"/{pattern}", "-")
        assert status == 200
        assert b"northwind" not in text.lower()


@dataclass(frozen=True)
class Probe:
    """One request."""

    pattern: str
    key: str
    whose: str
    method: str
    url: str
    row: object
    names_a_row: bool


def probes(rows: dict[str, Any]) -> Iterator[Probe]:
    """Every request."""
    ids = {"own": rows["own"], "foreign": rows["foreign"], "none": uuid.uuid4()}
    for address in addresses("api/v1/"):
        if address.pattern in PUBLIC:
            continue
        kinds = address.named
        for whose, pk in ids.items() if "invocation" in kinds else [("own", rows["own"])]:
            url = address.filled([{"invocation": str(pk), "tool": "ninja-reboot-device"}[kind] for kind in kinds])
            for key, method in itertools.product(rows["keys"], METHODS):
                for query in QUERIES if method == "get" else ("",):
                    yield Probe(address.pattern, key, whose, method, url + query, pk, "invocation" in kinds)


def words(row: object, text: bytes, probe: Probe) -> bool:
    """Whether the answer is silent about a row that was not asked for."""
    return str(row).encode() not in text or str(row) in probe.url


def told_apart(seen: dict[Probe, tuple[int, bytes]]) -> set[tuple[Any, ...]]:
    """Where a key's answers to what is not its own differ from those to what does not exist."""
    by_probe: dict[tuple[Any, ...], set[tuple[int, bytes]]] = {}
    for probe, found in seen.items():
        if probe.names_a_row and probe.key != probe.whose:
            asked = probe.url.replace(str(probe.row), "id")
            by_probe.setdefault((asked, probe.key, probe.method), set()).add(found)
    return {asked for asked, answers in by_probe.items() if len(answers) > 1}
