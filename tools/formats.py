"""The tools as agents list them: our own shape, and those of two function-calling APIs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tools.models import Mode

if TYPE_CHECKING:
    from tools.definitions import Tool

ASKS = (
    "Needs a technician's approval: the call is not executed at once but waits, and its answer is a pending "
    "invocation to look at again."
)


def described(tool: Tool, mode: Mode) -> str:
    """The description, and that the call will wait where it will."""
    return f"{tool.description} {ASKS}" if mode == Mode.APPROVAL_NEEDED else tool.description


def as_listing(tool: Tool, mode: Mode) -> dict[str, Any]:
    """The wire contract's object."""
    return {
        "id": tool.id,
        "name": tool.name,
        "title": tool.title,
        "description": described(tool, mode),
        "policy": mode.value,
        "input_schema": tool.input_schema,
        "annotations": {
            "read_only": tool.read_only,
            "destructive": tool.destructive,
            "idempotent": tool.idempotent,
        },
    }


def as_openai(tool: Tool, mode: Mode) -> dict[str, Any]:
    """A function of OpenAI's chat API."""
    function = {"name": tool.name, "description": described(tool, mode), "parameters": tool.input_schema}
    return {"type": "function", "function": function}


def as_anthropic(tool: Tool, mode: Mode) -> dict[str, Any]:
    """A tool of Anthropic's messages API."""
    return {"name": tool.name, "description": described(tool, mode), "input_schema": tool.input_schema}
