"""The OpenAPI 3.1 document at /api/v1/schema."""

from __future__ import annotations

import copy
import functools
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.urls import include, path
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.settings import patched_settings
from rest_framework.request import Request

from approvals.rest import operations
from approvals.rest.components import COMPONENTS
from approvals.rest.responses import json_response
from approvals.rest.views import ApiView

EVERY_RESPONSE = {
    "X-Request-Id": {
        "schema": {"type": "string"},
        "required": True,
        "description": "The caller's if it is 8 to 64 letters, digits, - or _; else a new one.",
    },
    "Cache-Control": {"schema": {"type": "string", "const": "no-store"}, "required": True},
}


def document() -> dict[str, Any]:
    """The OpenAPI document; it does not change while the process runs."""
    return _document(settings.PUBLIC_URL)


@functools.cache
def _document(url: str) -> dict[str, Any]:
    make: Any = SchemaGenerator
    with patched_settings({"ENUM_GENERATE_CHOICE_DESCRIPTION": False, "SORT_OPERATIONS": False}):
        generator = make(patterns=[path("api/v1/", include("approvals.rest.urls"))])
        schema: dict[str, Any] = generator.get_schema(public=True)
    schema["servers"] = [{"url": url}]
    schema["components"]["schemas"] |= copy.deepcopy(COMPONENTS)
    for _, _, operation in operations_of(schema):
        # Each operation needs a key; the generator's default would be "or nothing".
        operation["security"] = [{"agentKey": []}]
        for response in operation["responses"].values():
            response["headers"] = {**EVERY_RESPONSE, **response.get("headers", {})}
    return schema


def operations_of(schema: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Every operation of a document with its path and method."""
    for url, methods in schema["paths"].items():
        for method, operation in methods.items():
            yield url, method, operation


class SchemaDocument(ApiView):
    """The document, for programs."""

    authentication_classes = []

    @operations.hidden
    def get(self, request: Request) -> HttpResponse:
        """The OpenAPI 3.1 document."""
        return json_response(document())
