"""The suite's tools."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from approvals.mcp.endpoint import Call
from approvals.mcp.protocol import INVALID_PARAMS, ProtocolError, Result, missing_capability
from tests.mcp.conformance import tasks
from tests.mcp.conformance.contents import audio, image, resource, text
from tests.mcp.conformance.inputs import NAME, ROOTS, answers_of, asked, question, sampling, state_of
from tests.mcp.conformance.schemas import JSON_SCHEMA_2020_12

Tool = Callable[[Call], Result]
CONFIRM = {"confirm": question("Please confirm", ok="boolean")}


def tools_list(call: Call) -> Result:
    """All of them."""
    return {
        "tools": [
            {
                "name": name,
                "description": f"Fixture {name}.",
                "inputSchema": JSON_SCHEMA_2020_12 if name == "json_schema_2020_12_tool" else {"type": "object"},
            }
            for name in TOOLS
        ]
    }


def tools_call(call: Call) -> Result:
    """One of them."""
    tool = TOOLS.get(str(call.params.get("name")))
    if tool is None:
        raise ProtocolError(INVALID_PARAMS, "There is no such tool.")
    return tool(call)


def said(*contents: dict[str, Any]) -> Tool:
    """A tool that always says the same."""
    return lambda _: {"content": list(contents)}


def failing(call: Call) -> Result:
    """A tool that always goes wrong."""
    return {"isError": True, "content": [text("This tool intentionally returns an error for testing")]}


def progressing(call: Call) -> Result:
    """Tells how far it is, if asked to."""
    result = {"content": [text("Done.")]}
    token = call.message.meta.get("progressToken")
    if token is None:
        return result
    steps = [{"progressToken": token, "progress": progress, "total": 100} for progress in (0, 50, 100)]
    return {**result, "before": [_notification("progress", step) for step in steps]}


def logging(call: Call) -> Result:
    """Tells what it does; in the modern era only if asked to, which nobody does here."""
    result = {"content": [text("Done.")]}
    if call.terms.is_modern:
        return result
    lines = ("Tool execution started", "Tool processing data", "Tool execution completed")
    return {**result, "before": [_notification("message", {"level": "info", "data": line}) for line in lines]}


def _notification(name: str, params: dict[str, Any]) -> Result:
    return {"jsonrpc": "2.0", "method": f"notifications/{name}", "params": params}


def needing_sampling(call: Call) -> Result:
    """Cannot do without the client's model."""
    if "sampling" not in call.terms.capabilities:
        raise missing_capability({"sampling": {}}, "This needs sampling.")
    return {"content": [text("Done.")]}


def asking(requests: dict[str, Any], *, state: str | None = None) -> Tool:
    """A tool that needs answers first."""

    def tool(call: Call) -> Result:
        answers, came_back = answers_of(call, requests), state_of(call)
        if answers is None or came_back != state:
            return asked(requests, state=state)
        return {"content": [text("state-ok" if state else f"Hello, {answers}!")]}

    return tool


def asking_twice(call: Call) -> Result:
    """A tool that has a question after the first answer."""
    match state_of(call):
        case "first" if answers_of(call, ["step1"]):
            color = question("Step 2: What is your favorite color?", color="string")
            return asked({"step2": color}, state="second")
        case "second" if answers_of(call, ["step2"]):
            return {"content": [text("Done.")]}
    return asked({"step1": question("Step 1: What is your name?", name="string")}, state="first")


def asking_what_the_client_can(call: Call) -> Result:
    """A tool that asks only for what the client declared."""
    possible = {"elicitation": NAME, "sampling": sampling("What is the capital of France?"), "roots": ROOTS}
    return asked({name: each for name, each in possible.items() if name in call.terms.capabilities})


TOOLS: dict[str, Tool] = {
    "test_simple_text": said(text("This is a simple text response for testing.")),
    "test_image_content": said(image()),
    "test_audio_content": said(audio()),
    "test_embedded_resource": said(resource("test://embedded-resource", "This is an embedded resource content.")),
    "test_multiple_content_types": said(
        text("Multiple content types test:"),
        image(),
        resource("test://mixed-content-resource", "{}", "application/json"),
    ),
    "test_error_handling": failing,
    "test_tool_with_progress": progressing,
    "test_tool_with_logging": logging,
    "test_logging_tool": logging,
    "test_missing_capability": needing_sampling,
    "test_streaming_elicitation": asking({"user_name": NAME}),
    "json_schema_2020_12_tool": said(text("Done.")),
    "test_input_required_result_elicitation": asking({"user_name": NAME}),
    "test_input_required_result_sampling": asking({"capital_question": sampling("What is the capital of France?")}),
    "test_input_required_result_list_roots": asking({"client_roots": ROOTS}),
    "test_input_required_result_request_state": asking(CONFIRM, state="confirming"),
    "test_input_required_result_tampered_state": asking(CONFIRM, state="untampered"),
    "test_input_required_result_multiple_inputs": asking(
        {"user_name": NAME, "greeting": sampling("Generate a greeting"), "client_roots": ROOTS}, state="three"
    ),
    "test_input_required_result_multi_round": asking_twice,
    "test_input_required_result_capabilities": asking_what_the_client_can,
    **tasks.TOOLS,
}
