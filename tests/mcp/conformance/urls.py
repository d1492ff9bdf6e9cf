"""The fixture server's one URL."""

from __future__ import annotations

from django.urls import path

from tests.mcp.conformance.endpoint import FixtureEndpoint

urlpatterns = [path("mcp", FixtureEndpoint.as_view())]
