"""JSON answers."""

from __future__ import annotations

import json
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse


def json_response(value: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> HttpResponse:
    """`value` as compact JSON."""
    return HttpResponse(json_bytes(value), status=status, content_type="application/json", headers=headers)


def json_bytes(value: Any) -> bytes:
    """Compact JSON. What orjson does not write (integers over 64 bits, from NinjaOne) the standard library does."""
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError:
        return json.dumps(value, separators=(",", ":"), default=_unwrapped).encode()


def _unwrapped(value: object) -> Any:
    """The value of a JSON text that orjson would have written as it is. Raises TypeError for anything else."""
    if isinstance(value, orjson.Fragment):
        return json.loads(value.contents)
    raise TypeError(f"{type(value).__name__} is not JSON.")


def request_id_of(request: HttpRequest) -> str:
    """The id that the middleware gave the request; empty where it did not run."""
    return str(getattr(request, "request_id", ""))
