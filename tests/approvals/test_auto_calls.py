"""A call whose policy is auto runs at once and is on record."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from approvals.errors import GateError
from approvals.gate import Submission, invocation_submit
from approvals.models import Attempt, Invocation, Status
from integrations.agent_keys import agent_key_revoke
from integrations.audit import Actor
from integrations.brakes import agent_freeze, everything_freeze, msp_freeze
from integrations.models import AuditEvent
from integrations.ninjaone.sandbox import Sandbox
from integrations.ninjaone.sandbox.faults import dropped, garbage, html, raw, status
from tests.approvals.asking import ask, submit
from tests.cast import Tenant
from tools.registry import find_tool


def test_a_read_runs_at_once_and_hands_out_what_ninjaone_said(acme: Tenant, ninjaone: Sandbox) -> None:
    row = ask(acme, "ninja-get-device", device_id=43)
    assert row.status == Status.SUCCEEDED
    assert json.loads(row.result or "")["displayName"] == "ACME-WEB01"
    assert [(call.method, call.path) for call in ninjaone.calls()] == [("GET", "/v2/device/43")]


def test_a_read_stands_in_the_ledger_with_its_exact_request(acme: Tenant) -> None:
    row = Invocation.objects.get(pk=ask(acme, "ninja-get-device", device_id=43).pk)
    assert (row.method, row.base_url, row.path, row.query, row.body) == (
        "GET", "http://127.0.0.1:8801", "/v2/device/43", "", None,
    )  # fmt: skip
    assert (row.status, row.policy, row.is_write, row.upstream_status) == ("succeeded", "auto", False, 200)
    assert row.finished_at is not None


def test_a_read_of_one_thing_costs_one_request_to_ninjaone(acme: Tenant, ninjaone: Sandbox) -> None:
    ask(acme, "ninja-get-device-disks", device_id=41)
    assert len(ninjaone.calls()) == 1


def test_a_list_goes_on_to_the_end(acme: Tenant) -> None:
    result = json.loads(ask(acme, "ninja-list-organizations").result or "")
    assert {row["id"] for row in result["items"]} >= {2, 3, 7}
    assert result["next"] is None


def test_an_auto_write_has_one_attempt_and_is_audited(acme: Tenant, ninjaone: Sandbox) -> None:
    row = ask(acme, "ninja-create-ticket", organization_id=2, ticket_form_id=1, subject="Printer is on fire")
    assert row.status == Status.SUCCEEDED
    attempt = Attempt.objects.get(invocation=row)
    assert (attempt.number, attempt.is_write, attempt.upstream_status) == (1, True, 200)
    actions = list(AuditEvent.objects.for_msp(acme.msp).order_by("number").values_list("action", flat=True))
    assert actions[-2:] == ["invocation.dispatched", "invocation.succeeded"]
    assert len(ninjaone.calls("POST", "/v2/ticketing/ticket")) == 1


@pytest.mark.parametrize("stop", [msp_freeze, agent_freeze, everything_freeze, agent_key_revoke])
def test_an_auto_write_is_stopped_by_what_happens_after_the_key_was_read(
    acme: Tenant, ninjaone: Sandbox, stop: Callable[..., bool]
) -> None:
    tool = find_tool("ninja-create-ticket")
    assert tool is not None
    principal = acme.principal()
    what: dict[Callable[..., bool], dict[str, Any]] = {
        msp_freeze: {"msp": acme.msp},
        agent_freeze: {"agent": acme.agent},
        agent_key_revoke: {"key": principal.key},
    }
    stop(actor=Actor.user(acme.admin), **what.get(stop, {}))
    arguments = {"organization_id": 2, "ticket_form_id": 1, "subject": "Too late"}
    with pytest.raises(GateError) as refusal:
        invocation_submit(principal=principal, submission=Submission(tool=tool, arguments=arguments))
    assert (refusal.value.code, ninjaone.calls("POST")) == ("frozen", [])
    assert Invocation.objects.get().error_code == "frozen"


def test_an_auto_write_that_gets_no_answer_is_unknown_and_never_sent_again(acme: Tenant, ninjaone: Sandbox) -> None:
    ninjaone.faults.add("POST", "/v2/ticketing/ticket", dropped())
    row = ask(acme, "ninja-create-ticket", organization_id=2, ticket_form_id=1, subject="Once")
    assert (row.status, row.error_code) == (Status.UNKNOWN, "outcome_unknown")
    assert len(ninjaone.calls("POST")) == 1


def test_a_write_that_ends_in_a_server_error_is_unknown(acme: Tenant, ninjaone: Sandbox) -> None:
    ninjaone.faults.add("POST", "/v2/ticketing/ticket", status(500))
    row = ask(acme, "ninja-create-ticket", organization_id=2, ticket_form_id=1, subject="Once")
    assert row.status == Status.UNKNOWN
    assert len(ninjaone.calls("POST")) == 1


def test_a_write_whose_answer_is_unreadable_was_accepted_all_the_same(acme: Tenant, ninjaone: Sandbox) -> None:
    ninjaone.faults.add("POST", "/v2/ticketing/ticket", garbage(200))
    row = ask(acme, "ninja-create-ticket", organization_id=2, ticket_form_id=1, subject="Once")
    assert row.status == Status.SUCCEEDED
    assert "result_unreadable" in row.note


def test_a_read_that_ninjaone_refuses_is_failed_with_its_words(acme: Tenant) -> None:
    row = ask(acme, "ninja-get-device", device_id=999)
    assert (row.status, row.error_code, row.upstream_status) == (Status.FAILED, "upstream_error", 404)


def test_a_read_answered_with_html_is_failed_and_leaves_the_connection_alone(acme: Tenant, ninjaone: Sandbox) -> None:
    ninjaone.faults.add("GET", "/v2/device/43", html(200), times=9)
    row = ask(acme, "ninja-get-device", device_id=43)
    assert row.status == Status.FAILED
    acme.connection.refresh_from_db()
    assert acme.connection.state == "connected"


def test_the_result_keeps_what_no_database_can_store_out(acme: Tenant, ninjaone: Sandbox) -> None:
    ninjaone.faults.add(
        "GET", "/v2/device/43", raw(200, b'{"displayName": "evil\\u0000name\\ud800"}', "application/json")
    )
    row = ask(acme, "ninja-get-device", device_id=43)
    assert row.status == Status.SUCCEEDED
    assert json.loads(row.result or "")["displayName"] == "evil\ufffdname\ufffd"


def test_a_dry_run_stores_and_sends_nothing(acme: Tenant, ninjaone: Sandbox) -> None:
    submitted = submit(acme, "ninja-reboot-device", device_id=43, options={"dry_run": True})
    assert submitted.is_dry_run
    assert submitted.invocation.status == Status.PENDING_APPROVAL
    assert submitted.invocation.device_name == "ACME-WEB01"
    assert not Invocation.objects.exists()
    assert not ninjaone.calls("POST")


def test_a_dry_run_is_evaluated_afresh_while_the_same_call_waits(acme: Tenant) -> None:
    waiting = ask(acme, "ninja-reboot-device", device_id=43)
    submitted = submit(acme, "ninja-reboot-device", device_id=43, options={"dry_run": True})
    assert submitted.is_dry_run
    assert submitted.invocation.pk != waiting.pk
