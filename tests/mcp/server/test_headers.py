"""In the modern era what a request says of itself is complete, and its headers say the same as its body."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from approvals.mcp.protocol import CAPABILITIES_KEY, MODERN, VERSION_KEY
from tests.approvals.rest.one_transaction import acme
from tests.mcp.server.calling import McpClient

__all__ = ["acme"]

META = {VERSION_KEY: MODERN, CAPABILITIES_KEY: {}}
NAMES: dict[str, Any] = {"name": "nothing", "arguments": {}, "_meta": META}


def encoded(text: str) -> str:
    return f"=?base64?{base64.b64encode(text.encode()).decode()}?="


@pytest.mark.parametrize(
    "meta",
    [
        None,
        {},
        {VERSION_KEY: MODERN},
        {CAPABILITIES_KEY: {}},
        {**META, VERSION_KEY: 7},
        {**META, VERSION_KEY: None},
        {**META, CAPABILITIES_KEY: []},
        {**META, CAPABILITIES_KEY: None},
    ],
)
def test_a_request_without_its_metadata_is_refused(agent: McpClient, meta: dict[str, Any] | None) -> None:
    params = {} if meta is None else {"_meta": meta}
    body = {"jsonrpc": "2.0", "id": 5, "method": "server/discover", "params": params}
    answer = agent.post(body, MCP_Protocol_Version=MODERN, Mcp_Method="server/discover")
    assert (answer.code, answer.body["id"]) == ((400, -32602), 5)


def test_the_client_may_keep_its_name_to_itself_and_say_what_we_do_not_know(agent: McpClient) -> None:
    assert agent.ask("tools/list").status == 200
    meta = {
        "io.modelcontextprotocol/clientInfo": {"name": "x", "version": "1"},
        "io.modelcontextprotocol/logLevel": "debug",
        "progressToken": 7,
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01",
        "example.com/other": [1],
    }
    assert agent.ask("tools/list", {"_meta": meta, "unheard": True}).status == 200


@pytest.mark.parametrize(
    "changes",
    [
        {"MCP_Protocol_Version": "2025-11-25"},
        {"MCP_Protocol_Version": "v999.0.0"},
        {"MCP_Protocol_Version": ""},
        {"Mcp_Method": "tools/list"},
        {"Mcp_Method": "TOOLS/CALL"},
        {"Mcp_Method": ""},
        {"Mcp_Name": "something"},
        {"Mcp_Name": "Nothing"},
        {"Mcp_Name": "nothing, nothing"},
        {"Mcp_Name": encoded("something")},
        {"Mcp_Name": "=?base64?!!!?="},
        {"Mcp_Name": "=?base64?/w==?="},
        {"Mcp_Name": "noth\xefng"},
        {"Mcp_Name": "noth\ting"},
    ],
)
def test_a_header_that_says_something_else_is_refused(agent: McpClient, changes: dict[str, str]) -> None:
    answer = agent.ask("tools/call", NAMES, request_id="h", **changes)
    assert (answer.code, answer.body["id"]) == ((400, -32020), "h")


@pytest.mark.parametrize("missing", ["MCP-Protocol-Version", "Mcp-Method", "Mcp-Name"])
def test_a_missing_header_is_refused(agent: McpClient, missing: str) -> None:
    headers = {"MCP-Protocol-Version": MODERN, "Mcp-Method": "tools/call", "Mcp-Name": "nothing"}
    del headers[missing]
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": NAMES}
    answer = agent.post(body, **headers)
    assert answer.code == (400, -32020)
    assert missing in answer.error["message"]


@pytest.mark.parametrize("method", ["tasks/get", "tasks/update", "tasks/cancel"])
def test_a_task_is_named_in_the_header_too(agent: McpClient, method: str) -> None:
    assert agent.ask(method, {"taskId": "a"}, Mcp_Name="b").code == (400, -32020)
    assert agent.ask(method, {"taskId": "a"}).code == (400, -32021)


@pytest.mark.parametrize("value", ["nothing", " nothing\t", encoded("nothing")])
def test_the_spelling_of_a_header_does_not_matter(agent: McpClient, value: str) -> None:
    assert agent.ask("tools/call", NAMES, Mcp_Name=value).code == (200, -32602)


def test_a_name_that_no_header_can_hold_comes_encoded(agent: McpClient) -> None:
    name = "žádný nástroj"
    assert agent.ask("tools/call", {**NAMES, "name": name}, Mcp_Name=encoded(name)).code == (200, -32602)


def test_legacy_clients_send_none_of_it(agent: McpClient) -> None:
    agent.version = "2025-06-18"
    params = {"name": "nothing", "arguments": {}, "_meta": {"progressToken": 1}}
    assert agent.ask("tools/call", params, Mcp_Name="something").code == (200, -32602)
    named = {**params, "_meta": {VERSION_KEY: "2025-06-18"}}
    assert agent.ask("tools/call", named).code == (200, -32602)
    assert agent.ask("tools/call", named, MCP_Protocol_Version="2025-11-25").code == (400, -32020)
