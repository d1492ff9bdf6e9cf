"""What a limit refused is on record, and cannot be used to fill the audit."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from approvals.errors import GateError
from approvals.models import Refused
from approvals.refusals import refusal_count
from approvals.sweep import sweep
from integrations.clock import database_now
from integrations.models import Agent, AuditEvent
from tests.approvals.asking import ask, submit
from tests.approvals.crowd import crowd_of
from tests.cast import Tenant


def entries(tenant: Tenant) -> list[dict[str, Any]]:
    """The data of the audit's entries about limits, in order."""
    found = AuditEvent.objects.for_msp(tenant.msp).filter(action="call.limited").order_by("number")
    return [json.loads(record)["data"] for record in found.values_list("record", flat=True)]


def refused(tenant: Tenant, times: int, *, dry_run: bool = False) -> None:
    for _ in range(times):
        with pytest.raises(GateError) as caught:
            submit(tenant, "ninja-get-device", device_id=43, options={"dry_run": dry_run})
        assert caught.value.code == "rate_limited"


def a_minute_later() -> None:
    Refused.objects.update(noted_at=database_now() - timedelta(seconds=61))


@pytest.fixture
def silenced(acme: Tenant) -> Tenant:
    """An MSP whose agent may not call at all."""
    Agent.objects.filter(pk=acme.agent.pk).update(calls_per_minute=0)
    return acme


def test_the_first_refusal_is_an_entry_and_those_of_its_minute_are_counted(silenced: Tenant) -> None:
    refused(silenced, 4)
    first = {"code": "rate_limited", "tool": "ninjaone:ninja-get-device", "refusals": 1}
    assert entries(silenced) == [first]
    a_minute_later()
    refused(silenced, 1)
    assert entries(silenced) == [first, {**first, "refusals": 4}]


def test_what_was_counted_last_is_written_down_by_the_sweeper(silenced: Tenant) -> None:
    refused(silenced, 3)
    sweep()
    assert len(entries(silenced)) == 1  # the minute is not over
    a_minute_later()
    sweep()
    a_minute_later()
    sweep()
    assert [entry["refusals"] for entry in entries(silenced)] == [1, 2]


def test_each_limit_counts_by_itself(acme: Tenant) -> None:
    Agent.objects.filter(pk=acme.agent.pk).update(pending_limit=1)
    ask(acme, "ninja-reboot-device", device_id=43)
    with pytest.raises(GateError, match="may wait"):
        ask(acme, "ninja-reboot-device", device_id=44)
    Agent.objects.filter(pk=acme.agent.pk).update(writes_per_minute=0)
    with pytest.raises(GateError, match="none"):
        ask(acme, "ninja-create-ticket", organization_id=2, ticket_form_id=1, subject="No")
    assert [(entry["code"], entry["tool"]) for entry in entries(acme)] == [
        ("too_many_pending", "ninjaone:ninja-reboot-device"),
        ("rate_limited", "ninjaone:ninja-create-ticket"),
    ]


def test_a_dry_run_leaves_nothing(silenced: Tenant) -> None:
    refused(silenced, 2, dry_run=True)
    assert not entries(silenced)


def test_a_crowd_of_refusals_makes_one_entry_and_none_is_forgotten(acme: Tenant) -> None:
    principal = acme.principal()
    with crowd_of(16) as crowd:
        for _ in range(3):
            crowd.at_once([lambda: refusal_count(principal=principal, code="rate_limited", tool="x")] * 16)
    a_minute_later()
    sweep()
    assert [entry["refusals"] for entry in entries(acme)] == [1, 47]
