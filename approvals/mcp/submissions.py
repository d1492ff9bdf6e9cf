"""From the parameters of `tools/call` to what the gate takes."""

from __future__ import annotations

import re
from typing import Any

from approvals.errors import GateError
from approvals.gate import Submission
from approvals.mcp.messages import Message
from approvals.rest.serializers import InvokeBody, parsed
from tools.registry import Tool

# What REST takes beside the arguments stands in `_meta`, for an argument of that name would be the tool's.
OWN = "countersign/"
OPTIONS = ("reason", "ticket_id", "dry_run")
KEY_OF_OURS = f"{OWN}idempotency_key"
# Claude Code sends the same one when it repeats a call whose answer it did not get.
KEY_OF_CLAUDE_CODE = "claudecode/toolUseId"
KEY = re.compile(r"[\x20-\x7e]{1,255}")


def submission_of(tool: Tool, message: Message) -> Submission:
    """The call. Raises GateError invalid_arguments."""
    arguments = message.params.get("arguments")
    options = _options(message.meta)
    return Submission(
        tool=tool,
        arguments={} if arguments is None else arguments,
        reason=options.get("reason") or "",
        ticket_id=options.get("ticket_id"),
        dry_run=options.get("dry_run", False),
        idempotency_key=_key(message.meta),
    )


def _options(meta: dict[str, Any]) -> dict[str, Any]:
    given = {key.removeprefix(OWN): value for key, value in meta.items() if key.startswith(OWN) and key != KEY_OF_OURS}
    if not given:
        return {}
    unknown = sorted(set(given) - set(OPTIONS))
    if unknown:
        known = ", ".join(f"{OWN}{name}" for name in (*OPTIONS, "idempotency_key"))
        raise _refused(
            [(f"{OWN}{name}"[:100], "unknown", f"There is no such key. Known: {known}.") for name in unknown]
        )
    try:
        return parsed(InvokeBody, given)
    except GateError as refusal:
        found = refusal.errors or []
        raise _refused([(f"{OWN}{each['field']}", each["code"], each["message"]) for each in found]) from refusal


def _key(meta: dict[str, Any]) -> str | None:
    name = KEY_OF_OURS if KEY_OF_OURS in meta else KEY_OF_CLAUDE_CODE
    key = meta.get(name)
    if key is None:
        return None
    if not isinstance(key, str) or not KEY.fullmatch(key):
        raise _refused([(name, "invalid", "Must be 1 to 255 printable ASCII characters.")])
    return key


def _refused(errors: list[tuple[str, str, str]]) -> GateError:
    return GateError(
        "invalid_arguments",
        "Something in _meta is not right; nothing was done. Correct it and call again.",
        errors=[{"field": f"_meta.{field}", "code": code, "message": message} for field, code, message in errors],
    )
