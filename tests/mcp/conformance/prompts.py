"""The suite's prompts, and completion of their arguments."""

from __future__ import annotations

from typing import Any

from approvals.mcp.endpoint import Call
from approvals.mcp.protocol import INVALID_PARAMS, ProtocolError, Result
from tests.mcp.conformance.contents import Content, image, resource, text
from tests.mcp.conformance.inputs import answers_of, asked, question

CONTEXT = {"user_context": question("What context should the prompt use?", context="string")}
ARGUMENTS: dict[str, tuple[str, ...]] = {
    "test_simple_prompt": (),
    "test_prompt_with_arguments": ("arg1", "arg2"),
    "test_prompt_with_embedded_resource": ("resourceUri",),
    "test_prompt_with_image": (),
    "test_input_required_result_prompt": (),
}


def prompts_list(call: Call) -> Result:
    """All of them."""
    return {
        "prompts": [
            {
                "name": name,
                "description": f"Fixture {name}.",
                "arguments": [{"name": each, "description": "A text.", "required": True} for each in arguments],
            }
            for name, arguments in ARGUMENTS.items()
        ]
    }


def prompts_get(call: Call) -> Result:
    """One of them, filled in."""
    name = call.params.get("name")
    if name == "test_input_required_result_prompt":
        answers = answers_of(call, CONTEXT)
        return asked(CONTEXT) if answers is None else _said(text(str(answers["user_context"])))
    given = call.params.get("arguments", {})
    match name:
        case "test_simple_prompt":
            return _said(text("This is a simple prompt for testing."))
        case "test_prompt_with_arguments":
            return _said(text(f"Prompt with arguments: arg1='{given['arg1']}', arg2='{given['arg2']}'"))
        case "test_prompt_with_embedded_resource":
            embedded = resource(given["resourceUri"], "Embedded resource content for testing.")
            return _said(embedded, text("Please process the embedded resource above."))
        case "test_prompt_with_image":
            return _said(image(), text("Please analyze the image above."))
    raise ProtocolError(INVALID_PARAMS, "There is no such prompt.")


def completion_complete(call: Call) -> Result:
    """Nothing to propose."""
    values: list[Any] = []
    return {"completion": {"values": values, "total": 0, "hasMore": False}}


def _said(*contents: Content) -> Result:
    return {"messages": [{"role": "user", "content": each} for each in contents]}
