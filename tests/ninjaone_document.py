"""NinjaOne's own OpenAPI document as a judge of calls and answers. Without it, the tests that need it skip."""

from __future__ import annotations

import functools
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from openapi_core import OpenAPI
from openapi_core.datatypes import RequestParameters
from werkzeug.datastructures import Headers, ImmutableMultiDict

PATH = os.environ.get("NINJAONE_OPENAPI")
needs_document = pytest.mark.skipif(
    not PATH,
    reason="needs: NinjaOne's OpenAPI document (download https://<host>/apidocs/NinjaRMM-API-v2.json from your own "
    "instance and name the file in NINJAONE_OPENAPI)",
)


class DocumentRequest:
    """A request as openapi-core wants to see it. `query` holds decoded pairs."""

    host_url = "https://app.ninjarmm.com"
    content_type = "application/json"

    def __init__(self, method: str, path: str, query: Iterable[tuple[str, str]] = (), body: str | None = None) -> None:
        self.method = method.lower()
        self.path = path
        self.body = None if body is None else body.encode()
        self.parameters = RequestParameters(
            query=ImmutableMultiDict(list(query)), header=Headers({"Authorization": "Bearer x"})
        )


@dataclass
class DocumentResponse:
    """A response as openapi-core wants to see it."""

    status_code: int
    data: bytes
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


def paths() -> dict[str, dict[str, Any]]:
    """The document's routes, each with its operations."""
    found: dict[str, dict[str, Any]] = json.loads(Path(PATH or "").read_text())["paths"]
    return found


@functools.cache
def document() -> OpenAPI:
    """The judge. `document().validate_request(DocumentRequest(...))` raises what is wrong."""
    return OpenAPI.from_dict(_with_any_value(json.loads(Path(PATH or "").read_text())))


def _with_any_value(schema: Any) -> Any:
    """The document was generated from Java, where the values of a map of custom fields or board columns are
    `Object`: it prints that as `{"type": "object"}`, and the real server sends text and numbers there.
    """
    if isinstance(schema, list):
        return [_with_any_value(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: {} if key == "additionalProperties" and value == {"type": "object"} else _with_any_value(value)
        for key, value in schema.items()
    }
