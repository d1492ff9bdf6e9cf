"""The OpenAPI document, from the views, what `operations` says of them, and `components`."""

from __future__ import annotations

import copy
import functools
from typing import Any

from django.urls import URLPattern, include, path
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.settings import patched_settings
from rest_framework.views import APIView

from approvals.rest import operations, urls, views
from approvals.rest.components import COMPONENTS
from approvals.rest.inputs import INVOKE_BODY, NOTHING
from approvals.rest.schema import operations_of

EVERY_RESPONSE = {
    "X-Request-Id": {
        "schema": {"type": "string"},
        "required": True,
        "description": "The caller's if it is 8 to 64 letters, digits, - or _; else a new one.",
    },
    "Cache-Control": {"schema": {"type": "string", "const": "no-store"}, "required": True},
}


SECURITY = {
    "agentKey": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "cs_<8 characters>_<43 characters>",
        "description": "An agent key. It is shown once, when an admin creates it.",
    }
}
# These tell of the document, not of the API.
LEFT_OUT = {"schema", "docs"}

operations.tool_list(views.ToolList.get)
operations.tool_detail(views.ToolDetail.get)
operations.tool_invoke(views.ToolInvoke.post)
operations.invocation_list(views.InvocationList.get)
operations.invocation_detail(views.InvocationDetail.get)
operations.invocation_cancel(views.InvocationCancel.post)
operations.me(views.Me.get)


@functools.cache
def document_of(url: str) -> dict[str, Any]:
    """The document of the installation at `url`."""
    make: Any = SchemaGenerator
    with patched_settings({"ENUM_GENERATE_CHOICE_DESCRIPTION": False, "SORT_OPERATIONS": False}):
        patterns = [_told(each) for each in urls.urlpatterns if each.name not in LEFT_OUT]
        generator = make(patterns=[path("api/v1/", include((patterns, urls.app_name)))])
        schema: dict[str, Any] = generator.get_schema(public=True)
    schema["servers"] = [{"url": url}]
    bodies = {body.name: operations.closed(body) for body in (INVOKE_BODY, NOTHING)}
    schema["components"] = {"schemas": bodies | copy.deepcopy(COMPONENTS), "securitySchemes": SECURITY}
    for _, _, operation in operations_of(schema):
        # Each operation needs a key; the generator's default would be "or nothing".
        operation["security"] = [{"agentKey": []}]
        for response in operation["responses"].values():
            response["headers"] = {**EVERY_RESPONSE, **response.get("headers", {})}
    return schema


def _told(pattern: URLPattern) -> URLPattern:
    """The address with what the generator takes for a view: one of REST framework, with the methods of ours."""
    view = pattern.callback.view_class  # type: ignore[attr-defined]
    methods = {name: getattr(view, name) for name in ("get", "post") if hasattr(view, name)}
    told: type[APIView] = type(view.__name__, (APIView,), methods)
    return path(str(pattern.pattern), told.as_view())
