"""What each operation takes: exact types, and no key that it does not know."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from django.http import HttpRequest

from approvals.errors import GateError
from approvals.ledger import LARGEST_PAGE, LONGEST_WAIT, Until
from approvals.models import Status
from approvals.rest.fields import AnyObject, Choice, Digits, FaultError, Field, Flag, Integer, Text

MAX_REASON = 2_000
MAX_TICKET = 2**31 - 1


class Input(NamedTuple):
    """What a body or a query may hold, by key. None has to be given; see `parsed`."""

    name: str
    description: str
    fields: Mapping[str, Field]


NOTHING = Input("Nothing", "No key at all.", {})

INVOKE_BODY = Input(
    "InvokeBody",
    "A call of a tool.",
    {
        "arguments": AnyObject("The tool's arguments, as its input_schema says."),
        "reason": Text(
            "Why; shown to the approver as the agent's own, unverified words.",
            max_length=MAX_REASON,
            may_be_empty=True,
            may_be_null=True,
        ),
        "ticket_id": Integer(low=1, high=MAX_TICKET, may_be_null=True),
        "dry_run": Flag("Resolve and evaluate everything, store and send nothing."),
    },
)

TOOL_QUERY = Input("ToolQuery", "The shape of a tool.", {"format": Choice(["openai", "anthropic"])})

WAIT_QUERY = Input(
    "WaitQuery",
    "How long to wait for an end.",
    {
        "wait": Digits("Seconds.", low=0, high=LONGEST_WAIT),
        "until": Choice(
            [until.value for until in Until],
            "status: until NinjaOne accepted or refused it. outcome: until it is known what became of it. Not "
            "given: outcome for scripts, status for everything else.",
        ),
    },
)

LIST_QUERY = Input(
    "ListQuery",
    "Which of the agent's invocations.",
    {
        "status": Choice(Status.values),
        "tool": Text("Full id, or the name after the colon.", max_length=80),
        "cursor": Text("next_cursor of the page before.", max_length=200),
        "limit": Digits("50 if not given.", low=1, high=LARGEST_PAGE),
    },
)


def parsed(kind: Input, data: object) -> dict[str, Any]:
    """The validated keys that were sent. Raises GateError invalid_arguments with every complaint."""
    if not isinstance(data, Mapping):
        raise _refused([{"field": "", "code": "invalid", "message": "Must be a JSON object."}])
    fields = kind.fields
    unknown = f"There is no such key here. Known: {', '.join(fields) or 'none'}."
    errors = [{"field": key, "code": "unknown", "message": unknown} for key in data if key not in fields]
    values: dict[str, Any] = {}
    for name, field in fields.items():
        if name in data:
            try:
                values[name] = field.read(data[name])
            except FaultError as fault:
                errors += [{"field": name, "code": code, "message": message} for code, message in fault.complaints]
    if errors:
        raise _refused(errors)
    return values


def query_of(request: HttpRequest, kind: Input) -> dict[str, Any]:
    """The validated query string. Raises GateError; a parameter that stands there twice is refused too."""
    if not request.META.get("QUERY_STRING") or not request.GET:
        return {}  # nothing that stands in a query is required
    repeated = [key for key, values in request.GET.lists() if len(values) > 1]
    if repeated:
        raise _refused([{"field": key, "code": "repeated", "message": "Give it once."} for key in repeated])
    return parsed(kind, request.GET.dict())


def idempotency_key_of(request: HttpRequest) -> str | None:
    """The Idempotency-Key header: 1 to 255 printable ASCII characters. Raises GateError."""
    key = request.META.get("HTTP_IDEMPOTENCY_KEY")
    if key is not None and not re.fullmatch(r"[\x20-\x7e]{1,255}", key):
        message = "Must be 1 to 255 printable ASCII characters."
        raise _refused([{"field": "Idempotency-Key", "code": "invalid", "message": message}])
    return key


def _refused(errors: list[dict[str, str]]) -> GateError:
    return GateError("invalid_arguments", "The request is not right; nothing was done. See errors.", errors=errors)
