"""Who may decide, once, on what they saw."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from approvals.decisions import invocation_cancel, request_approve, unknown_settle
from approvals.dispatch import dispatch_due
from approvals.errors import GateError
from approvals.models import Decision, Invocation, Status
from integrations.audit import Actor
from integrations.clock import database_now
from integrations.models import Agent, AuditEvent, Membership, Msp, User
from integrations.ninjaone.sandbox import Sandbox
from integrations.ninjaone.sandbox.faults import dropped
from tests.approvals.asking import again, approve, approved_and_sent, ask, deny
from tests.cast import Tenant
from tools.models import Mode
from tools.policy import policies_update


def code_of(tenant: Tenant, row: Invocation, user: User | None = None, digest: str | None = None) -> str:
    with pytest.raises(GateError) as caught:
        approve(tenant, row, user, digest)
    return caught.value.code


def test_nothing_is_sent_before_a_person_decides(acme: Tenant, ninjaone: Sandbox) -> None:
    row = ask(acme, "ninja-reboot-device", device_id=43)
    assert dispatch_due() == 0
    assert row.status == Status.PENDING_APPROVAL
    assert not ninjaone.calls("POST")


def test_an_approved_call_is_sent_exactly_as_stored(acme: Tenant, ninjaone: Sandbox) -> None:
    row = ask(acme, "ninja-reboot-device", device_id=43, reason="hung")
    row = approved_and_sent(acme, row)
    assert row.status == Status.SUCCEEDED
    call = ninjaone.calls("POST")[0]
    assert (call.path, call.body.decode()) == (row.path, row.body)


def test_a_denial_reaches_the_ledger_with_its_reason(acme: Tenant, ninjaone: Sandbox) -> None:
    row = deny(acme, ask(acme, "ninja-reboot-device", device_id=43))
    assert (row.status, row.reason_code, row.comment) == ("denied", "wrong_device", "That one is in surgery.")
    assert dispatch_due() == 0
    assert not ninjaone.calls("POST")


def test_a_second_decision_is_refused(acme: Tenant) -> None:
    row = ask(acme, "ninja-reboot-device", device_id=43)
    approve(acme, row)
    assert code_of(acme, row, acme.second_approver) == "invalid_state"
    with pytest.raises(GateError):
        deny(acme, row, acme.second_approver)
    assert Decision.objects.count() == 1


def test_an_altered_digest_is_refused(acme: Tenant) -> None:
    row = ask(acme, "ninja-reboot-device", device_id=43)
    assert code_of(acme, row, digest="sha256:" + "0" * 64) == "invalid_state"
    assert code_of(acme, row, digest="x") == "invalid_state"
    assert again(row.pk).status == Status.PENDING_APPROVAL


@pytest.mark.parametrize("role", ["viewer", "admin"])
def test_only_approvers_decide(acme: Tenant, role: str) -> None:
    row = ask(acme, "ninja-reboot-device", device_id=43)
    assert code_of(acme, row, getattr(acme, role)) == "scope_denied"


def test_the_approver_of_another_msp_finds_nothing(acme: Tenant, northwind: Tenant) -> None:
    row = ask(acme, "ninja-reboot-device", device_id=43)
    assert code_of(acme, row, northwind.approver) == "not_found"
    with pytest.raises(GateError, match="no such request"):
        request_approve(user=northwind.approver, msp=northwind.msp, invocation_id=row.pk, digest=row.digest)


def test_a_removed_approver_decides_nothing(acme: Tenant) -> None:
    row = ask(acme, "ninja-reboot-device", device_id=43)
    Membership.objects.filter(user=acme.approver).update(is_approver=False)
    assert code_of(acme, row) == "scope_denied"
    User.objects.filter(pk=acme.second_approver.pk).update(is_active=False)
    assert code_of(acme, row, User.objects.get(pk=acme.second_approver.pk)) == "not_found"


def test_nobody_decides_a_request_of_their_own_agent(acme: Tenant) -> None:
    Agent.objects.update(owner=acme.approver)
    row = ask(acme, "ninja-reboot-device", device_id=43)
    assert code_of(acme, row) == "scope_denied"
    Msp.objects.update(own_requests_allowed=True)
    assert approve(acme, row).status == Status.QUEUED


def test_nothing_is_approved_while_the_msp_is_frozen(acme: Tenant) -> None:
    row = ask(acme, "ninja-reboot-device", device_id=43)
    Msp.objects.update(frozen_at=database_now())
    assert code_of(acme, row) == "frozen"


def test_who_tried_to_decide_what_is_not_theirs_is_on_record(acme: Tenant) -> None:
    row = ask(acme, "ninja-reboot-device", device_id=43)
    assert code_of(acme, row, acme.viewer) == "scope_denied"
    with pytest.raises(GateError):
        deny(acme, row, acme.admin)
    Msp.objects.update(frozen_at=database_now())
    assert code_of(acme, row) == "frozen"
    entries = AuditEvent.objects.for_msp(acme.msp).filter(action="decision.refused", subject=f"invocation {row.pk}")
    assert [entry.actor for entry in entries.order_by("number")] == [
        "user acme-viewer", "user acme-admin", "user acme-approver"
    ]  # fmt: skip
    assert (again(row.pk).approvals_given, again(row.pk).reason_code) == (0, "")


def test_a_late_decision_is_refused_before_any_sweeper_ran(acme: Tenant) -> None:
    row = ask(acme, "ninja-reboot-device", device_id=43)
    Invocation.objects.update(expires_at=database_now() - timedelta(seconds=1))
    assert code_of(acme, row) == "invalid_state"


def test_a_tool_can_ask_for_two_different_people(acme: Tenant, ninjaone: Sandbox) -> None:
    tool = "ninjaone:ninja-reboot-device"
    policies_update(connection=acme.connection, actor=Actor.user(acme.admin), changes={}, approvals={tool: 2})
    row = ask(acme, "ninja-reboot-device", device_id=43)
    assert approve(acme, row).status == Status.PENDING_APPROVAL
    assert code_of(acme, row) == "invalid_state"
    assert approve(acme, row, acme.second_approver).status == Status.QUEUED
    dispatch_due()
    assert again(row.pk).status == Status.SUCCEEDED


@pytest.mark.parametrize(
    ("asked", "of"),
    [
        (("ninja-api-post", {"path": "/v2/device/43/reboot/NORMAL"}), "ninja-reboot-device"),
        (("ninja-run-bash", {"device_id": 43, "script": "uptime"}), "ninja-run-script"),
    ],
)
def test_a_side_door_asks_for_as_many_people_as_the_front_door(
    acme: Tenant, asked: tuple[str, dict[str, Any]], of: str
) -> None:
    needed = {f"ninjaone:{of}": 2}
    policies_update(connection=acme.connection, actor=Actor.user(acme.admin), changes={}, approvals=needed)
    name, arguments = asked
    row = ask(acme, name, **arguments)
    assert approve(acme, row).status == Status.PENDING_APPROVAL
    assert approve(acme, row, acme.second_approver).status == Status.QUEUED
    dispatch_due()
    assert again(row.pk).status == Status.SUCCEEDED


def test_a_tool_that_runs_by_itself_asks_nobody_at_a_side_door(acme: Tenant) -> None:
    tool = "ninjaone:ninja-reboot-device"
    changes = {tool: Mode.AUTO}
    policies_update(connection=acme.connection, actor=Actor.user(acme.admin), changes=changes, approvals={tool: 2})
    row = ask(acme, "ninja-api-post", path="/v2/device/43/reboot/NORMAL")
    assert approve(acme, row).status == Status.QUEUED


def test_every_vote_is_audited_with_the_digest(acme: Tenant) -> None:
    row = ask(acme, "ninja-reboot-device", device_id=43)
    approve(acme, row)
    entry = AuditEvent.objects.for_msp(acme.msp).get(action="request.approved")
    assert entry.actor == "user acme-approver"
    assert row.digest in entry.record


def test_an_agent_withdraws_its_own_request(acme: Tenant) -> None:
    row = ask(acme, "ninja-reboot-device", device_id=43)
    assert invocation_cancel(principal=acme.principal(), invocation_id=row.pk).status == Status.CANCELLED
    assert code_of(acme, row) == "invalid_state"
    with pytest.raises(GateError) as caught:
        invocation_cancel(principal=acme.principal(), invocation_id=row.pk)
    assert caught.value.code == "invalid_state"


def test_an_agent_cannot_withdraw_what_belongs_to_another(acme: Tenant, northwind: Tenant) -> None:
    row = ask(acme, "ninja-reboot-device", device_id=43)
    with pytest.raises(GateError) as caught:
        invocation_cancel(principal=northwind.principal(), invocation_id=row.pk)
    assert caught.value.code == "not_found"


def test_a_person_settles_an_unknown_outcome_with_a_note(acme: Tenant, ninjaone: Sandbox) -> None:
    ninjaone.faults.add("POST", "/v2/ticketing/ticket", dropped())
    row = ask(acme, "ninja-create-ticket", organization_id=2, ticket_form_id=1, subject="Once")
    with pytest.raises(GateError):
        unknown_settle(user=acme.approver, msp=acme.msp, invocation_id=row.pk, happened=True, note=" ")
    settled = unknown_settle(
        user=acme.approver, msp=acme.msp, invocation_id=row.pk, happened=True, note="Ticket 1050 exists."
    )
    assert settled.status == Status.SUCCEEDED
    with pytest.raises(GateError):
        unknown_settle(user=acme.approver, msp=acme.msp, invocation_id=row.pk, happened=False, note="Or not.")
