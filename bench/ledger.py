"""A ledger as it looks after a busy month: a million calls of one MSP, and others beside it."""

from __future__ import annotations

import itertools
import json
import random
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

DAYS = 30
DEVICES, ORGANIZATIONS = 5_000, 200
# One call in so many asks a person.
ASKING = 20
WAITING = 150
# Who and what is rare is rare since long: the newest calls hold none of it.
RARE_UNTIL = 0.4
RARE_TOOL = "ninjaone:ninja-get-device-disks"
READS = [
    f"ninjaone:ninja-{name}"
    for name in (
        "get-device", "list-devices", "get-device-software", "get-device-alerts", "list-alerts", "get-device-volumes",
        "list-organizations", "get-device-activities", "get-device-services", "list-scripts",
    )
]  # fmt: skip
WRITES = [f"ninjaone:ninja-{name}" for name in ("run-bash", "reboot-device", "control-service", "run-script")]
ENDS = ["succeeded"] * 74 + ["denied"] * 10 + ["expired"] * 8 + ["cancelled"] * 4 + ["failed"] * 3 + ["blocked"]
# Of the lengths that such texts have.
FACTS = json.dumps({"device": {"os_name": "Ubuntu 24.04.1 LTS", "node_class": "LINUX_SERVER", "offline": False}})
RESULT = json.dumps({"items": [{"id": number, "name": f"disk {number}", "free": 1 << 30} for number in range(12)]})
CONSENT = json.dumps({"fields": "x" * 1200})
BLANK: dict[str, Any] = {
    "tool_version": "1", "policy": "auto", "is_write": False, "status": "succeeded",
    "arguments": '{"device_id": 1043, "limit": 50}', "reason": "", "ticket_id": None,
    "method": "GET", "base_url": "https://eu.ninjarmm.com", "path": "/v2/device/1043", "query": "", "body": None,
    "facts": FACTS, "consent": "", "digest": "", "device_id": None, "device_name": "", "organization_id": None,
    "organization_name": "", "approvals_needed": 0, "approvals_given": 0, "expires_at": None, "decided_at": None,
    "release_by": None, "lease_until": None, "attempt_count": 1, "reason_code": "", "comment": "", "result": RESULT,
    "is_truncated": False, "note": "", "upstream_status": 200, "error_code": "", "error_message": "",
}  # fmt: skip


@dataclass
class Tenant:
    """An MSP's ids: agents with their keys, the last of which is rare, and people who decide, likewise."""

    msp: uuid.UUID
    agents: list[tuple[uuid.UUID, uuid.UUID]]
    people: list[uuid.UUID] = field(default_factory=list)
    connection: uuid.UUID | None = None


def calls_of(tenant: Tenant, number: int, now: datetime, chance: random.Random) -> Iterator[dict[str, Any]]:
    """`number` calls, oldest first; the rows of the ledger by column."""
    apart = timedelta(days=DAYS) / number
    for index in range(number):
        at = now - apart * (number - index)
        row = {**BLANK, "id": uuid.UUID(int=chance.getrandbits(128), version=4), "msp_id": tenant.msp}
        row.update(tool=chance.choice(READS), created_at=at, connection_id=tenant.connection)
        row.update(call_digest=f"{chance.getrandbits(256):064x}", dispatch_started_at=at, finished_at=at)
        agent, key = chance.choice(tenant.agents[:-1] or tenant.agents)
        row.update(agent_id=agent, agent_key_id=key)
        if chance.random() < 0.6:
            _aim(row, 1 + int(DEVICES * chance.random() ** 2))
        if index < number * RARE_UNTIL and index % (number // 100 or 1) == 0:
            _make_rare(row, tenant, index)
        elif index % ASKING == 0:
            _ask(row, chance, chance.choice(ENDS), now if number - index <= WAITING * ASKING else None)
        elif chance.random() < 0.03:
            row.update(status="failed", error_code="upstream_error", upstream_status=404, result=None)
        yield row


def votes_of(tenant: Tenant, calls: Iterator[dict[str, Any]], chance: random.Random) -> Iterator[dict[str, Any]]:
    """The decisions on those calls that were decided."""
    for number, row in enumerate(call for call in calls if call["decided_at"] is not None):
        is_old = row["created_at"] < datetime.now(UTC) - timedelta(days=DAYS * (1 - RARE_UNTIL))
        person = tenant.people[-1] if is_old and number % 10 == 0 else chance.choice(tenant.people[:-1])
        yield {
            "id": uuid.UUID(int=chance.getrandbits(128), version=4),
            "msp_id": tenant.msp,
            "invocation_id": row["id"],
            "user_id": person,
            "verdict": "denied" if row["status"] == "denied" else "approved",
            "digest": row["digest"],
            "reason_code": row["reason_code"],
            "comment": "",
            "asked_at": row["created_at"],
            "decided_at": row["decided_at"],
        }


def _aim(row: dict[str, Any], device: int) -> None:
    organization = 1 + device % ORGANIZATIONS
    row.update(device_id=device, device_name=f"ACME-{device:05}", organization_id=organization)
    row.update(organization_name=f"Customer {organization:03} Ltd")


def _make_rare(row: dict[str, Any], tenant: Tenant, index: int) -> None:
    """What filters look for without finding it among the newest: 40 calls of each kind."""
    agent, key = tenant.agents[-1]
    row.update(agent_id=agent, agent_key_id=key, tool=RARE_TOOL, reason="Look for the lost invoice")
    _aim(row, DEVICES + 7)
    row.update(device_name="RARE-OLDSRV", organization_id=ORGANIZATIONS + 7, organization_name="Rare Customer")
    row.update(status="unknown" if index else "failed", is_write=True, error_code="outcome_unknown")


def _ask(row: dict[str, Any], chance: random.Random, end: str, waits_at: datetime | None) -> None:
    """Makes the call one that asked a person; with `waits_at` it waits still."""
    at = row["created_at"]
    row.update(tool=chance.choice(WRITES), is_write=True, policy="approval_needed", approvals_needed=1, method="POST")
    row.update(reason=f"Ticket {chance.randrange(1, 9999)}: asked for by the helpdesk", consent=CONSENT, body="{}")
    row.update(digest=f"sha256:{chance.getrandbits(256):064x}", expires_at=at + timedelta(hours=1), result=None)
    if waits_at is not None:
        row.update(status="pending_approval", expires_at=waits_at + timedelta(hours=2), finished_at=None)
        row.update(dispatch_started_at=None, attempt_count=0)
        return
    row.update(status=end)
    if end in {"succeeded", "failed", "blocked"}:
        row.update(approvals_given=1, release_by=at + timedelta(minutes=20))
    if end not in {"expired", "cancelled"}:
        row.update(decided_at=at + timedelta(seconds=chance.expovariate(1 / 240)))
    if end == "denied":
        row.update(reason_code="wrong_time", dispatch_started_at=None)


def in_batches(rows: Iterator[dict[str, Any]], size: int = 2_000) -> Iterator[list[dict[str, Any]]]:
    """The rows, some at a time."""
    while batch := list(itertools.islice(rows, size)):
        yield batch
