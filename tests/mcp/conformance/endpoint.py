"""What the official suite wants to find behind an MCP server, behind ours: nothing here speaks the protocol itself.

The suite can send no agent key, and asks for tools, prompts and resources of its own; so the product's endpoint has
other methods here and asks nobody who he is. Its parsing, eras, headers, errors, stamping and handshake are the
product's.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping

from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase

from approvals.mcp.endpoint import Call, Endpoint, Method
from approvals.mcp.protocol import MODERN, TASKS, Result
from tests.mcp.conformance import prompts, resources, tasks, tools

# Notifications that come before a result, under this key of it.
BEFORE = "before"
PAUSE_SECONDS = 0.05


class FixtureEndpoint(Endpoint):
    """The suite's counterpart."""

    info = {"name": "countersign-fixtures", "version": "1.0.0"}
    instructions = "Fixtures of the conformance suite."
    capabilities = {
        "tools": {},
        "prompts": {},
        "resources": {},
        "completions": {},
        "logging": {},
        "extensions": {TASKS: {}},
    }

    def methods(self, request: HttpRequest) -> Mapping[str, Method]:
        """Anybody's."""
        is_modern = request.headers.get("MCP-Protocol-Version") == MODERN
        # 2026-07-28 took it away.
        older: dict[str, Method] = {} if is_modern else {"logging/setLevel": lambda _: {}}
        return {
            "tools/list": tools.tools_list,
            "tools/call": tools.tools_call,
            "tasks/get": tasks.tasks_get,
            "tasks/update": tasks.tasks_update,
            "tasks/cancel": tasks.tasks_cancel,
            "prompts/list": prompts.prompts_list,
            "prompts/get": prompts.prompts_get,
            "completion/complete": prompts.completion_complete,
            "resources/list": resources.resources_list,
            "resources/templates/list": resources.resource_templates_list,
            "resources/read": resources.resources_read,
            **older,
        }

    def render(self, call: Call, result: Result) -> HttpResponseBase:
        """As the product does, but for a result that has notifications before it: those are a stream."""
        before = result.pop(BEFORE, None)
        if before is None:
            return super().render(call, result)
        response = {"jsonrpc": "2.0", "id": call.message.id, "result": result}
        return StreamingHttpResponse(_events([*before, response]), content_type="text/event-stream")


def _events(messages: list[Result]) -> Iterator[str]:
    for message in messages:
        yield f"event: message\ndata: {json.dumps(message)}\n\n"
        time.sleep(PAUSE_SECONDS)
