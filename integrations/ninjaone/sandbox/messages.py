"""What goes into the sandbox and what comes out, whoever carries it: a socket or a test's `responses`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

Json = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class SandboxRequest:
    method: str
    path: str  # as it stood on the request line: still percent-encoded, without the query
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def header(self, name: str) -> str | None:
        wanted = name.lower()
        return next((value for key, value in self.headers.items() if key.lower() == wanted), None)

    def query_lists(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for key, value in parse_qsl(self.query, keep_blank_values=True) if self.query else ():
            found.setdefault(key, []).append(value)
        return found

    @property
    def media_type(self) -> str:
        return (self.header("content-type") or "").partition(";")[0].strip().lower()

    @property
    def is_form(self) -> bool:
        return self.media_type == "application/x-www-form-urlencoded"

    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """How the answer travels. The default is at once and whole."""

    delay: float = 0.0  # seconds before the first byte
    is_dropped: bool = False  # the connection closes and no byte was sent
    is_cut: bool = False  # the connection closes in the middle of the body
    drip: float = 0.0  # seconds between single bytes of the body


PLAIN = Delivery()


@dataclass(frozen=True, kw_only=True)
class SandboxResponse:
    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    delivery: Delivery = PLAIN


NO_CONTENT = SandboxResponse(status=204)


def json_response(data: Any, *, status: int = 200, headers: Mapping[str, str] | None = None) -> SandboxResponse:
    body = json.dumps(data, separators=(",", ":"), ensure_ascii=False).encode()
    return SandboxResponse(status=status, body=body, headers={"Content-Type": "application/json", **(headers or {})})


def html_response(page: str, *, status: int = 200, headers: Mapping[str, str] | None = None) -> SandboxResponse:
    return SandboxResponse(
        status=status,
        body=page.encode(),
        headers={"Content-Type": "text/html;charset=utf-8", "Cache-Control": "no-store", **(headers or {})},
    )


def redirect_response(location: str) -> SandboxResponse:
    return SandboxResponse(status=302, headers={"Location": location, "Cache-Control": "no-store"})
