"""Both eras on one URL: a handshake or none, and nothing is remembered between two requests."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from approvals.mcp.protocol import LEGACY, SERVER_KEY, SUPPORTED
from approvals.mcp.views import VERSION
from tests.approvals.rest.one_transaction import acme
from tests.mcp.server.calling import McpClient

__all__ = ["acme"]

HELLO = {"capabilities": {}, "clientInfo": {"name": "a-client", "version": "1"}}


def test_discover_tells_versions_capabilities_and_how_to_behave(agent: McpClient) -> None:
    result = agent.ask("server/discover").result
    assert result["supportedVersions"] == list(SUPPORTED)
    assert result["capabilities"] == {"tools": {}, "extensions": {"io.modelcontextprotocol/tasks": {}}}
    assert "pending_approval" in result["instructions"]
    assert (result["resultType"], result["ttlMs"], result["cacheScope"]) == ("complete", 0, "private")
    assert result["_meta"][SERVER_KEY] == {"name": "countersign", "title": "Countersign", "version": VERSION}


def test_the_version_is_that_of_the_project() -> None:
    assert tomllib.loads(Path("pyproject.toml").read_text())["project"]["version"] == VERSION


@pytest.mark.parametrize("version", LEGACY)
def test_a_known_legacy_version_is_answered_with_itself(agent: McpClient, version: str) -> None:
    agent.version = version
    answer = agent.ask("initialize", {**HELLO, "protocolVersion": version})
    assert answer.result["protocolVersion"] == version
    assert answer.result["capabilities"] == {"tools": {}}
    assert answer.result["serverInfo"]["name"] == "countersign"
    assert "Mcp-Session-Id" not in answer.response.headers
    assert agent.post({"jsonrpc": "2.0", "method": "notifications/initialized"}).status == 202
    assert agent.ask("ping").result == {}
    listed = agent.ask("tools/list").result
    assert set(listed) == {"tools"}


@pytest.mark.parametrize("asked", ["2026-07-28", "1999-01-01", None, 7])
def test_any_other_version_is_answered_with_the_newest_of_that_era(agent: McpClient, asked: object) -> None:
    agent.version = LEGACY[0]
    assert agent.ask("initialize", {**HELLO, "protocolVersion": asked}).result["protocolVersion"] == LEGACY[0]


def test_a_request_without_a_version_header_is_of_the_era_that_had_none(agent: McpClient) -> None:
    body = {"jsonrpc": "2.0", "id": "a", "method": "tools/list"}
    assert len(agent.post(body).result["tools"]) == 26


@pytest.mark.parametrize("method", ["initialize", "ping", "logging/setLevel", "resources/list", "tasks/list", "x/y"])
def test_what_the_modern_era_does_not_have_is_not_found(agent: McpClient, method: str) -> None:
    answer = agent.ask(method, request_id="seven")
    assert (answer.code, answer.body["id"]) == ((404, -32601), "seven")


@pytest.mark.parametrize("method", ["server/discover", "tasks/get", "resources/list", "x/y"])
def test_what_the_legacy_era_does_not_have_is_an_error_that_ends_no_session(agent: McpClient, method: str) -> None:
    agent.version = LEGACY[0]
    assert agent.ask(method).code == (200, -32601)


def test_a_version_that_nobody_knows_is_refused_with_those_we_speak(agent: McpClient) -> None:
    agent.version = "v999.0.0"
    answer = agent.ask("tools/list")
    assert answer.code == (400, -32022)
    assert answer.error["data"] == {"supported": list(SUPPORTED), "requested": "v999.0.0"}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    assert agent.post(body, MCP_Protocol_Version="2024-01-01").code == (400, -32022)
