"""Which tools an agent may call, and what policy says about each."""

from __future__ import annotations

from functools import lru_cache

from approvals.errors import GateError
from integrations.agent_keys import Principal
from tools.models import Mode
from tools.policy import effective_mode, modes_seen
from tools.registry import TOOLS, Tool, find_tool

# The ids of tools and their modes, in stable order.
Shown = tuple[tuple[str, Mode], ...]


def tools_of(principal: Principal) -> Shown:
    """The tools that this agent may call."""
    allowed = principal.agent.allowed_tools
    return _shown(modes_seen(principal.connection), None if allowed is None else frozenset(allowed))


@lru_cache(maxsize=256)
def _shown(modes: tuple[Mode, ...], allowed: frozenset[str] | None) -> Shown:
    """Kept by everything that it depends on, so that it is never stale."""
    policies = dict(zip(TOOLS, modes, strict=True))
    judged = [(tool.id, effective_mode(tool, policies=policies, call=None)) for tool in TOOLS.values()]
    return tuple(
        (tool_id, mode)
        for tool_id, mode in judged
        if mode is not Mode.DISABLED and (allowed is None or tool_id in allowed)
    )


def tool_named(name: str) -> Tool:
    """The tool of a full id or a bare name. Raises GateError."""
    tool = find_tool(name)
    if tool is None:
        raise no_such_tool()
    return tool


def tool_of(principal: Principal, name: str) -> tuple[Tool, Mode]:
    """One of the tools that this agent may call. Raises GateError, the same for all others."""
    wanted = tool_named(name)
    mode = dict(tools_of(principal)).get(wanted.id)
    if mode is None:
        raise no_such_tool()
    return wanted, mode


def no_such_tool() -> GateError:
    """Unknown, switched off, or not for this agent."""
    return GateError("not_found", "There is no such tool for you. GET /api/v1/tools lists what you may call.")
