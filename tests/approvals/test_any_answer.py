"""Whatever NinjaOne answers, in whatever places: a call is refused, fails or waits, and nothing of ours falls over."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from approvals.dispatch import dispatch_due
from approvals.errors import GateError
from approvals.models import Invocation, Lookout, Place, Status
from approvals.outcomes.poll import place_look
from integrations.clock import database_now
from integrations.models import Agent, Msp
from integrations.ninjaone import retry
from integrations.ninjaone.sandbox import Sandbox, SandboxRequest, SandboxResponse
from tests.approvals.asking import approve, ask
from tests.approvals.outcomes.looking import make_due
from tests.cast import Tenant
from tests.tools.test_document import FORMS

ODD: list[Any] = [
    None, "", "x", 0, -1, 1.5, True, False, [], {}, [1], {"a": 1}, [[]], [None], 2**40, 2**70, -(2**63), 1e308,
    "\x00", "\ud800", "\u202e", "9" * 300, 1764000000000, "2026-01-01",
]  # fmt: skip
KEYS = ["id", "name", "organizationId", "locations", "data", "message", "activities"]
SHARES = [0.005, 0.02, 0.08]


def spoiled(chance: random.Random, value: Any, share: float) -> Any:
    """The value with that share of what is in it gone, something else, or more than there was."""
    if chance.random() < share:
        return chance.choice(ODD)
    if isinstance(value, dict):
        more = {chance.choice(KEYS): chance.choice(ODD)} if chance.random() < share else {}
        return more | {key: spoiled(chance, part, share) for key, part in value.items() if chance.random() > share}
    if isinstance(value, list):
        return [spoiled(chance, part, share) for part in value if chance.random() > share]
    return value


def spoiling(
    chance: random.Random, answer: Callable[[SandboxRequest], SandboxResponse]
) -> Callable[[SandboxRequest], SandboxResponse]:
    def odd(request: SandboxRequest) -> SandboxResponse:
        found = answer(request)
        try:
            value = json.loads(found.body)
        except ValueError:
            return found
        if request.path.startswith("/ws/"):
            return found
        return replace(found, body=json.dumps(spoiled(chance, value, chance.choice(SHARES))).encode())

    return odd


@pytest.mark.parametrize("seed", [1, 2])
def test_every_tool_meets_answers_that_make_no_sense(
    acme: Tenant, ninjaone: Sandbox, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, seed: int
) -> None:
    chance = random.Random(seed)
    monkeypatch.setattr(ninjaone, "_answer", spoiling(chance, ninjaone._answer))
    monkeypatch.setattr(retry, "pause", lambda seconds: None)
    Agent.objects.update(calls_per_minute=10_000, writes_per_minute=10_000, pending_limit=1_000)
    Msp.objects.update(calls_per_minute=10_000, pending_limit=1_000)
    person = acme.signed_in(acme.approver)
    for name, arguments in FORMS:
        Agent.objects.update(allowed_organizations=chance.choice([None, [2]]))
        try:
            row = ask(acme, name, **arguments)
        except GateError:
            continue
        if row.status == Status.PENDING_APPROVAL:
            assert person.get(f"/dashboard/approvals/approvalrequest/{row.pk}/").status_code == 200
            approve(acme, row)
            dispatch_due()
        assert person.get(f"/api/v1/invocations/{row.pk}", **acme.bearer()).status_code == 200
        assert person.get(f"/dashboard/approvals/invocation/{row.pk}/").status_code == 200
    looked_at()
    assert Invocation.objects.filter(status=Status.SUCCEEDED).count() > 10
    assert "unforeseen" not in caplog.text


def looked_at() -> None:
    """What was sent is looked for, thrice."""
    for _ in range(3):
        make_due()
        for place in Place.objects.filter(due_at__isnull=False):
            Lookout.objects.update(next_read_at=database_now())
            place_look(place.pk)
