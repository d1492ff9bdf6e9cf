"""Between approval and wire: what changed blocks, and is named."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from approvals import release
from approvals.dispatch import dispatch_due, dispatch_one
from approvals.errors import GateError
from approvals.models import Invocation, Status
from approvals.prepare import prepare
from integrations.agent_keys import agent_key_revoke
from integrations.audit import Actor
from integrations.clock import database_now
from integrations.models import Agent, Connection, Msp
from integrations.ninjaone.sandbox import Sandbox
from integrations.ninjaone.sandbox.faults import status
from tests.approvals.asking import again, approve, approved_and_sent, ask
from tests.cast import Tenant
from tools.models import Mode
from tools.policy import policies_update

Asked = tuple[str, dict[str, Any]]
BASH: Asked = ("ninja-run-bash", {"device_id": 43, "script": "echo hi"})
REBOOT: Asked = ("ninja-reboot-device", {"device_id": 43})
SCRIPT: Asked = ("ninja-run-script", {"device_id": 41, "script_id": 26})
Change = Callable[[Tenant, Sandbox], object]

API_REBOOT: Asked = ("ninja-api-post", {"path": "/v2/device/43/reboot/NORMAL"})


def set_policy(
    mode: Mode | None = None, approvals: int | None = None, tool: str = "ninjaone:ninja-reboot-device"
) -> Change:
    def change(acme: Tenant, _: Sandbox) -> None:
        policies_update(
            connection=Connection.objects.get(pk=acme.connection.pk),
            actor=Actor.user(acme.admin),
            changes={tool: mode} if mode else {},
            approvals={tool: approvals} if approvals else {},
        )

    return change


CHANGES: dict[str, tuple[Asked, Change, str]] = {
    "renamed": (REBOOT, lambda _, ninja: setattr(ninja.acme.devices[43], "display_name", "OTHER"), "device's name"),
    "moved": (REBOOT, lambda _, ninja: setattr(ninja.acme.devices[43], "organization_id", 3), "organization"),
    "gone": (REBOOT, lambda _, ninja: ninja.acme.devices.pop(43), "43"),
    "reconnected": (REBOOT, lambda acme, _: Connection.objects.update(epoch=2), "reconnected"),
    "region": (REBOOT, lambda acme, _: Connection.objects.update(region="eu"), "region changed"),
    "client": (REBOOT, lambda acme, _: Connection.objects.update(client_id="sandbox-northwind"), "client id"),
    "disconnected": (REBOOT, lambda acme, _: Connection.objects.update(state="not_authorized"), "disconnected"),
    "disabled": (REBOOT, set_policy(Mode.DISABLED), "disabled"),
    "two people": (REBOOT, set_policy(approvals=2), "2 approvals"),
    "two people for its route": (API_REBOOT, set_policy(approvals=2), "2 approvals"),
    "two people for scripts": (BASH, set_policy(approvals=2, tool="ninjaone:ninja-run-script"), "2 approvals"),
    "agent off": (REBOOT, lambda acme, _: Agent.objects.update(is_enabled=False), "switched off"),
    "other tools": (REBOOT, lambda acme, _: Agent.objects.update(allowed_tools=[]), "may not use"),
    "other organizations": (REBOOT, lambda acme, _: Agent.objects.update(allowed_organizations=[3]), "not visible"),
    "key revoked": (REBOOT, lambda acme, _: agent_key_revoke(key=acme.key, actor=Actor.user(acme.admin)), "revoked"),
    "frozen": (REBOOT, lambda acme, _: Msp.objects.update(frozen_at=database_now()), "stopped"),
    "runner edited": (BASH, lambda _, ninja: setattr(ninja.acme.scripts[146], "updated_on", 1.5), "updatedOn"),
    "runner by other": (BASH, lambda _, ninja: setattr(ninja.acme.scripts[146], "last_updated_by", "eve"), "lastUp"),
    "runner replaced": (BASH, lambda acme, _: Connection.objects.update(runner_script_id=26), "runner script"),
    "script edited": (SCRIPT, lambda _, ninja: setattr(ninja.acme.scripts[26], "updated_on", 1.5), "updated on"),
    "script gone": (SCRIPT, lambda _, ninja: ninja.acme.scripts.pop(26), "26"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_after_the_approval_blocks_and_is_named(name: str, acme: Tenant, ninjaone: Sandbox) -> None:
    (tool, arguments), change, phrase = CHANGES[name]
    row = ask(acme, tool, **arguments)
    approve(acme, row)
    change(acme, ninjaone)
    dispatch_due()
    row = again(row.pk)
    assert row.status == Status.BLOCKED
    assert phrase in row.error_message
    assert not ninjaone.calls("POST")


LATE_NAMES = (
    "disabled", "two people", "agent off", "other tools", "other organizations", "key revoked", "reconnected"
)  # fmt: skip
LATE = {name: CHANGES[name][1] for name in LATE_NAMES}


@pytest.mark.parametrize("name", LATE)
def test_a_change_while_ninjaone_is_asked_holds_an_approved_call_up_and_then_blocks_it(
    name: str, acme: Tenant, ninjaone: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = ask(acme, "ninja-reboot-device", device_id=43)
    approve(acme, row)
    with monkeypatch.context() as patch:
        patch.setattr(release, "changes", partial(_and_then, release.changes, LATE[name], acme, ninjaone))
        assert not dispatch_one(row.pk)
    assert (again(row.pk).status, again(row.pk).dispatch_started_at) == (Status.QUEUED, None)
    dispatch_due()
    assert again(row.pk).status == Status.BLOCKED
    assert not ninjaone.calls("POST")


@pytest.mark.parametrize("name", LATE)
def test_a_change_while_ninjaone_is_asked_stops_a_write_that_asks_nobody(
    name: str, acme: Tenant, ninjaone: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_policy(Mode.AUTO)(acme, ninjaone)
    monkeypatch.setattr("approvals.gate.prepare", partial(_and_then, prepare, LATE[name], acme, ninjaone))
    with pytest.raises(GateError) as refusal:
        ask(acme, "ninja-reboot-device", device_id=43)
    assert refusal.value.code == "frozen"
    assert not ninjaone.calls("POST")


def _and_then(real: Callable[..., Any], change: Change, acme: Tenant, ninja: Sandbox, *args: Any, **more: Any) -> Any:
    found = real(*args, **more)
    change(acme, ninja)
    return found


@pytest.mark.parametrize("mode", [Mode.AUTO, Mode.APPROVAL_NEEDED])
def test_limits_of_an_agent_that_stay_as_they_are_stop_nothing(acme: Tenant, ninjaone: Sandbox, mode: Mode) -> None:
    Agent.objects.update(allowed_tools=["ninjaone:ninja-reboot-device"], allowed_organizations=[2, 3])
    set_policy(mode)(acme, ninjaone)
    row = ask(acme, "ninja-reboot-device", device_id=43)
    assert (row if mode is Mode.AUTO else approved_and_sent(acme, row)).status == Status.SUCCEEDED


def test_a_device_that_went_offline_or_reported_again_blocks_nothing(acme: Tenant, ninjaone: Sandbox) -> None:
    row = ask(acme, "ninja-reboot-device", device_id=43)
    approve(acme, row)
    ninjaone.acme.devices[43].offline = True
    dispatch_due()
    assert again(row.pk).status == Status.SUCCEEDED


def test_a_policy_that_became_looser_blocks_nothing(acme: Tenant, ninjaone: Sandbox) -> None:
    row = ask(acme, "ninja-reboot-device", device_id=43)
    approve(acme, row)
    set_policy(Mode.AUTO)(acme, ninjaone)
    dispatch_due()
    assert again(row.pk).status == Status.SUCCEEDED


def test_a_ticket_that_was_changed_meanwhile_blocks_its_update(acme: Tenant, ninjaone: Sandbox) -> None:
    row = ask(acme, "ninja-update-ticket", ticket_id=1014, priority="HIGH")
    approve(acme, row)
    ninjaone.acme.tickets[1014]["version"] += 1
    dispatch_due()
    assert again(row.pk).status == Status.BLOCKED
    assert not ninjaone.calls("PUT")


def test_while_ninjaone_is_down_an_approved_call_waits_for_its_release_deadline(
    acme: Tenant, ninjaone: Sandbox
) -> None:
    row = ask(acme, "ninja-reboot-device", device_id=43)
    approve(acme, row)
    ninjaone.faults.add("GET", "/v2/device/43", status(503), times=9)
    assert dispatch_due() == 0
    assert again(row.pk).status == Status.QUEUED
    ninjaone.faults.clear()
    assert dispatch_due() == 1
    assert again(row.pk).status == Status.SUCCEEDED


def test_an_approved_call_past_its_release_deadline_is_never_sent(acme: Tenant, ninjaone: Sandbox) -> None:
    row = ask(acme, "ninja-reboot-device", device_id=43)
    approve(acme, row)
    Invocation.objects.update(release_by=database_now() - timedelta(seconds=1))
    assert dispatch_due() == 0
    assert not ninjaone.calls("POST")


def test_the_database_refuses_to_change_what_was_approved(acme: Tenant) -> None:
    row = approve(acme, ask(acme, "ninja-reboot-device", device_id=43))
    for column in ("consent", "path", "body", "arguments", "digest", "facts"):
        with pytest.raises(IntegrityError), transaction.atomic():
            Invocation.objects.filter(pk=row.pk).update(**{column: "[]"})


def test_the_database_refuses_to_queue_a_request_without_its_votes(acme: Tenant) -> None:
    row = ask(acme, "ninja-reboot-device", device_id=43)
    with pytest.raises(IntegrityError), transaction.atomic():
        Invocation.objects.filter(pk=row.pk).update(
            status=Status.QUEUED, approvals_given=1, release_by=database_now() + timedelta(minutes=1)
        )
    assert again(row.pk).status == Status.PENDING_APPROVAL


def test_the_order_of_keys_in_a_body_is_no_change(acme: Tenant, ninjaone: Sandbox) -> None:
    body = {"type": "SCRIPT", "id": 26, "runAs": "system"}
    row = approved_and_sent(acme, ask(acme, "ninja-api-post", path="/v2/device/41/script/run", body=body))
    assert (row.status, row.error_message) == (Status.SUCCEEDED, "")
