"""What is stopped sends nothing, at once, approved or not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from approvals.dispatch import dispatch_due, dispatch_one
from approvals.errors import GateError
from approvals.models import Effect, Status
from integrations.agent_keys import agent_key_revoke
from integrations.audit import Actor
from integrations.brakes import (
    agent_freeze,
    agent_unfreeze,
    everything_freeze,
    everything_unfreeze,
    msp_freeze,
    msp_unfreeze,
)
from integrations.models import Agent, AuditEvent, Connection, Msp
from integrations.ninjaone import client, retry
from integrations.ninjaone.sandbox import Sandbox
from integrations.ninjaone.sandbox.faults import status
from tests.approvals.asking import again, approve, ask
from tests.cast import Tenant

Deed = Callable[[Tenant], bool]


def actor(tenant: Tenant) -> Actor:
    return Actor.user(tenant.admin)


STOP: dict[str, Deed] = {
    "agent": lambda t: agent_freeze(agent=t.agent, actor=actor(t)),
    "MSP": lambda t: msp_freeze(msp=t.msp, actor=actor(t)),
    "everything": lambda t: everything_freeze(actor=actor(t)),
}
GO_ON: dict[str, Deed] = {
    "agent": lambda t: agent_unfreeze(agent=t.agent, actor=actor(t), reason="It was us."),
    "MSP": lambda t: msp_unfreeze(msp=t.msp, actor=actor(t), reason="It was us."),
    "everything": lambda t: everything_unfreeze(actor=actor(t), reason="It was us."),
}
WHAT = ("agent", "MSP", "everything")


@pytest.mark.parametrize("what", WHAT)
def test_what_is_stopped_is_refused_reads_too_and_may_look(acme: Tenant, ninjaone: Sandbox, what: str) -> None:
    row = ask(acme, "ninja-reboot-device", device_id=43)
    assert STOP[what](acme)
    for tool, arguments in (("ninja-get-device", {"device_id": 43}), ("ninja-reboot-device", {"device_id": 45})):
        with pytest.raises(GateError, match="stopped") as refusal:
            ask(acme, tool, **arguments)
        assert (refusal.value.code, refusal.value.http_status) == ("frozen", 423)
    with pytest.raises(GateError, match="nothing can be approved") as refusal:
        approve(acme, row)
    assert refusal.value.code == "frozen"
    assert again(row.pk).approvals_given == 0
    assert acme.principal().brake


@pytest.mark.parametrize("what", WHAT)
def test_what_was_approved_is_blocked_and_stays_blocked(acme: Tenant, ninjaone: Sandbox, what: str) -> None:
    row = ask(acme, "ninja-reboot-device", device_id=43)
    approve(acme, row)
    STOP[what](acme)
    dispatch_due()
    assert (again(row.pk).status, again(row.pk).dispatch_started_at) == (Status.BLOCKED, None)
    assert "stopped" in again(row.pk).error_message
    GO_ON[what](acme)
    dispatch_due()
    assert again(row.pk).status == Status.BLOCKED


@pytest.mark.parametrize("what", WHAT)
def test_a_stop_between_the_last_look_and_the_wire_holds(
    acme: Tenant, ninjaone: Sandbox, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    row = ask(acme, "ninja-reboot-device", device_id=43)
    approve(acme, row)

    def late(_: object) -> list[str]:
        STOP[what](acme)
        return []

    monkeypatch.setattr("approvals.release.changes", late)
    assert not dispatch_one(row.pk)
    assert again(row.pk).status == Status.QUEUED
    assert again(row.pk).dispatch_started_at is None


@pytest.mark.parametrize("what", [*WHAT, "key"])
def test_a_stop_reaches_a_write_that_waits_to_be_sent_again(
    acme: Tenant, ninjaone: Sandbox, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    row = ask(acme, "ninja-reboot-device", device_id=43)
    approve(acme, row)
    ninjaone.faults.add("POST", "/v2/device/43/reboot/NORMAL", status(429, retry_after="5"))
    monkeypatch.setattr(client, "LONG_WAIT", 0.0)
    stops: dict[str, Deed] = {**STOP, "key": lambda t: agent_key_revoke(key=t.key, actor=actor(t))}
    monkeypatch.setattr(retry, "pause", lambda _: stops[what](acme))
    dispatch_due()
    row = again(row.pk)
    assert (row.status, row.error_code) == (Status.FAILED, "frozen")
    assert "Nothing was done" in row.error_message
    assert len(ninjaone.calls("POST")) == 1
    assert Connection.objects.get(pk=acme.connection.pk).failed_at is None
    assert not Effect.objects.exists()


@pytest.mark.parametrize("what", WHAT)
def test_it_goes_on_with_a_reason_on_record(acme: Tenant, ninjaone: Sandbox, what: str) -> None:
    assert STOP[what](acme)
    assert not STOP[what](acme)
    assert GO_ON[what](acme)
    assert not GO_ON[what](acme)
    assert acme.principal().brake == ""
    assert ask(acme, "ninja-get-device", device_id=43).status == Status.SUCCEEDED
    events = list(AuditEvent.objects.for_msp(acme.msp).order_by("number").values_list("action", "record"))
    stops = [(action, "It was us." in record) for action, record in events if "frozen" in action]
    verb = {"agent": "agent", "MSP": "msp", "everything": "platform"}[what]
    assert stops == [(f"{verb}.frozen", False), (f"{verb}.unfrozen", True)]


def test_one_agent_stops_alone_and_one_msp_alone(acme: Tenant, northwind: Tenant, ninjaone: Sandbox) -> None:
    Agent.objects.create(msp=acme.msp, name="other")
    STOP["agent"](acme)
    assert Agent.objects.filter(frozen_at=None).count() == 2
    STOP["MSP"](acme)
    assert northwind.principal().brake == ""
    assert ask(northwind, "ninja-get-device", device_id=43).status == Status.SUCCEEDED


def test_letting_everything_go_on_leaves_an_msp_that_stopped_itself(acme: Tenant, northwind: Tenant) -> None:
    STOP["MSP"](acme)
    STOP["everything"](acme)
    new = Msp.objects.create(name="New", slug="new")
    assert northwind.principal().brake.startswith("The operator")
    GO_ON["everything"](acme)
    assert acme.principal().brake.startswith("Acme MSP")
    assert northwind.principal().brake == ""
    told = AuditEvent.objects.filter(action="platform.frozen").values_list("msp", flat=True)
    assert set(told) == {acme.msp.pk, northwind.msp.pk}
    assert AuditEvent.objects.for_msp(new).filter(action="platform.unfrozen").exists()
