"""An agent's MCP client, of either era, over Django's test client."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpResponse
from django.test import Client

from approvals.mcp.protocol import CAPABILITIES_KEY, LEGACY, MODERN, TASKS, VERSION_KEY

WEB, DC = 43, 45
TASKS_DECLARED: dict[str, Any] = {"extensions": {TASKS: {}}}
NAMES = {"tools/call": "name", "tasks/get": "taskId", "tasks/update": "taskId", "tasks/cancel": "taskId"}


@dataclass(frozen=True)
class Answer:
    """A response, read."""

    response: HttpResponse

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.response.status_code

    @property
    def body(self) -> Any:
        """The JSON."""
        return json.loads(self.response.content)

    @property
    def result(self) -> Any:
        """What was answered."""
        assert "result" in self.body, self
        return self.body["result"]

    @property
    def error(self) -> Any:
        """The JSON-RPC error."""
        return self.body["error"]

    @property
    def envelope(self) -> Any:
        """What a tool was answered with; the text and the data are the same."""
        assert [block["type"] for block in self.result["content"]] == ["text"]
        assert json.loads(self.result["content"][0]["text"]) == self.result["structuredContent"]
        return self.result["structuredContent"]

    @property
    def is_error(self) -> bool:
        """Whether the model is told that it did not work."""
        told: bool = self.result["isError"]
        return told

    @property
    def code(self) -> tuple[int, int]:
        """The HTTP status and the code of the error."""
        return self.status, self.error["code"]

    def __repr__(self) -> str:
        return f"{self.status} {self.response.content.decode(errors='replace')[:2000]}"


@dataclass
class McpClient:
    """Somebody with a key, or without."""

    key: str | None
    version: str = MODERN
    capabilities: dict[str, Any] = field(default_factory=dict)
    url: str = "/mcp"
    client: Client = field(default_factory=lambda: Client(raise_request_exception=False))

    def post(self, body: Any, *, content_type: str = "application/json", **headers: str) -> Answer:
        """POST a body; bytes go as they are. Header names with underscores for hyphens."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        authorization = {} if self.key is None else {"Authorization": f"Bearer {self.key}"}
        sent = {**authorization, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return Answer(self.client.post(self.url, data=raw, content_type=content_type, headers=sent))  # type: ignore[arg-type]

    def ask(self, method: str, params: dict[str, Any] | None = None, *, request_id: Any = 1, **headers: str) -> Answer:
        """One request, as a client of its version sends it; `headers` replace its own."""
        body: dict[str, Any] = {"jsonrpc": "2.0", "id": request_id, "method": method}
        given = dict(params or {})
        is_hello = method == "initialize" and self.version in LEGACY
        own = {} if is_hello else {"MCP_Protocol_Version": self.version}
        if self.version not in LEGACY:
            meta = {VERSION_KEY: self.version, CAPABILITIES_KEY: self.capabilities}
            given["_meta"] = {**meta, **given.get("_meta", {})}
            own["Mcp_Method"] = method
            if method in NAMES and NAMES[method] in given:
                own["Mcp_Name"] = str(given[NAMES[method]])
        return self.post({**body, "params": given}, **{**own, **headers})

    def call(self, tool: str, arguments: Any = None, /, **meta: Any) -> Answer:
        """Call a tool; `meta` stands under countersign/."""
        given = {f"countersign/{name}": value for name, value in meta.items()}
        return self.ask("tools/call", {"name": tool, "arguments": arguments or {}, "_meta": given})

    def tools(self) -> dict[str, Any]:
        """The listed tools by name."""
        return {tool["name"]: tool for tool in self.ask("tools/list").result["tools"]}
