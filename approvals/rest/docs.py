"""The OpenAPI document as a page for people: rendered here, without a script."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from approvals.rest.schema import document, operations_of
from approvals.rest.views import ApiView


class Row(NamedTuple):
    """A parameter or a key of a body."""

    name: str
    kind: str
    is_required: bool
    description: str


class Chapter(NamedTuple):
    """An operation."""

    id: str
    method: str
    url: str
    summary: str
    description: str
    parameters: list[Row]
    body: str
    responses: list[Row]


class Shape(NamedTuple):
    """A body by its name."""

    name: str
    description: str
    rows: list[Row]


class DocsPage(ApiView):
    """/api/v1/docs."""

    authentication_classes = []

    def get(self, request: HttpRequest) -> HttpResponse:
        """The page."""
        schema = document()
        context = {"info": schema["info"], "chapters": list(chapters(schema)), "shapes": list(shapes(schema))}
        return render(request, "api/docs.html", context)


def chapters(schema: dict[str, Any]) -> Iterator[Chapter]:
    """Every operation."""
    for url, method, operation in operations_of(schema):
        yield Chapter(
            id=operation["operationId"],
            method=method.upper(),
            url=url,
            summary=operation["summary"],
            description=operation["description"],
            parameters=[
                Row(each["name"], f"{each['in']}, {kind_of(each['schema'])}", bool(each.get("required")), _text(each))
                for each in operation.get("parameters", [])
            ],
            body=_body_kind(operation.get("requestBody", {})),
            responses=[
                Row(status, _body_kind(response), is_required=False, description=_text(response))
                for status, response in sorted(operation["responses"].items())
            ],
        )


def shapes(schema: dict[str, Any]) -> Iterator[Shape]:
    """Every named body."""
    for name, shape in sorted(schema["components"]["schemas"].items()):
        required = shape.get("required", [])
        rows = [
            Row(key, kind_of(each), key in required, _text(each)) for key, each in shape.get("properties", {}).items()
        ]
        yield Shape(name, _text(shape), rows)


def kind_of(schema: dict[str, Any]) -> str:
    """A schema in a few words: "integer or null", "list of Tool"."""
    for word in ("anyOf", "oneOf"):
        if word in schema:
            return " or ".join(kind_of(each) for each in schema[word])
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "enum" in schema:
        return " | ".join("null" if value is None else str(value) for value in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {kind_of(schema['items'])}"
    kinds = schema.get("type", "any JSON")
    return str(kinds) if isinstance(kinds, str) else " or ".join(kinds)


def _body_kind(part: dict[str, Any]) -> str:
    schema = part.get("content", {}).get("application/json", {}).get("schema")
    return "" if schema is None else kind_of(schema)


def _text(part: dict[str, Any]) -> str:
    return str(part.get("description", ""))
