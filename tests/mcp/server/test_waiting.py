"""What waits for a technician, to a client that knows nothing of tasks: a pending answer, and get-invocation."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

import pytest

from approvals.decisions import invocation_cancel
from approvals.dispatch import dispatch_due
from approvals.models import Invocation
from integrations.ninjaone.sandbox import Sandbox
from tests.approvals.asking import again, approve, approved_and_sent, deny
from tests.approvals.rest.calling import caller_of
from tests.cast import Tenant
from tests.mcp.server.calling import DC, WEB, McpClient

REBOOT = "ninja-reboot-device"


def test_a_call_that_waits_is_no_error_and_says_how_to_look_again(
    agent: McpClient, acme: Tenant, ninjaone: Sandbox
) -> None:
    answer = agent.call(REBOOT, {"device_id": DC})
    found = answer.envelope
    assert (answer.is_error, found["status"], answer.result["resultType"]) == (False, "pending_approval", "complete")
    assert found["message"] == "Not executed yet: a technician of Acme MSP must approve it. Look again with next."
    assert found["next"] == {
        "method": "GET", "url": f"/api/v1/invocations/{found['id']}?wait=30", "after_seconds": 5,
        "tool": "get-invocation", "arguments": {"invocation_id": found["id"], "wait_seconds": 20},
    }  # fmt: skip
    rest = caller_of(acme).get(f"invocations/{found['id']}").body
    assert {**found, "next": None} == {**rest, "next": None}
    assert not ninjaone.calls("POST")


def test_the_answer_to_its_own_advice_follows_the_decision(agent: McpClient, acme: Tenant, ninjaone: Sandbox) -> None:
    follow = agent.call(REBOOT, {"device_id": DC}).envelope["next"]
    assert (
        agent.call(follow["tool"], {**follow["arguments"], "wait_seconds": 0}).envelope["status"] == "pending_approval"
    )
    row = again(uuid.UUID(follow["arguments"]["invocation_id"]))
    approve(acme, row)
    assert agent.call(follow["tool"], {"invocation_id": str(row.pk)}).envelope["status"] == "queued"
    dispatch_due()
    done = agent.call(follow["tool"], follow["arguments"])
    assert (done.is_error, done.envelope["status"], done.envelope["next"]) == (False, "succeeded", None)
    assert len(ninjaone.calls("POST", f"/v2/device/{DC}/reboot/NORMAL")) == 1


@pytest.mark.parametrize("ending", ["denied", "cancelled", "expired", "blocked"])
def test_what_will_not_happen_is_an_error_with_a_reason(agent: McpClient, acme: Tenant, ending: str) -> None:
    asked = agent.call(REBOOT, {"device_id": DC}).envelope
    row = again(uuid.UUID(asked["id"]))
    match ending:
        case "denied":
            deny(acme, row)
        case "cancelled":
            invocation_cancel(principal=acme.principal(), invocation_id=row.pk)
        case _:
            Invocation.objects.filter(pk=row.pk).update(status=ending)
    answer = agent.call("get-invocation", {"invocation_id": asked["id"], "wait_seconds": 20})
    assert (answer.is_error, answer.envelope["status"]) == (True, ending)
    assert len(answer.envelope["message"]) > 30
    if ending == "denied":
        assert "That one is in surgery." in answer.envelope["message"]
        assert answer.envelope["approval"]["reason_code"] == "wrong_device"


def test_waiting_ends_with_its_seconds_and_holds_nobody_up(agent: McpClient) -> None:
    asked = agent.call(REBOOT, {"device_id": DC}).envelope
    started = time.monotonic()
    answer = agent.call("get-invocation", {"invocation_id": asked["id"], "wait_seconds": 1})
    assert 1 <= time.monotonic() - started < 4
    assert answer.envelope["status"] == "pending_approval"


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({}, "invocation_id"), ({"invocation_id": None}, "invocation_id"), ({"invocation_id": 7}, "invocation_id"),
        ({"invocation_id": "x"}, "invocation_id"), ({"wait_seconds": 21}, "wait_seconds"),
        ({"wait_seconds": -1}, "wait_seconds"), ({"wait_seconds": 1.5}, "wait_seconds"),
        ({"wait_seconds": "1"}, "wait_seconds"), ({"wait_seconds": True}, "wait_seconds"),
        ({"id": "x"}, "id"), ([], "arguments"),
    ],
)  # fmt: skip
def test_wrong_arguments_are_told_by_field(agent: McpClient, arguments: Any, field: str) -> None:
    known = {"invocation_id": str(uuid.uuid4())} if isinstance(arguments, dict) and "wait_seconds" in arguments else {}
    given = {**known, **arguments} if isinstance(arguments, dict) else arguments
    answer = agent.ask("tools/call", {"name": "get-invocation", "arguments": given})
    assert (answer.is_error, answer.envelope["error"]["code"]) == (True, "invalid_arguments")
    assert field in {error["field"] for error in answer.envelope["error"]["errors"]}


def test_null_stands_for_no_waiting(agent: McpClient) -> None:
    asked = agent.call(REBOOT, {"device_id": DC}).envelope
    look = {"invocation_id": asked["id"].upper(), "wait_seconds": None}
    assert agent.call("countersign:get-invocation", look).envelope["id"] == asked["id"]


def test_a_foreign_invocation_does_not_exist(agent: McpClient, stranger: McpClient) -> None:
    asked = agent.call(REBOOT, {"device_id": DC}).envelope
    answers = [
        stranger.ask(
            "tools/call",
            {"name": "get-invocation", "arguments": {"invocation_id": wanted, "wait_seconds": 20}},
            X_Request_Id="the-same-one",
        )
        for wanted in (asked["id"], str(uuid.uuid4()))
    ]
    assert answers[0].response.content == answers[1].response.content
    assert answers[0].envelope["error"]["code"] == "not_found"


def test_the_identical_call_that_waits_is_the_same_invocation(agent: McpClient, acme: Tenant) -> None:
    first = agent.call(REBOOT, {"device_id": DC}).envelope
    assert agent.call(f"ninjaone:{REBOOT}", {"device_id": DC, "mode": None}).envelope["id"] == first["id"]
    assert caller_of(acme).invoke(REBOOT, {"device_id": DC}).body["id"] == first["id"]
    assert agent.call(REBOOT, {"device_id": WEB}).envelope["id"] != first["id"]
    assert Invocation.objects.count() == 2


def test_a_long_script_is_not_read_out_again_each_time(agent: McpClient, acme: Tenant) -> None:
    script = "# a long comment\n" * 3000
    asked = agent.call("ninja-run-bash", {"device_id": 43, "script": script})
    assert len(asked.result["content"][0]["text"]) < 12_000
    assert "cut in this answer alone" in asked.envelope["message"]
    assert asked.envelope["arguments"]["device_id"] == 43
    assert asked.envelope["arguments"]["script"].startswith("# a long comment")
    row = again(uuid.UUID(asked.envelope["id"]))
    assert script in json.loads(row.arguments)["script"]
    assert agent.call("ninja-run-bash", {"device_id": 43, "script": script}).envelope["id"] == str(row.pk)


@pytest.mark.parametrize("name", ["claudecode/toolUseId", "countersign/idempotency_key"])
def test_a_key_in_meta_makes_a_repeated_call_the_same_one(agent: McpClient, ninjaone: Sandbox, name: str) -> None:
    ticket = {"organization_id": 2, "ticket_form_id": 1, "subject": "Once"}
    call = {"name": "ninja-create-ticket", "arguments": ticket, "_meta": {name: "toolu_01A09q90qw90lq917835lq9"}}
    first, second = agent.ask("tools/call", call), agent.ask("tools/call", call)
    assert first.envelope == second.envelope
    assert len(ninjaone.calls("POST", "/v2/ticketing/ticket")) == 1
    other = agent.ask("tools/call", {**call, "arguments": {**ticket, "subject": "Twice"}})
    assert (other.is_error, other.envelope["error"]["code"]) == (True, "idempotency_mismatch")
    assert len(ninjaone.calls("POST", "/v2/ticketing/ticket")) == 1


def test_a_repeated_call_tells_where_it_stands_now(agent: McpClient, acme: Tenant) -> None:
    call = {"name": REBOOT, "arguments": {"device_id": DC}, "_meta": {"claudecode/toolUseId": "toolu_1"}}
    asked = agent.ask("tools/call", call).envelope
    approved_and_sent(acme, again(uuid.UUID(asked["id"])))
    answer = agent.ask("tools/call", call)
    assert (answer.is_error, answer.envelope["status"], answer.envelope["id"]) == (False, "succeeded", asked["id"])
