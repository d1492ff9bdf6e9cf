"""The OpenAPI document, from the views, what `operations` says of them, and `components`."""

from __future__ import annotations

import copy
import functools
from typing import Any

from django.urls import include, path
from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.settings import patched_settings
from drf_spectacular.utils import extend_schema_field

from approvals.rest import operations, urls, views
from approvals.rest.auth import AgentKeyAuthentication
from approvals.rest.components import COMPONENTS
from approvals.rest.schema import operations_of
from approvals.rest.serializers import AnyObject, Input

EVERY_RESPONSE = {
    "X-Request-Id": {
        "schema": {"type": "string"},
        "required": True,
        "description": "The caller's if it is 8 to 64 letters, digits, - or _; else a new one.",
    },
    "Cache-Control": {"schema": {"type": "string", "const": "no-store"}, "required": True},
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
extend_schema_field({"type": "object"})(AnyObject)


@functools.cache
def document_of(url: str) -> dict[str, Any]:
    """The document of the installation at `url`."""
    make: Any = SchemaGenerator
    with patched_settings({"ENUM_GENERATE_CHOICE_DESCRIPTION": False, "SORT_OPERATIONS": False}):
        patterns = [each for each in urls.urlpatterns if each.name not in LEFT_OUT]
        generator = make(patterns=[path("api/v1/", include((patterns, urls.app_name)))])
        schema: dict[str, Any] = generator.get_schema(public=True)
    schema["servers"] = [{"url": url}]
    schema["components"]["schemas"] |= copy.deepcopy(COMPONENTS)
    for _, _, operation in operations_of(schema):
        # Each operation needs a key; the generator's default would be "or nothing".
        operation["security"] = [{"agentKey": []}]
        for response in operation["responses"].values():
            response["headers"] = {**EVERY_RESPONSE, **response.get("headers", {})}
    return schema


class AgentKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the OpenAPI document names it."""

    target_class = AgentKeyAuthentication
    name = "agentKey"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        """The security scheme."""
        return {
            "type": "http",
            "scheme": "bearer",
            "bearerFormat": "cs_<8 characters>_<43 characters>",
            "description": "An agent key. It is shown once, when an admin creates it.",
        }


class InputSchema(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    """Says in the OpenAPI document that inputs are closed."""

    target_class = Input
    match_subclasses = True

    def map_serializer(self, auto_schema: Any, direction: str) -> dict[str, Any]:
        """The usual schema, and no other key."""
        schema: dict[str, Any] = auto_schema._map_serializer(self.target, direction, bypass_extensions=True)  # noqa: SLF001
        return {**schema, "additionalProperties": False}
