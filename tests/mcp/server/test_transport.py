"""The HTTP side: one POST, one answer, a bearer key, and nothing for browsers or for OAuth."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from approvals.models import Invocation
from integrations.models import Agent
from integrations.ninjaone.sandbox import Sandbox
from tests.approvals.rest.one_transaction import acme
from tests.approvals.rest.test_bodies import MALFORMED
from tests.cast import Tenant
from tests.mcp.server.calling import McpClient

__all__ = ["acme"]

LIST = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
ADDRESSES = ("/mcp", "/mcp/readonly")


@pytest.mark.parametrize("url", ADDRESSES)
@pytest.mark.parametrize("method", ["get", "delete", "put", "patch", "head", "options"])
def test_there_is_nothing_but_post(agent: McpClient, url: str, method: str) -> None:
    response = getattr(agent.client, method)(url, headers={"Authorization": f"Bearer {agent.key}"})
    assert (response.status_code, response.headers["Allow"]) == (405, "POST")
    assert response.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("url", ADDRESSES)
@pytest.mark.parametrize("key", [None, "", "cs_AAAAAAAA_" + "x" * 43])
def test_without_a_good_key_nothing_is_answered(acme: Tenant, url: str, key: str | None) -> None:
    for body in (LIST, b"no json", {"jsonrpc": "2.0", "method": "notifications/initialized"}):
        answer = McpClient(key, url=url).post(body)
        assert (answer.status, answer.body["error"]["code"]) == (401, "invalid_token")
        # With a resource_metadata here, clients would start an OAuth flow and drop the key they were given.
        assert answer.response.headers["WWW-Authenticate"] == "Bearer"


def test_a_key_bound_to_addresses_opens_nothing_from_elsewhere(agent: McpClient, acme: Tenant) -> None:
    Agent.objects.filter(pk=acme.agent.pk).update(allowed_addresses=["10.0.0.0/8"])
    assert agent.ask("tools/list").status == 401
    assert agent.ask("tools/list", X_Forwarded_For="10.1.2.3").status == 200


@pytest.mark.parametrize(
    "path",
    [
        ".well-known/oauth-protected-resource", ".well-known/oauth-protected-resource/mcp",
        ".well-known/oauth-authorization-server", ".well-known/oauth-authorization-server/mcp",
        ".well-known/openid-configuration", "mcp/.well-known/openid-configuration", "mcp/register", "register",
    ],
)  # fmt: skip
def test_there_is_no_oauth_to_be_found(agent: McpClient, path: str) -> None:
    assert agent.client.get(f"/{path}").status_code == 404
    assert agent.client.post(f"/{path}", data={}, content_type="application/json").status_code in {403, 404}


def test_cookies_count_for_nothing(acme: Tenant) -> None:
    browser = acme.signed_in(acme.admin)
    response = browser.post("/mcp", data=LIST, content_type="application/json")
    assert response.status_code == 401
    assert not response.cookies


def test_no_token_against_forgery_is_needed(acme: Tenant) -> None:
    answer = McpClient(acme.key_text, client=Client(enforce_csrf_checks=True)).ask("tools/list")
    assert answer.status == 200
    assert not answer.response.cookies


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://testserver", 200), ("HTTP://TESTSERVER", 200), ("https://testserver", 403),
        ("http://testserver:81", 403), ("http://testserver.evil.example", 403), ("http://evil.example", 403),
        ("null", 403), ("", 403),
    ],
)  # fmt: skip
def test_of_websites_only_our_own_may_ask(agent: McpClient, origin: str, status: int) -> None:
    answer = agent.ask("tools/list", Origin=origin)
    assert answer.status == status
    assert "Access-Control-Allow-Origin" not in answer.response.headers


def test_a_host_that_is_not_ours_is_refused_in_json(agent: McpClient) -> None:
    answer = agent.ask("tools/list", Host="evil.example")
    assert (answer.status, answer.body["error"]["code"]) == (400, "malformed")


def test_nothing_lies_below_the_address(agent: McpClient) -> None:
    for path in ("/mcp/", "/mcp/nothing", "/mcp/readonly/"):
        response = agent.client.post(path, data=LIST, content_type="application/json")
        assert (response.status_code, response.headers["Content-Type"]) == (404, "application/json")


def test_every_answer_has_an_id_and_is_not_kept(agent: McpClient) -> None:
    for answer in (agent.ask("tools/list"), agent.ask("x/y"), agent.post(b"{"), McpClient(None).ask("tools/list")):
        assert len(answer.response.headers["X-Request-Id"]) == 32
        assert answer.response.headers["Cache-Control"] == "no-store"
        assert answer.response.headers["Content-Type"] == "application/json"
        assert answer.response.headers["X-Content-Type-Options"] == "nosniff"
        assert "Mcp-Session-Id" not in answer.response.headers
    assert agent.ask("tools/list", Mcp_Session_Id="of-a-former-life", Last_Event_ID="7").status == 200


def test_what_is_not_json_is_a_parse_error_without_an_id(agent: McpClient, ninjaone: Sandbox) -> None:
    for name, raw in MALFORMED.items():
        answer = agent.post(raw)
        assert answer.code == (400, -32700), name
        assert "id" not in answer.body, name
    assert agent.post(LIST, content_type="text/plain").code == (400, -32700)
    assert agent.post(LIST, Content_Encoding="gzip").code == (400, -32700)
    assert agent.post(b" " * (256 * 1024 + 1)).code == (413, -32600)
    assert not Invocation.objects.exists()
    assert not ninjaone.calls()


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ([LIST], -32600), ([], -32600), ("hello", -32600), (7, -32600), (None, -32600), ({}, -32600),
        ({**LIST, "jsonrpc": "1.0"}, -32600), ({"id": 1, "method": "tools/list"}, -32600),
        ({**LIST, "method": 7}, -32600), ({"jsonrpc": "2.0", "id": 1}, -32600),
        ({**LIST, "id": None}, -32600), ({**LIST, "id": True}, -32600), ({**LIST, "id": 1.5}, -32600),
        ({**LIST, "id": []}, -32600),
        ({"jsonrpc": "2.0", "id": 1, "result": {}}, -32600),
        ({"jsonrpc": "2.0", "id": 1, "error": {"code": 1, "message": "no"}}, -32600),
        ({**LIST, "params": []}, -32602), ({**LIST, "params": "all"}, -32602), ({**LIST, "params": 0}, -32602),
        ({**LIST, "params": {"_meta": []}}, -32602), ({**LIST, "params": {"_meta": ""}}, -32602),
    ],
)  # fmt: skip
def test_what_is_not_one_request_is_refused(agent: McpClient, body: Any, code: int) -> None:
    answer = agent.post(body)
    assert answer.code == (400, code)
    known = body.get("id") if isinstance(body, dict) else None
    assert answer.body.get("id") == (known if isinstance(known, int) and not isinstance(known, bool) else None)


@pytest.mark.parametrize("method", ["notifications/initialized", "notifications/cancelled", "tools/call", "x"])
def test_a_notification_is_taken_without_a_word_and_does_nothing(
    agent: McpClient, ninjaone: Sandbox, method: str
) -> None:
    answer = agent.post({"jsonrpc": "2.0", "method": method, "params": {"name": "ninja-get-device"}})
    assert (answer.status, answer.response.content) == (202, b"")
    assert not Invocation.objects.exists()
    assert not ninjaone.calls()


@pytest.mark.parametrize("request_id", [0, -1, 2**53, "", "x" * 200, "žluťoučký 😀"])
def test_the_id_comes_back_as_it_was(agent: McpClient, request_id: object) -> None:
    assert agent.ask("tools/list", request_id=request_id).body["id"] == request_id
    assert agent.ask("x/y", request_id=request_id).body["id"] == request_id


def test_null_stands_for_no_parameters(agent: McpClient) -> None:
    assert agent.post({**LIST, "params": None}).status == 200
    assert agent.post({**LIST, "params": {"_meta": None}}).status == 200
