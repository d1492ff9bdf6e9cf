"""Names and numbers that the Model Context Protocol fixes.

From the specification of 2026-07-28 (basic, basic/versioning, basic/transports/streamable-http and schema.ts), that of
2025-11-25, and the extension io.modelcontextprotocol/tasks (SEP-2663).
"""

from __future__ import annotations

from typing import Any

# Every request of this era says its version, and needs no handshake.
MODERN = "2026-07-28"
# Those of this era start with `initialize`; newest first.
LEGACY = ("2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05")
SUPPORTED = (MODERN, *LEGACY)
# "MAY treat a request that omits the header as protocol version 2025-03-26".
WITHOUT_HEADER = "2025-03-26"

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL_ERROR = -32603
HEADER_MISMATCH = -32020
MISSING_CLIENT_CAPABILITY = -32021
UNSUPPORTED_VERSION = -32022

# Keys of `_meta`.
VERSION_KEY = "io.modelcontextprotocol/protocolVersion"
CAPABILITIES_KEY = "io.modelcontextprotocol/clientCapabilities"
SERVER_KEY = "io.modelcontextprotocol/serverInfo"

TASKS = "io.modelcontextprotocol/tasks"

# server/utilities/caching: results that say how long and for whom they may be kept.
CACHEABLE = {
    "server/discover",
    "tools/list",
    "prompts/list",
    "resources/list",
    "resources/templates/list",
    "resources/read",
}

# An object of the protocol, as it is written.
Result = dict[str, Any]


class ProtocolError(Exception):
    """A JSON-RPC error. `http_status` is what the transport says where it says anything of its own."""

    def __init__(self, code: int, message: str, *, data: Any = None, http_status: int = 200) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data
        self.http_status = http_status


def missing_capability(needed: dict[str, Any], message: str) -> ProtocolError:
    """The request needs something that its client did not declare."""
    return ProtocolError(MISSING_CLIENT_CAPABILITY, message, data={"requiredCapabilities": needed}, http_status=400)
