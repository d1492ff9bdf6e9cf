"""A call runs, waits or is refused, and says which in status, envelope and headers."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from approvals.dispatch import dispatch_due
from approvals.models import Invocation
from integrations.ninjaone.sandbox import Sandbox
from integrations.ninjaone.sandbox.faults import dropped, status
from tests.approvals.asking import again, approve, deny
from tests.approvals.rest.calling import Caller
from tests.cast import Tenant

REBOOT = "ninjaone:ninja-reboot-device"
TICKET = {"organization_id": 2, "ticket_form_id": 1, "subject": "Printer is on fire"}


def row_of(answer: Any) -> Invocation:
    return again(uuid.UUID(answer.body["id"]))


def test_a_read_answers_with_its_result(agent: Caller) -> None:
    answer = agent.invoke("ninja-get-device", {"device_id": 43})
    assert answer.status == 200
    assert answer.body["status"] == "succeeded"
    assert answer.body["result"]["displayName"] == "ACME-WEB01"
    assert (answer.body["error"], answer.body["approval"], answer.body["next"]) == (None, None, None)
    assert answer.body["dispatch_started"] is True
    assert (answer.header("Location"), answer.header("Retry-After")) == (None, None)


def test_the_full_id_calls_the_same_tool(agent: Caller) -> None:
    assert agent.invoke("ninjaone:ninja-get-device", {"device_id": 43}).body["tool"] == "ninjaone:ninja-get-device"


def test_a_tool_without_required_arguments_runs_with_an_empty_object(agent: Caller) -> None:
    assert agent.post("tools/ninja-list-organizations/invoke", {}).status == 200


def test_a_write_waits_for_a_technician_and_says_where_to_look(agent: Caller, ninjaone: Sandbox) -> None:
    answer = agent.invoke(REBOOT, {"device_id": 45, "mode": "NORMAL"}, reason="Hung", ticket_id=1014)
    body = answer.body
    assert (answer.status, body["status"], body["policy"]) == (202, "pending_approval", "approval_needed")
    assert answer.header("Location") == f"/api/v1/invocations/{body['id']}"
    assert answer.header("Retry-After") == "5"
    assert body["message"] == "Not executed yet: a technician of Acme MSP must approve it. Look again with next."
    assert body["next"] == {
        "method": "GET", "url": f"/api/v1/invocations/{body['id']}?wait=30", "after_seconds": 5,
    }  # fmt: skip
    assert body["approval"]["url"] == f"http://testserver/dashboard/approvals/approvalrequest/{body['id']}/"
    assert body["target"] == {
        "device_id": 45, "device": "ACME-DC01", "organization_id": 2, "organization": "Acme Dental",
    }  # fmt: skip
    assert body["digest"].startswith("sha256:")
    assert body["dispatch_started"] is False
    assert not ninjaone.calls("POST")


def test_the_agents_words_and_ticket_are_kept(agent: Caller) -> None:
    row = row_of(agent.invoke(REBOOT, {"device_id": 45}, reason="Hung after update", ticket_id=1014))
    assert (row.reason, row.ticket_id) == ("Hung after update", 1014)


def test_null_is_as_good_as_absent(agent: Caller) -> None:
    row = row_of(agent.invoke(REBOOT, {"device_id": 45, "mode": None}, reason=None, ticket_id=None))
    assert (row.reason, row.ticket_id) == ("", None)


def test_what_next_names_leads_to_the_end(acme: Tenant, agent: Caller) -> None:
    asked = agent.invoke(REBOOT, {"device_id": 45})
    approve(acme, row_of(asked))
    queued = agent.get(asked.body["next"]["url"].removeprefix("/api/v1/").replace("wait=30", "wait=0")).body
    assert (queued["status"], queued["next"]["after_seconds"]) == ("queued", 1)
    assert "Approved" in queued["message"]
    dispatch_due()
    done = agent.get(f"invocations/{asked.body['id']}").body
    assert (done["status"], done["result"]) == ("succeeded", {"accepted": True, "upstream_status": 204})
    assert done["approval"]["decided_at"] is not None
    assert (done["next"], done["dispatch_started"]) == (None, True)


def test_a_denial_hands_the_agent_the_reason(acme: Tenant, agent: Caller) -> None:
    asked = agent.invoke(REBOOT, {"device_id": 45})
    deny(acme, row_of(asked))
    body = agent.get(f"invocations/{asked.body['id']}").body
    assert (body["status"], body["error"], body["next"]) == ("denied", None, None)
    assert body["approval"]["reason_code"] == "wrong_device"
    assert body["approval"]["comment"] == "That one is in surgery."
    assert "said no (Wrong device: That one is in surgery.)" in body["message"]


def test_a_read_that_ninjaone_refuses_is_502_with_its_status(agent: Caller) -> None:
    answer = agent.invoke("ninja-get-device", {"device_id": 999})
    assert (answer.status, answer.body["status"]) == (502, "failed")
    assert (answer.error["code"], answer.error["upstream_status"]) == ("upstream_error", 404)
    assert (answer.error["retryable"], answer.error["dispatch_started"]) == (False, True)
    assert answer.body["request_id"] == answer.header("X-Request-Id")


def test_a_write_without_an_answer_is_504_and_must_not_be_repeated(agent: Caller, ninjaone: Sandbox) -> None:
    ninjaone.faults.add("POST", "/v2/ticketing/ticket", dropped())
    answer = agent.invoke("ninja-create-ticket", TICKET)
    assert (answer.status, answer.body["status"]) == (504, "unknown")
    assert answer.error["code"] == "outcome_unknown"
    assert (answer.error["do_not_retry"], answer.error["retryable"]) == (True, False)
    assert answer.error["dispatch_started"] is True
    assert len(ninjaone.calls("POST")) == 1


def test_ninjaone_being_down_is_said_and_looked_at_later(agent: Caller, ninjaone: Sandbox) -> None:
    ninjaone.faults.add("GET", "/v2/device/43", dropped(), times=99)
    answer = agent.invoke("ninja-get-device", {"device_id": 43})
    assert (answer.status, answer.error["code"]) == (503, "upstream_unavailable")
    assert answer.error["retryable"] is True
    assert answer.header("Retry-After") == "30"


def test_a_look_at_a_failed_call_is_itself_a_success(agent: Caller, ninjaone: Sandbox) -> None:
    ninjaone.faults.add("GET", "/v2/device/43", status(403), times=9)
    failed = agent.invoke("ninja-get-device", {"device_id": 43})
    seen = agent.get(f"invocations/{failed.body['id']}")
    assert seen.status == 200
    assert seen.body == {key: value for key, value in failed.body.items() if key != "request_id"}


def test_an_identical_call_that_still_waits_is_the_same_invocation(agent: Caller) -> None:
    first = agent.invoke(REBOOT, {"device_id": 45})
    second = agent.invoke(REBOOT, {"device_id": 45}, reason="Again")
    assert second.body["id"] == first.body["id"]
    assert (first.header("Idempotent-Replayed"), second.header("Idempotent-Replayed")) == (None, "true")
    assert second.status == 202


@pytest.mark.parametrize("tool", ["ninja-reboot-device", "ninja-get-device"])
def test_a_dry_run_stores_and_sends_nothing(agent: Caller, ninjaone: Sandbox, tool: str) -> None:
    answer = agent.invoke(tool, {"device_id": 43}, dry_run=True, key="dry-1")
    assert answer.status == 200
    assert answer.body["message"].startswith("Dry run: nothing was stored or sent.")
    assert (answer.body["id"], answer.body["approval"], answer.body["next"]) == (None, None, None)
    assert answer.header("Location") is None
    assert not Invocation.objects.exists()
    assert not ninjaone.calls("POST")


def test_a_dry_run_says_what_would_happen(agent: Caller) -> None:
    asks = agent.invoke(REBOOT, {"device_id": 43}, dry_run=True).body
    runs = agent.invoke("ninja-get-device", {"device_id": 43}, dry_run=True).body
    assert (asks["status"], asks["policy"]) == ("pending_approval", "approval_needed")
    assert "would wait for a technician of Acme MSP" in asks["message"]
    assert "would run at once" in runs["message"]


def test_a_dry_run_of_a_wrong_call_is_refused_like_the_call(agent: Caller) -> None:
    assert agent.invoke("ninja-run-bash", {"device_id": 41, "script": "id"}, dry_run=True).status == 422
    assert not Invocation.objects.exists()


def test_a_reason_of_2000_characters_is_taken_with_its_spaces(agent: Caller) -> None:
    reason = " " + "x" * 1998 + " "
    assert agent.invoke("ninja-get-device", {"device_id": 43}, reason=reason).status == 200
    assert Invocation.objects.get().reason == reason
