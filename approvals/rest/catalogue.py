"""Which tools an agent may call, and what policy says about each."""

from __future__ import annotations

from collections.abc import Iterator

from approvals.errors import GateError
from integrations.agent_keys import Principal
from integrations.connections import connection_of
from tools.models import Mode
from tools.policy import effective_mode, policies_of
from tools.registry import TOOLS, Tool, find_tool


def tools_of(principal: Principal) -> Iterator[tuple[Tool, Mode]]:
    """The tools that this agent may call, in stable order, each with its mode."""
    allowed = principal.agent.allowed_tools
    connection = connection_of(principal.msp)
    if connection is None:
        modes = {tool.id: tool.default_mode for tool in TOOLS.values()}
    else:
        modes = {tool_id: row.mode for tool_id, row in policies_of(connection).items()}
    for tool in TOOLS.values():
        mode = effective_mode(tool, policies=modes, call=None)
        if mode is not Mode.DISABLED and (allowed is None or tool.id in allowed):
            yield tool, mode


def tool_named(name: str) -> Tool:
    """The tool of a full id or a bare name. Raises GateError."""
    tool = find_tool(name)
    if tool is None:
        raise no_such_tool()
    return tool


def tool_of(principal: Principal, name: str) -> tuple[Tool, Mode]:
    """One of the tools that this agent may call. Raises GateError, the same for all others."""
    wanted = tool_named(name)
    for tool, mode in tools_of(principal):
        if tool.id == wanted.id:
            return tool, mode
    raise no_such_tool()


def no_such_tool() -> GateError:
    """Unknown, switched off, or not for this agent."""
    return GateError("not_found", "There is no such tool for you. GET /api/v1/tools lists what you may call.")
