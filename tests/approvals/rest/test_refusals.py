"""Every row of the wire contract's error table, as an agent meets it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from approvals.errors import GateError
from approvals.rest import views
from integrations.agent_keys import agent_key_revoke
from integrations.audit import Actor
from integrations.clock import database_now
from integrations.models import Agent, AgentKey, Connection, Msp
from integrations.ninjaone.sandbox import Sandbox
from tests.approvals.asking import again, deny
from tests.approvals.rest.calling import Answer, Caller, caller_of
from tests.cast import Tenant
from tools.models import Mode
from tools.policy import policies_update

OPERATIONS = [
    ("GET", "tools"), ("GET", "tools/ninja-get-device"), ("POST", "tools/ninja-get-device/invoke"),
    ("GET", "invocations"), ("GET", "invocations/00000000-0000-0000-0000-000000000000"),
    ("POST", "invocations/00000000-0000-0000-0000-000000000000/cancel"), ("GET", "me"),
]  # fmt: skip


def says(answer: Answer, status: int, code: str) -> None:
    """The status and the code, in the one shape of all errors."""
    assert (answer.status, answer.error["code"]) == (status, code), answer
    assert len(answer.error["message"]) > 20
    assert answer.body["request_id"] == answer.header("X-Request-Id")
    assert answer.error["dispatch_started"] is False
    assert answer.header("Cache-Control") == "no-store"


def call(caller: Caller, method: str, path: str) -> Answer:
    return caller.get(path) if method == "GET" else caller.post(path, {})


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
def test_no_operation_works_without_a_key(acme: Tenant, method: str, path: str) -> None:
    answer = call(Caller(None), method, path)
    says(answer, 401, "invalid_token")
    assert answer.header("WWW-Authenticate") == "Bearer"


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer",
        "Bearer cs_short_x",
        "Basic dXNlcjpwYXNz",
        "Token {key}",
        "{key}",
        "Bearer {key}x",
        "Bearer {wrong}",
    ],
)
def test_a_bad_key_is_refused(acme: Tenant, authorization: str) -> None:
    wrong = acme.key_text[:-1] + ("a" if acme.key_text[-1] != "a" else "b")
    header = authorization.format(key=acme.key_text, wrong=wrong)
    says(Caller(None).get("me", Authorization=header), 401, "invalid_token")


def test_an_expired_key_is_refused(acme: Tenant, agent: Caller) -> None:
    AgentKey.objects.update(expires_at=database_now() - timedelta(seconds=1))
    says(agent.get("me"), 401, "invalid_token")


def test_a_revoked_key_is_refused_on_its_very_next_call(acme: Tenant, agent: Caller) -> None:
    assert agent.get("me").status == 200
    agent_key_revoke(key=acme.key, actor=Actor.user(acme.admin))
    says(agent.get("me"), 401, "invalid_token")


def test_the_key_of_a_switched_off_agent_is_refused(acme: Tenant, agent: Caller) -> None:
    Agent.objects.update(is_enabled=False)
    says(agent.get("me"), 401, "invalid_token")


def test_every_refusal_of_a_key_reads_the_same(acme: Tenant, agent: Caller) -> None:
    unknown = Caller("cs_AAAAAAAA_" + "x" * 43).get("me")
    agent_key_revoke(key=acme.key, actor=Actor.user(acme.admin))
    assert agent.get("me").error == unknown.error == Caller(None).get("me").error


def test_a_staff_session_opens_nothing_here(acme: Tenant) -> None:
    browser = acme.signed_in(acme.admin)
    assert browser.get("/api/v1/me").status_code == 401


def test_a_disabled_tool_is_403_when_called(acme: Tenant, agent: Caller, ninjaone: Sandbox) -> None:
    changes = {"ninjaone:ninja-get-device": Mode.DISABLED}
    policies_update(connection=acme.connection, actor=Actor.user(acme.admin), changes=changes)
    says(agent.invoke("ninja-get-device", {"device_id": 43}), 403, "tool_disabled")
    assert not ninjaone.calls()


def test_a_tool_outside_the_scope_is_403_when_called(agent: Caller) -> None:
    Agent.objects.update(allowed_tools=["ninjaone:ninja-list-devices"])
    says(agent.invoke("ninja-get-device", {"device_id": 43}), 403, "scope_denied")


@pytest.mark.parametrize("name", ["no-such-tool", "ninjaone:no-such-tool", "other:ninja-get-device", "%00", "😀"])
def test_an_unknown_tool_is_404(agent: Caller, name: str) -> None:
    says(agent.invoke(name), 404, "not_found")


def test_an_unknown_tool_is_404_before_its_body_is_read(agent: Caller) -> None:
    says(agent.post("tools/no-such-tool/invoke", b"nonsense"), 404, "not_found")


def test_an_unknown_device_is_404(agent: Caller) -> None:
    says(agent.invoke("ninja-reboot-device", {"device_id": 9999}), 404, "not_found")


def test_cancelling_what_is_decided_is_409(acme: Tenant, agent: Caller) -> None:
    asked = agent.invoke("ninja-reboot-device", {"device_id": 43})
    deny(acme, again(asked.body["id"]))
    says(agent.post(f"invocations/{asked.body['id']}/cancel"), 409, "invalid_state")


@pytest.mark.parametrize(
    ("tool", "arguments", "code"),
    [
        ("ninja-run-bash", {"device_id": 41, "script": "id"}, "unsupported_device"),
        ("ninja-run-script", {"device_id": 43, "script_id": 146}, "use_run_bash"),
    ],
)
def test_what_is_not_possible_here_is_422(agent: Caller, tool: str, arguments: dict[str, Any], code: str) -> None:
    says(agent.invoke(tool, arguments), 422, code)


def test_bash_without_a_runner_is_422(agent: Caller) -> None:
    Connection.objects.update(runner_script_id=None)
    says(agent.invoke("ninja-run-bash", {"device_id": 43, "script": "id"}), 422, "bash_runner_missing")


def test_everything_stopped_by_staff_is_423(agent: Caller, ninjaone: Sandbox) -> None:
    Msp.objects.update(frozen_at=database_now())
    says(agent.invoke("ninja-get-device", {"device_id": 43}), 423, "frozen")
    assert not ninjaone.calls()


@pytest.mark.parametrize("code", ["rate_limited", "too_many_pending"])
@pytest.mark.parametrize(("seconds", "header"), [(None, "60"), (2.1, "3"), (0.0, "1")])
def test_a_limit_is_429_with_the_time_to_wait(
    agent: Caller, monkeypatch: pytest.MonkeyPatch, code: str, seconds: float | None, header: str
) -> None:
    def limited(**_: object) -> None:
        raise GateError(code, "The limit of this agent is reached; nothing was sent.", retry_after=seconds)

    monkeypatch.setattr(views, "invocation_submit", limited)
    answer = agent.invoke("ninja-get-device", {"device_id": 43})
    says(answer, 429, code)
    assert (answer.header("Retry-After"), answer.error["retryable"]) == (header, True)


@pytest.mark.parametrize(
    ("state", "code"), [("not_authorized", "not_connected"), ("needs_reauthorization", "needs_reauthorization")]
)
def test_a_connection_that_does_not_work_is_503(agent: Caller, state: str, code: str) -> None:
    Connection.objects.update(state=state, state_reason="The technician left.")
    answer = agent.invoke("ninja-get-device", {"device_id": 43})
    says(answer, 503, code)
    assert (answer.header("Retry-After"), answer.error["retryable"]) == (None, False)


def test_without_a_connection_it_is_503(acme: Tenant) -> None:
    Connection.objects.all().delete()
    says(caller_of(acme).invoke("ninja-get-device", {"device_id": 43}), 503, "not_connected")


def test_an_error_of_our_own_is_500_without_its_cause(
    agent: Caller, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(**_: object) -> None:
        raise RuntimeError("the password is hunter2")

    monkeypatch.setattr(views, "invocation_list", broken)
    answer = agent.get("invocations", **{"X-Request-Id": "request-0815"})
    says(answer, 500, "internal_error")
    assert "hunter2" not in answer.response.content.decode()
    assert "RuntimeError" not in answer.response.content.decode()
    assert "Request request-0815 failed" in caplog.text
    assert "hunter2" in caplog.text


def test_an_error_of_our_own_once_the_gate_has_the_call_admits_that_something_may_be_sent(
    agent: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(views, "invocation_submit", broken)
    answer = agent.invoke("ninja-get-device", {"device_id": 43})
    assert (answer.status, answer.error["code"]) == (500, "internal_error")
    assert (answer.error["dispatch_started"], answer.error["retryable"]) == (True, False)
    assert answer.error["next"]["url"] == "/api/v1/invocations?limit=10"
