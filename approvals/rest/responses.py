"""JSON answers."""

from __future__ import annotations

import json
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse, SimpleCookie
from django.http.response import HttpResponseBase, ResponseHeaders


def json_response(value: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> HttpResponse:
    """`value` as compact JSON."""
    return JsonAnswer(json_bytes(value), status, headers)


class JsonAnswer(HttpResponse):
    """Django's own is made with checks and conversions of what can be anything; this one is JSON."""

    def __init__(self, body: bytes, status: int, headers: dict[str, str] | None) -> None:
        # All that Django's sets; a test holds them side by side.
        self.headers = ResponseHeaders(headers or {})
        self.headers._store |= _JSON  # noqa: SLF001 - what one step more for each header would do
        self.status_code = status
        self.cookies: SimpleCookie = SimpleCookie()
        self.closed = False
        self._charset = self._reason_phrase = self._handler_class = None
        self._resource_closers: list[Any] = []
        self._container = [body]


_JSON = {"content-type": ("Content-Type", "application/json")}


def header_set(response: HttpResponseBase, name: str, value: str) -> None:
    """`response[name] = value` for what is known to be plain ASCII in one line, as Django need not find out anew."""
    headers: Any = response.headers
    headers._store[name.lower()] = (name, value)  # noqa: SLF001 - see above


def is_header_set(response: HttpResponseBase, name: str) -> bool:
    """`name in response.headers`."""
    headers: Any = response.headers
    return name.lower() in headers._store  # noqa: SLF001 - as above


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
