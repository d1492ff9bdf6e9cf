"""Which version of the protocol a request speaks, and whether its headers say the same as its body.

Nothing is remembered between requests: each is of the era that itself shows.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any, NamedTuple

from django.http import HttpRequest

from approvals.mcp.messages import Message
from approvals.mcp.protocol import (
    CAPABILITIES_KEY,
    HEADER_MISMATCH,
    INVALID_PARAMS,
    LEGACY,
    MODERN,
    SUPPORTED,
    UNSUPPORTED_VERSION,
    VERSION_KEY,
    WITHOUT_HEADER,
    ProtocolError,
)

# streamable-http, Standard Request Headers, and SEP-2663, Routing Headers: whose Mcp-Name repeats which parameter.
NAMED = {
    "tools/call": "name",
    "prompts/get": "name",
    "resources/read": "uri",
    "tasks/get": "taskId",
    "tasks/update": "taskId",
    "tasks/cancel": "taskId",
}
# streamable-http, Value Encoding: what a header cannot hold stands in it as =?base64?...?=
ENCODED, ENCODED_END = "=?base64?", "?="


class Terms(NamedTuple):
    """On what terms the two sides talk."""

    version: str
    capabilities: Mapping[str, Any]

    @property
    def is_modern(self) -> bool:
        """Whether each request stands by itself."""
        return self.version == MODERN

    def has_extension(self, name: str) -> bool:
        """Whether the client declared an extension, on this request."""
        extensions = self.capabilities.get("extensions")
        return isinstance(extensions, dict) and isinstance(extensions.get(name), dict)


def terms_of(request: HttpRequest, message: Message) -> Terms:
    """The terms of a request. Raises ProtocolError."""
    meta = message.meta
    header = request.META.get("HTTP_MCP_PROTOCOL_VERSION")
    named = meta.get(VERSION_KEY)
    if named is None:
        if header is None or header in LEGACY:
            return Terms(header or WITHOUT_HEADER, {})
        if header != MODERN:
            raise _unsupported(header)
    if not isinstance(named, str):
        raise _missing(VERSION_KEY, "text")
    _check_headers(request, message, named)
    if named in LEGACY:
        return Terms(named, {})
    if named != MODERN:
        raise _unsupported(named)
    capabilities = meta.get(CAPABILITIES_KEY)
    if not isinstance(capabilities, dict):
        raise _missing(CAPABILITIES_KEY, "an object")
    return Terms(MODERN, capabilities)


def _check_headers(request: HttpRequest, message: Message, version: str) -> None:
    """Raises ProtocolError where a header is missing, cannot be read, or says something else than the body."""
    _check_header(request, "MCP-Protocol-Version", version)
    if version in LEGACY:
        return
    _check_header(request, "Mcp-Method", message.method)
    parameter = NAMED.get(message.method)
    if parameter is not None and isinstance(value := message.params.get(parameter), str):
        _check_header(request, "Mcp-Name", value, may_be_encoded=True)


def _check_header(request: HttpRequest, name: str, expected: str, *, may_be_encoded: bool = False) -> None:
    found = request.META.get(f"HTTP_{name.upper().replace('-', '_')}")
    if found is None:
        raise _mismatch(f"The header {name} is missing.")
    value = found.strip(" \t")
    if may_be_encoded and value.startswith(ENCODED) and value.endswith(ENCODED_END):
        value = _decoded(name, value[len(ENCODED) : -len(ENCODED_END)])
    elif not value.isascii() or not value.isprintable():
        raise _mismatch(f"The header {name} holds characters that no header may hold.")
    if value != expected:
        raise _mismatch(f"The header {name} and the body do not say the same.")


def _decoded(name: str, text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise _mismatch(f"The header {name} cannot be decoded.") from error


def _mismatch(message: str) -> ProtocolError:
    return ProtocolError(HEADER_MISMATCH, f"{message} Nothing was done.", http_status=400)


def _missing(key: str, kind: str) -> ProtocolError:
    return ProtocolError(
        INVALID_PARAMS,
        f'Every request needs params._meta["{key}"], which is {kind}. Nothing was done.',
        http_status=400,
    )


def _unsupported(version: str) -> ProtocolError:
    return ProtocolError(
        UNSUPPORTED_VERSION,
        "This protocol version is not spoken here. Nothing was done. Choose one of data.supported.",
        data={"supported": list(SUPPORTED), "requested": version},
        http_status=400,
    )
