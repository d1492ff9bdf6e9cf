"""JSON-RPC 2.0 as MCP uses it: one request or one notification in each POST, and nothing else."""

from __future__ import annotations

from typing import Any, NamedTuple

from approvals.mcp.protocol import INVALID_PARAMS, INVALID_REQUEST, ProtocolError

RequestId = str | int


class Message(NamedTuple):
    """A request, or a notification, which has no id."""

    method: str
    params: dict[str, Any]
    id: RequestId | None

    @property
    def meta(self) -> dict[str, Any]:
        """What the client says beside its parameters."""
        meta: dict[str, Any] | None = self.params.get("_meta")
        return {} if meta is None else meta


def message_of(value: Any) -> Message:
    """The message in a parsed body. Raises ProtocolError."""
    if isinstance(value, list):
        raise _invalid("Batches are not possible; send one message in each POST.")
    if not isinstance(value, dict) or value.get("jsonrpc") != "2.0":
        raise _invalid('The body must be a JSON-RPC object with "jsonrpc": "2.0".')
    if "method" not in value and ("result" in value or "error" in value):
        raise _invalid("This is a response, and nothing was asked of you.")
    method = value.get("method")
    if not isinstance(method, str):
        raise _invalid("The method must be text.")
    if "id" in value and id_of(value) is None:
        raise _invalid("The id must be text or an integer.")
    params = value.get("params")
    # Some clients write null for nothing.
    params = {} if params is None else params
    if not isinstance(params, dict) or not isinstance(params.get("_meta"), dict | None):
        message = "params and params._meta must be objects. Nothing was done."
        raise ProtocolError(INVALID_PARAMS, message, http_status=400)
    return Message(method, params, id_of(value))


def id_of(value: Any) -> RequestId | None:
    """The id of a body that may be wrong otherwise; None where it has none that can be repeated."""
    found = value.get("id") if isinstance(value, dict) else None
    return found if isinstance(found, str | int) and not isinstance(found, bool) else None


def _invalid(message: str) -> ProtocolError:
    return ProtocolError(INVALID_REQUEST, f"{message} Nothing was done.", http_status=400)
