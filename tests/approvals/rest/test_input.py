"""What an operation does not know, or knows as another type, is refused with every complaint at once."""

from __future__ import annotations

from typing import Any

import pytest

from approvals.models import Invocation
from integrations.ninjaone.sandbox import Sandbox
from tests.approvals.rest.calling import Answer, Caller
from tests.approvals.rest.one_transaction import acme

__all__ = ["acme"]

ASK = "tools/ninja-get-device/invoke"
GOOD = {"arguments": {"device_id": 43}}


def complaints(answer: Answer) -> set[tuple[str, str]]:
    assert (answer.status, answer.error["code"]) == (422, "invalid_arguments"), answer
    assert all(error["message"] for error in answer.error["errors"])
    return {(error["field"], error["code"]) for error in answer.error["errors"]}


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({**GOOD, "device_id": 43}, "device_id", "unknown"),
        ({**GOOD, "dryRun": True}, "dryRun", "unknown"),
        ({**GOOD, "": 1}, "", "unknown"),
        ({"arguments": None}, "arguments", "null"),
        ({"arguments": []}, "arguments", "invalid"),
        ({"arguments": "{}"}, "arguments", "invalid"),
        ({**GOOD, "reason": 7}, "reason", "invalid"),
        ({**GOOD, "reason": ["a"]}, "reason", "invalid"),
        ({**GOOD, "reason": "x" * 2001}, "reason", "max_length"),
        ({**GOOD, "ticket_id": "1014"}, "ticket_id", "invalid"),
        ({**GOOD, "ticket_id": 1014.0}, "ticket_id", "invalid"),
        ({**GOOD, "ticket_id": True}, "ticket_id", "invalid"),
        ({**GOOD, "ticket_id": 0}, "ticket_id", "min_value"),
        ({**GOOD, "ticket_id": 2**31}, "ticket_id", "max_value"),
        ({**GOOD, "dry_run": "true"}, "dry_run", "invalid"),
        ({**GOOD, "dry_run": 1}, "dry_run", "invalid"),
        ({**GOOD, "dry_run": None}, "dry_run", "null"),
        ([GOOD], "", "invalid"),
        ("call", "", "invalid"),
        (0, "", "invalid"),
    ],
)
def test_a_wrong_body_of_a_call_is_refused(agent: Caller, ninjaone: Sandbox, body: Any, field: str, code: str) -> None:
    assert complaints(agent.post(ASK, body)) == {(field, code)}
    assert not Invocation.objects.exists()
    assert not ninjaone.calls()


def test_every_complaint_comes_at_once(agent: Caller) -> None:
    answer = agent.post(ASK, {"arguments": 1, "reason": 2, "extra": 3})
    assert complaints(answer) == {("arguments", "invalid"), ("reason", "invalid"), ("extra", "unknown")}


def test_null_as_a_whole_body_is_refused(agent: Caller) -> None:
    assert complaints(agent.post(ASK, b"null")) == {("", "invalid")}


@pytest.mark.parametrize("arguments", [{}, {"device_id": "43"}, {"device_id": 43.0}, {"device_id": 43, "more": 1}])
def test_wrong_arguments_of_a_tool_are_refused_by_field(agent: Caller, arguments: dict[str, Any]) -> None:
    fields = {field for field, _ in complaints(agent.invoke("ninja-get-device", arguments))}
    assert fields <= {"device_id", "more"}
    assert not Invocation.objects.exists()


@pytest.mark.parametrize(
    "query",
    ["wait=-1", "wait=56", "wait=1.5", "wait=abc", "wait=", "wait=%D9%A3", "wait=1&wait=2", "seconds=1", "wait= 1"],
)
def test_a_wrong_wait_is_refused(agent: Caller, query: str) -> None:
    complaints(agent.get(f"invocations/00000000-0000-0000-0000-000000000000?{query}"))


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("status=done", "status"), ("status=", "status"), ("limit=0", "limit"), ("limit=101", "limit"),
        ("limit=ten", "limit"), ("limit=+5", "limit"), ("page=2", "page"), ("tool=" + "x" * 81, "tool"),
        ("tool=", "tool"),
        ("cursor=", "cursor"), ("cursor=abc", "cursor"), ("cursor=%00", "cursor"), ("cursor=é", "cursor"),
        ("cursor=" + "A" * 201, "cursor"), ("limit=5&limit=6", "limit"),
    ],
)  # fmt: skip
def test_a_wrong_list_query_is_refused(agent: Caller, query: str, field: str) -> None:
    assert {name for name, _ in complaints(agent.get(f"invocations?{query}"))} == {field}


def test_operations_without_parameters_take_none(agent: Caller) -> None:
    assert complaints(agent.get("me?verbose=1")) == {("verbose", "unknown")}
    assert complaints(agent.post(f"{ASK}?dry_run=true", GOOD)) == {("dry_run", "unknown")}
