"""The product's own endpoint for a program that can send no header: the agent's key stands in the URL. Tests only."""

from __future__ import annotations

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from approvals.mcp.views import AgentEndpoint


@csrf_exempt
def with_key(request: HttpRequest, key: str) -> HttpResponseBase:
    """As if the key had come in its header."""
    request.META["HTTP_AUTHORIZATION"] = f"Bearer {key}"
    return AgentEndpoint.as_view()(request)


urlpatterns = [path("mcp/as/<str:key>", with_key)]
