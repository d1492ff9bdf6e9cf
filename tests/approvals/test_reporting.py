"""A technician reports a request as suspicious."""

from __future__ import annotations

import pytest

from approvals.dispatch import dispatch_due
from approvals.errors import GateError
from approvals.models import Decision, Status
from approvals.reporting import Reported, request_report
from integrations.agent_keys import agent_key_issue
from integrations.audit import Actor
from integrations.models import Agent, AuditEvent, User
from integrations.ninjaone.sandbox import Sandbox
from tests.approvals.asking import again, approve, ask
from tests.cast import Tenant


def report(tenant: Tenant, row_id: object, user: User | None = None) -> Reported:
    return request_report(user=user or tenant.approver, msp=tenant.msp, invocation_id=row_id, comment="Odd.")  # type: ignore[arg-type]


def test_it_denies_stops_the_agent_and_cancels_what_else_is_open(acme: Tenant, ninjaone: Sandbox) -> None:
    approved = ask(acme, "ninja-reboot-device", device_id=43)
    approve(acme, approved)
    waiting = ask(acme, "ninja-reboot-device", device_id=45)
    reported = ask(acme, "ninja-run-bash", device_id=43, script="rm -rf /")
    assert report(acme, reported.pk) == Reported(is_denied=True, cancelled=2)
    assert (again(reported.pk).status, again(reported.pk).reason_code) == (Status.DENIED, "suspicious")
    assert (again(approved.pk).status, again(waiting.pk).status) == (Status.CANCELLED, Status.CANCELLED)
    assert "suspicious" in again(waiting.pk).error_message
    assert Decision.objects.get(invocation=reported).comment == "Odd."
    assert acme.principal().brake == "Acme MSP stopped this agent"
    dispatch_due()
    assert again(approved.pk).dispatch_started_at is None
    actions = set(AuditEvent.objects.for_msp(acme.msp).values_list("action", flat=True))
    assert {"request.reported", "request.denied", "agent.frozen"} <= actions


def test_other_agents_go_on(acme: Tenant, ninjaone: Sandbox) -> None:
    other = Agent.objects.create(msp=acme.msp, name="other")
    first = ask(acme, "ninja-reboot-device", device_id=43)
    acme.key_text = agent_key_issue(agent=other, actor=Actor.user(acme.admin))[1]
    theirs = ask(acme, "ninja-reboot-device", device_id=43)
    assert report(acme, first.pk) == Reported(is_denied=True, cancelled=0)
    assert again(theirs.pk).status == Status.PENDING_APPROVAL
    assert Agent.objects.get(pk=other.pk).frozen_at is None


@pytest.mark.parametrize("who", ["admin", "voted"])
def test_who_cannot_deny_it_cancels_it(acme: Tenant, ninjaone: Sandbox, who: str) -> None:
    row = ask(acme, "ninja-reboot-device", device_id=43)
    if who == "voted":
        approve(acme, row)
    user = acme.admin if who == "admin" else acme.approver
    assert report(acme, row.pk, user) == Reported(is_denied=False, cancelled=1)
    assert again(row.pk).status == Status.CANCELLED
    assert Agent.objects.get(pk=acme.agent.pk).frozen_at is not None


def test_a_request_that_has_ended_still_stops_its_agent(acme: Tenant, ninjaone: Sandbox) -> None:
    row = ask(acme, "ninja-get-device", device_id=43)
    assert report(acme, row.pk) == Reported(is_denied=False, cancelled=0)
    assert again(row.pk).status == Status.SUCCEEDED
    assert acme.principal().brake


def test_viewers_and_strangers_report_nothing(acme: Tenant, northwind: Tenant, ninjaone: Sandbox) -> None:
    row = ask(acme, "ninja-reboot-device", device_id=43)
    for user, code in ((acme.viewer, "scope_denied"), (northwind.approver, "not_found")):
        with pytest.raises(GateError) as refusal:
            report(acme, row.pk, user)
        assert refusal.value.code == code
    assert again(row.pk).status == Status.PENDING_APPROVAL
    assert acme.principal().brake == ""
