"""How a client is connected over MCP stands on the agent's page, and with its key where that is shown once."""

from __future__ import annotations

import html
import json
import re
import shlex
import tomllib

from tests.cast import Tenant

AGENTS = "/dashboard/integrations/agent/"
MCP = "http://testserver/mcp"
# These take the key from the environment or ask for it; the others hold it.
WITHOUT_KEY = {"client-cursor", "client-vscode", "client-codex"}


def snippets(page: str) -> dict[str, str]:
    """What can be copied, by its id."""
    found = re.findall(r'<(?:pre|code) data-copy="[^"]+"\s+id="([a-z-]+)">(.*?)</(?:pre|code)>', page, re.DOTALL)
    return {name: html.unescape(text) for name, text in found}


def check(found: dict[str, str], key: str) -> None:
    """Every snippet is what its client reads, and leads here."""
    assert found["mcp-url"] == MCP
    assert found["mcp-readonly"] == f"{MCP}/readonly"
    assert found["mcp-header"] == f"Authorization: Bearer {key}"
    code = shlex.split(found["client-claude-code"].replace("\\\n", ""))
    assert code == [
        *("claude", "mcp", "add", "--transport", "http", "countersign", MCP),
        *("--header", f"Authorization: Bearer {key}"),
    ]
    cursor = json.loads(found["client-cursor"])["mcpServers"]["countersign"]
    assert cursor == {"url": MCP, "headers": {"Authorization": "Bearer ${env:COUNTERSIGN_KEY}"}}
    vscode = json.loads(found["client-vscode"])
    server = vscode["servers"]["countersign"]
    assert (server["type"], server["url"]) == ("http", MCP)
    assert server["headers"]["Authorization"] == f"Bearer ${{input:{vscode['inputs'][0]['id']}}}"
    assert (vscode["inputs"][0]["type"], vscode["inputs"][0]["password"]) == ("promptString", True)
    codex = tomllib.loads(found["client-codex"])["mcp_servers"]["countersign"]
    assert codex == {"url": MCP, "bearer_token_env_var": "COUNTERSIGN_KEY"}
    desktop = json.loads(found["client-claude-desktop"])["mcpServers"]["countersign"]
    assert desktop["args"] == ["-y", "mcp-remote", MCP, "--header", "Authorization:${COUNTERSIGN_AUTH}"]
    assert desktop["env"] == {"COUNTERSIGN_AUTH": f"Bearer {key}"}
    inspector = shlex.split(found["client-inspector"].replace("\\\n", ""))
    assert inspector[2:6] == ["--cli", MCP, "--transport", "http"]
    assert inspector[6:] == ["--header", f"Authorization: Bearer {key}", "--method", "tools/list"]


def test_a_new_key_comes_with_all_that_connects_a_client(acme: Tenant) -> None:
    response = acme.signed_in(acme.admin).post(f"{AGENTS}{acme.agent.pk}/keys/", {"days": "90"})
    found = snippets(response.content.decode())
    key = found["agent-key"]
    check(found, key)
    assert not [name for name in WITHOUT_KEY if key in found[name]]


def test_the_page_of_an_agent_shows_the_same_without_a_key(acme: Tenant) -> None:
    for person in (acme.admin, acme.viewer):
        page = acme.signed_in(person).get(f"{AGENTS}{acme.agent.pk}/change/").content.decode()
        check(snippets(page), "cs_...")
    assert acme.key_text not in page


def test_a_page_for_a_new_agent_has_nothing_to_connect(acme: Tenant) -> None:
    assert not snippets(acme.signed_in(acme.admin).get(f"{AGENTS}add/").content.decode())
