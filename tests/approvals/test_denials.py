"""What people denied three times is not put before them again for an hour."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from approvals.decisions import invocation_cancel
from approvals.errors import GateError
from approvals.models import Invocation, Status
from integrations.agent_keys import agent_key_issue
from integrations.audit import Actor
from integrations.clock import database_now
from integrations.models import Agent
from integrations.ninjaone.sandbox import Sandbox
from tests.approvals.asking import ask, deny, submit
from tests.approvals.rest.calling import caller_of
from tests.cast import Tenant
from tools.models import Mode
from tools.policy import policies_update

REBOOT = "ninja-reboot-device"


def denied(tenant: Tenant, times: int, name: str = REBOOT, **arguments: Any) -> None:
    for _ in range(times):
        deny(tenant, ask(tenant, name, **(arguments or {"device_id": 43})))


def refused(tenant: Tenant, name: str = REBOOT, **arguments: Any) -> GateError:
    with pytest.raises(GateError) as caught:
        ask(tenant, name, **(arguments or {"device_id": 43}))
    assert caught.value.code == "rate_limited"
    return caught.value


def decided(*hours_ago: float) -> None:
    """As if the denials, oldest first, had been so many hours ago."""
    rows = Invocation.objects.filter(status=Status.DENIED).order_by("created_at")
    for row, hours in zip(rows, hours_ago, strict=True):
        Invocation.objects.filter(pk=row.pk).update(decided_at=database_now() - timedelta(hours=hours))


def test_two_denials_do_not_stop_a_third_try(acme: Tenant) -> None:
    denied(acme, 2)
    assert ask(acme, REBOOT, device_id=43).status == Status.PENDING_APPROVAL


def test_three_denials_stop_the_same_call_for_an_hour(acme: Tenant, ninjaone: Sandbox) -> None:
    denied(acme, 3)
    before = (len(ninjaone.calls()), Invocation.objects.count())
    refusal = refused(acme)
    assert refusal.retry_after == pytest.approx(3600, abs=60)
    assert "Technicians of Acme MSP denied this very call 3 times within 24 hours" in refusal.message
    assert "ask for something else, or talk to a person" in refusal.message
    assert (len(ninjaone.calls()), Invocation.objects.count()) == before


def test_the_same_call_is_the_same_however_it_is_written(acme: Tenant) -> None:
    denied(acme, 3)
    refused(acme, mode=None, device_id=43)


def test_another_call_another_tool_and_another_agent_are_not_stopped(acme: Tenant, northwind: Tenant) -> None:
    denied(acme, 3)
    assert ask(acme, REBOOT, device_id=44).status == Status.PENDING_APPROVAL
    assert ask(acme, REBOOT, device_id=43, mode="FORCED").status == Status.PENDING_APPROVAL
    assert ask(northwind, REBOOT, device_id=43).status == Status.PENDING_APPROVAL
    sibling = Agent.objects.create(msp=acme.msp, name="sibling")
    acme.key, acme.key_text = agent_key_issue(agent=sibling, actor=Actor.user(acme.admin))
    assert ask(acme, REBOOT, device_id=43).status == Status.PENDING_APPROVAL


def test_an_hour_after_the_third_denial_people_see_it_again(acme: Tenant) -> None:
    denied(acme, 3)
    decided(20, 10, 0.99)
    assert refused(acme).retry_after == pytest.approx(36, abs=20)
    decided(20, 10, 1.01)
    row = ask(acme, REBOOT, device_id=43)
    deny(acme, row)
    refused(acme)


def test_denials_that_are_more_than_a_day_apart_are_no_series(acme: Tenant) -> None:
    denied(acme, 3)
    decided(24.2, 10, 0.1)
    assert ask(acme, REBOOT, device_id=43).status == Status.PENDING_APPROVAL


@pytest.mark.parametrize("end", ["withdrawn", "expired"])
def test_only_people_can_deny(acme: Tenant, end: str) -> None:
    denied(acme, 2)
    for _ in range(3):
        row = ask(acme, REBOOT, device_id=43)
        if end == "withdrawn":
            invocation_cancel(principal=acme.principal(), invocation_id=row.pk)
        else:
            Invocation.objects.filter(pk=row.pk).update(expires_at=database_now() - timedelta(seconds=1))
    assert ask(acme, REBOOT, device_id=43).status == Status.PENDING_APPROVAL


def test_a_dry_run_is_refused_like_the_call(acme: Tenant) -> None:
    denied(acme, 3)
    with pytest.raises(GateError, match="3 times"):
        submit(acme, REBOOT, device_id=43, options={"dry_run": True})


def test_a_call_that_only_its_route_makes_ask_is_stopped_too(acme: Tenant) -> None:
    route = {"path": "/v2/devices/scripting/unheard-of"}
    denied(acme, 3, "ninja-api-get", **route)
    refused(acme, "ninja-api-get", **route)


def test_nobody_is_asked_where_policy_lets_the_call_run(acme: Tenant) -> None:
    denied(acme, 3)
    policies_update(connection=acme.connection, changes={f"ninjaone:{REBOOT}": Mode.AUTO}, actor=Actor.user(acme.admin))
    assert ask(acme, REBOOT, device_id=43).status == Status.SUCCEEDED


def test_the_agent_reads_429_with_the_rest_of_the_hour(acme: Tenant) -> None:
    denied(acme, 3)
    decided(3, 2, 0.5)
    answer = caller_of(acme).invoke(REBOOT, {"device_id": 43})
    assert (answer.status, answer.error["code"]) == (429, "rate_limited")
    assert 1700 < int(answer.header("Retry-After") or "") <= 1800
    assert "30 minutes" in answer.error["message"]
