"""A call over MCP is the call that REST would take: it runs, is refused, or fails, and says so to a model."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from approvals.mcp import views
from approvals.mcp.results import IS_DATA
from approvals.models import Invocation
from integrations.clock import database_now
from integrations.models import Agent, AuditEvent, Msp
from integrations.ninjaone.sandbox import Sandbox
from integrations.ninjaone.sandbox.faults import raw, status
from tests.approvals.rest.calling import caller_of
from tests.cast import Tenant
from tests.mcp.server.calling import WEB, McpClient
from tests.mcp.server.policies import set_mode
from tools.models import Mode

TICKET = {"organization_id": 2, "ticket_form_id": 1, "subject": "Printer is on fire"}


def test_a_read_answers_with_the_envelope_of_rest_and_says_that_it_is_data(agent: McpClient, acme: Tenant) -> None:
    answer = agent.call("ninja-get-device", {"device_id": WEB})
    assert (answer.status, answer.is_error, answer.result["resultType"]) == (200, False, "complete")
    found = dict(answer.envelope)
    rest = caller_of(acme).get(f"invocations/{found['id']}").body
    assert found.pop("message") == f"{rest.pop('message')} {IS_DATA}"
    assert found == rest
    assert found["result"]["displayName"] == "ACME-WEB01"
    assert answer.result["content"][0]["text"].startswith('{"id":"')  # compact
    meta = answer.result["_meta"]
    assert meta["countersign/untrusted"] == ["result", "outcome", "target", "error"]
    assert meta["countersign/is_truncated"] is False


def test_the_full_id_calls_the_same_tool_and_null_stands_for_nothing(agent: McpClient) -> None:
    answer = agent.call("ninjaone:ninja-list-devices", {"limit": 1, "organization_id": None, "filter": None})
    assert answer.envelope["tool"] == "ninjaone:ninja-list-devices"
    assert answer.envelope["arguments"] == {"limit": 1}
    for arguments in ({}, {"arguments": None}):
        assert agent.ask("tools/call", {"name": "ninja-list-organizations", **arguments}).is_error is False


def test_a_write_that_runs_at_once_says_what_happened(agent: McpClient, ninjaone: Sandbox) -> None:
    answer = agent.call("ninja-create-ticket", TICKET)
    assert (answer.is_error, answer.envelope["status"]) == (False, "succeeded")
    assert answer.envelope["message"] == f"Done: NinjaOne accepted it. {IS_DATA}"
    assert len(ninjaone.calls("POST", "/v2/ticketing/ticket")) == 1


@pytest.mark.parametrize(
    ("arguments", "field"),
    [({}, "device_id"), ({"device_id": "43"}, "device_id"), ({"device_id": 43, "more": 1}, "more"), ([], "arguments"),
     ("x", "arguments"), (7, "arguments"), ({"device_id": None}, "device_id")],
)  # fmt: skip
def test_bad_arguments_are_told_to_the_model_by_field(agent: McpClient, arguments: Any, field: str) -> None:
    answer = agent.ask("tools/call", {"name": "ninja-get-device", "arguments": arguments})
    assert (answer.status, answer.is_error) == (200, True)
    assert answer.envelope["error"]["code"] == "invalid_arguments"
    assert [error["field"] for error in answer.envelope["error"]["errors"]] == [field]
    assert answer.envelope["message"] == answer.envelope["error"]["message"]
    assert answer.envelope["request_id"] == answer.response.headers["X-Request-Id"]
    assert not Invocation.objects.exists()


def test_what_policy_and_scope_refuse_is_told_and_on_record_as_over_rest(agent: McpClient, acme: Tenant) -> None:
    set_mode(acme, "ninja-get-device", Mode.DISABLED)
    off = agent.call("ninja-get-device", {"device_id": WEB})
    assert (off.is_error, off.envelope["error"]["code"]) == (True, "tool_disabled")
    assert "ask a technician" in off.envelope["message"]
    Agent.objects.filter(pk=acme.agent.pk).update(allowed_tools=["ninjaone:ninja-list-devices"])
    out = agent.call("ninja-list-organizations")
    assert (out.is_error, out.envelope["error"]["code"]) == (True, "scope_denied")
    rest = caller_of(acme).invoke("ninja-list-organizations").error
    assert {**out.envelope["error"]} == rest
    actions = list(AuditEvent.objects.for_msp(acme.msp).values_list("action", flat=True))
    assert actions.count("call.refused") >= 2


def test_limits_say_how_long_to_wait(agent: McpClient, acme: Tenant) -> None:
    Agent.objects.filter(pk=acme.agent.pk).update(calls_per_minute=1)
    assert agent.call("ninja-list-organizations").is_error is False
    answer = agent.call("ninja-list-organizations")
    assert (answer.is_error, answer.envelope["error"]["code"]) == (True, "rate_limited")
    assert answer.envelope["error"]["retryable"] is True
    assert 0 < answer.envelope["error"]["retry_after_seconds"] <= 60


def test_a_freeze_holds_here_too(agent: McpClient, acme: Tenant) -> None:
    Msp.objects.filter(pk=acme.msp.pk).update(frozen_at=database_now())
    answer = agent.call("ninja-get-device", {"device_id": WEB})
    assert (answer.is_error, answer.envelope["error"]["code"]) == (True, "frozen")


def test_a_no_of_ninjaone_is_an_error_with_its_envelope(agent: McpClient, ninjaone: Sandbox) -> None:
    answer = agent.call("ninja-get-device", {"device_id": 999_999})
    assert (answer.status, answer.is_error, answer.envelope["status"]) == (200, True, "failed")
    assert answer.envelope["error"]["upstream_status"] == 404
    ninjaone.faults.add("POST", "/v2/ticketing/ticket", status(500))
    unknown = agent.call("ninja-create-ticket", TICKET)
    assert (unknown.is_error, unknown.envelope["status"]) == (True, "unknown")
    assert unknown.envelope["error"]["do_not_retry"] is True


def test_what_rest_takes_beside_the_arguments_stands_in_meta(agent: McpClient, ninjaone: Sandbox) -> None:
    dry = agent.call("ninja-reboot-device", {"device_id": WEB}, dry_run=True)
    assert (dry.is_error, dry.envelope["id"]) == (False, None)
    assert dry.envelope["message"].startswith("Dry run: nothing was stored or sent.")
    assert not Invocation.objects.exists()
    agent.call("ninja-reboot-device", {"device_id": WEB}, reason="Ticket 1014: hung", ticket_id=1014, dry_run=False)
    row = Invocation.objects.get()
    assert (row.reason, row.ticket_id) == ("Ticket 1014: hung", 1014)
    assert not ninjaone.calls("POST")


@pytest.mark.parametrize(
    ("meta", "field"),
    [({"reason": 7}, "reason"), ({"reason": "x" * 2001}, "reason"), ({"ticket_id": "1"}, "ticket_id"),
     ({"dry_run": "yes"}, "dry_run"), ({"dryrun": True}, "dryrun"), ({"arguments": {}}, "arguments"),
     ({"idempotency_key": ""}, "idempotency_key"), ({"idempotency_key": 7}, "idempotency_key")],
)  # fmt: skip
def test_a_wrong_key_of_ours_in_meta_is_refused(agent: McpClient, meta: dict[str, Any], field: str) -> None:
    answer = agent.call("ninja-get-device", {"device_id": WEB}, **meta)
    assert answer.is_error is True
    assert [error["field"] for error in answer.envelope["error"]["errors"]] == [f"_meta.countersign/{field}"]
    assert not Invocation.objects.exists()


def test_a_long_result_is_cut_and_says_how_to_narrow(agent: McpClient, ninjaone: Sandbox) -> None:
    rows = [{"name": f"program {number}", "version": "1.0" * 40} for number in range(1000)]
    ninjaone.faults.add("GET", f"/v2/device/{WEB}/software", raw(200, json.dumps(rows).encode(), "application/json"))
    answer = agent.call("ninja-get-device-software", {"device_id": WEB, "limit": 1000})
    assert 35_000 < len(answer.result["content"][0]["text"]) < 42_000
    assert answer.result["_meta"]["countersign/is_truncated"] is True
    assert answer.envelope["result"]["truncated"] is True
    assert set(answer.envelope["result"]["next"]) == {"offset"}
    assert "narrow by name" in answer.envelope["message"]


def test_a_number_beyond_64_bits_comes_through(agent: McpClient, ninjaone: Sandbox) -> None:
    body = b'{"id": 43, "organizationId": 2, "serial": 18446744073709551617}'
    ninjaone.faults.add("GET", f"/v2/device/{WEB}", raw(200, body, "application/json"))
    assert agent.call("ninja-get-device", {"device_id": WEB}).envelope["result"]["serial"] == 18446744073709551617


def test_a_failure_of_ours_says_whether_anything_may_have_been_sent(
    agent: McpClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_: object) -> None:
        raise ZeroDivisionError("a secret of the inside")

    monkeypatch.setattr(views, "invocation_submit", broken)
    monkeypatch.setattr(views, "tools_of", broken)
    sent = agent.ask("tools/call", {"name": "ninja-get-device", "arguments": {"device_id": WEB}}, request_id="c")
    before = agent.ask("tools/list", request_id="l")
    for answer, may_have_sent in ((sent, True), (before, False)):
        assert answer.code == (500, -32603)
        assert answer.error["data"] == {
            "request_id": answer.response.headers["X-Request-Id"],
            "dispatch_started": may_have_sent,
        }
        assert "secret" not in json.dumps(answer.body)
    assert (sent.body["id"], before.body["id"]) == ("c", "l")
    assert "Do not repeat it" in sent.error["message"]
    assert "before it did anything" in before.error["message"]


def test_an_overdue_request_reads_as_expired(agent: McpClient) -> None:
    asked = agent.call("ninja-reboot-device", {"device_id": WEB}).envelope
    Invocation.objects.update(expires_at=database_now() - timedelta(seconds=1))
    answer = agent.call("get-invocation", {"invocation_id": asked["id"]})
    assert (answer.is_error, answer.envelope["status"]) == (True, "expired")


def test_a_call_asks_the_database_no_more_than_over_rest(agent: McpClient, acme: Tenant) -> None:
    rest = caller_of(acme)
    for tool, arguments in (("ninja-get-device", {"device_id": WEB}), ("ninja-reboot-device", {"device_id": WEB})):
        counts = []
        # The second of each is counted: the first fills caches, and makes the request that the others find.
        for call in (rest.invoke, rest.invoke, agent.call, agent.call):
            with CaptureQueriesContext(connection) as queries:
                call(tool, arguments)
            counts.append(len(queries))
        assert counts[3] <= counts[1] < 15, tool
    with CaptureQueriesContext(connection) as over_rest:
        rest.get("tools")
    with CaptureQueriesContext(connection) as over_mcp:
        agent.tools()
    assert len(over_mcp) <= len(over_rest)
