"""MCP, at /mcp."""

from __future__ import annotations

from django.urls import path

from approvals.mcp.views import AgentEndpoint

app_name = "mcp"

urlpatterns = [
    path("mcp", AgentEndpoint.as_view(), name="mcp"),
    path("mcp/readonly", AgentEndpoint.as_view(is_read_only=True), name="mcp-readonly"),
]
