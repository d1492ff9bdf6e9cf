"""The fixture server's one URL, and what the product answers where none was reached."""

from __future__ import annotations

from django.urls import path

from config.urls import handler400, handler403, handler404, handler500
from tests.mcp.conformance.endpoint import FixtureEndpoint

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]

urlpatterns = [path("mcp", FixtureEndpoint.as_view())]
