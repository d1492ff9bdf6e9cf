"""Agents of both MSPs at the MCP endpoint."""

from __future__ import annotations

import pytest

from tests.cast import Tenant
from tests.mcp.server.calling import TASKS_DECLARED, McpClient


@pytest.fixture
def agent(acme: Tenant) -> McpClient:
    """Acme's agent."""
    return McpClient(acme.key_text)


@pytest.fixture
def tasker(acme: Tenant) -> McpClient:
    """The same agent, in a client that knows tasks."""
    return McpClient(acme.key_text, capabilities=TASKS_DECLARED)


@pytest.fixture
def stranger(northwind: Tenant) -> McpClient:
    """Another MSP's agent, in a client that knows tasks."""
    return McpClient(northwind.key_text, capabilities=TASKS_DECLARED)
