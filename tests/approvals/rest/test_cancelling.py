"""An agent withdraws what has not been sent."""

from __future__ import annotations

from datetime import timedelta

from approvals.dispatch import dispatch_due
from approvals.models import Invocation, Status
from integrations.clock import database_now
from integrations.ninjaone.sandbox import Sandbox
from tests.approvals.asking import again, approve
from tests.approvals.rest.calling import Caller
from tests.cast import Tenant

REBOOT = ("ninja-reboot-device", {"device_id": 43})


def test_a_pending_request_is_withdrawn(agent: Caller) -> None:
    asked = agent.invoke(*REBOOT).body
    answer = agent.post(f"invocations/{asked['id']}/cancel")
    assert (answer.status, answer.body["status"], answer.body["next"]) == (200, "cancelled", None)
    assert answer.body["message"] == "Withdrawn before it was sent; nothing happened."
    assert answer.body["finished_at"] is not None
    assert agent.get(f"invocations/{asked['id']}").body == answer.body


def test_an_approved_one_that_is_not_sent_yet_is_withdrawn_and_never_sent(
    acme: Tenant, agent: Caller, ninjaone: Sandbox
) -> None:
    asked = agent.invoke(*REBOOT).body
    approve(acme, again(asked["id"]))
    assert agent.post(f"invocations/{asked['id']}/cancel").status == 200
    dispatch_due()
    assert not ninjaone.calls("POST")


def test_what_was_sent_cannot_be_withdrawn(acme: Tenant, agent: Caller) -> None:
    asked = agent.invoke(*REBOOT).body
    approve(acme, again(asked["id"]))
    dispatch_due()
    answer = agent.post(f"invocations/{asked['id']}/cancel")
    assert (answer.status, answer.error["code"]) == (409, "invalid_state")
    assert again(asked["id"]).status == Status.SUCCEEDED


def test_a_second_withdrawal_is_a_conflict(agent: Caller) -> None:
    asked = agent.invoke(*REBOOT).body
    agent.post(f"invocations/{asked['id']}/cancel")
    assert agent.post(f"invocations/{asked['id']}/cancel").status == 409


def test_an_overdue_request_cannot_be_withdrawn(agent: Caller) -> None:
    asked = agent.invoke(*REBOOT).body
    Invocation.objects.update(expires_at=database_now() - timedelta(seconds=1))
    assert agent.post(f"invocations/{asked['id']}/cancel").status == 409


def test_after_a_withdrawal_the_same_call_is_a_new_request(agent: Caller) -> None:
    asked = agent.invoke(*REBOOT).body
    agent.post(f"invocations/{asked['id']}/cancel")
    assert agent.invoke(*REBOOT).body["id"] != asked["id"]


def test_a_cancel_takes_an_empty_body_or_an_empty_object(agent: Caller) -> None:
    asked = agent.invoke("ninja-reboot-device", {"device_id": 43}).body
    address = f"invocations/{asked['id']}/cancel"
    refused = agent.post(address, {"reason": "x"})
    assert (refused.status, refused.error["errors"][0]["code"]) == (422, "unknown")
    assert agent.post(address, b"{").status == 400
    assert agent.post(address, {}).body["status"] == "cancelled"
