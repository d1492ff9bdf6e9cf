"""What each operation takes: exact types, and no key that it does not know."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, cast

from django.http import HttpRequest
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail

from approvals.errors import GateError
from approvals.ledger import LARGEST_PAGE, LONGEST_WAIT, Until
from approvals.models import Status

MAX_REASON = 2_000
MAX_TICKET = 2**31 - 1


class Text(serializers.CharField):
    """A string; no number is turned into one, and nothing is trimmed."""

    def __init__(self, **options: Any) -> None:
        super().__init__(trim_whitespace=False, **options)

    def to_internal_value(self, data: object) -> str:
        """The string as it came."""
        if not isinstance(data, str):
            self.fail("invalid")
        return data


class Integer(serializers.IntegerField):
    """A JSON integer; no string, float or boolean is turned into one."""

    def to_internal_value(self, data: Any) -> int:
        """The integer as it came."""
        if type(data) is not int:
            self.fail("invalid")
        return data


class Digits(serializers.IntegerField):
    """An integer in a query string: plain digits."""

    def to_internal_value(self, data: Any) -> int:
        """The number of the digits."""
        if not re.fullmatch(r"[0-9]{1,9}", data):
            self.fail("invalid")
        return int(data)


class Flag(serializers.BooleanField):
    """true or false; no word or number is turned into one."""

    def to_internal_value(self, data: object) -> bool:
        """The boolean as it came."""
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class AnyObject(serializers.Field[Any, Any, Any, Any]):
    """A JSON object, judged elsewhere."""

    default_error_messages = {"invalid": "Must be a JSON object."}

    def to_internal_value(self, data: object) -> dict[str, Any]:
        """The object as it came."""
        if not isinstance(data, dict):
            self.fail("invalid")
        return data


class Input(serializers.Serializer[Any]):
    """The base of every input: see `parsed`."""


class Nothing(Input):
    """No key at all."""


class InvokeBody(Input):
    """A call of a tool."""

    arguments = AnyObject(required=False, help_text="The tool's arguments, as its input_schema says.")
    reason = Text(
        required=False,
        allow_null=True,
        allow_blank=True,
        max_length=MAX_REASON,
        help_text="Why; shown to the approver as the agent's own, unverified words.",
    )
    ticket_id = Integer(required=False, allow_null=True, min_value=1, max_value=MAX_TICKET)
    dry_run = Flag(required=False, help_text="Resolve and evaluate everything, store and send nothing.")


class ToolQuery(Input):
    """The shape of a tool."""

    format = serializers.ChoiceField(choices=["openai", "anthropic"], required=False)


class WaitQuery(Input):
    """How long to wait for an end."""

    wait = Digits(required=False, min_value=0, max_value=LONGEST_WAIT, help_text="Seconds.")
    until = serializers.ChoiceField(
        choices=[until.value for until in Until],
        required=False,
        help_text="status: until NinjaOne accepted or refused it. outcome: until it is known what became of it. Not "
        "given: outcome for scripts, status for everything else.",
    )


class ListQuery(Input):
    """Which of the agent's invocations."""

    status = serializers.ChoiceField(choices=Status.values, required=False)
    tool = Text(required=False, max_length=80, help_text="Full id, or the name after the colon.")
    cursor = Text(required=False, max_length=200, help_text="next_cursor of the page before.")
    limit = Digits(required=False, min_value=1, max_value=LARGEST_PAGE, help_text="50 if not given.")


def parsed(kind: type[Input], data: object) -> dict[str, Any]:
    """The validated keys that were sent. Raises GateError invalid_arguments with every complaint."""
    if not isinstance(data, Mapping):
        raise _refused([{"field": "", "code": "invalid", "message": "Must be a JSON object."}])
    fields = _fields(kind)
    unknown = f"There is no such key here. Known: {', '.join(fields) or 'none'}."
    errors = [{"field": key, "code": "unknown", "message": unknown} for key in data if key not in fields]
    values: dict[str, Any] = {}
    for name, field in fields.items():
        if name in data:
            try:
                values[name] = field.run_validation(data[name])
            except serializers.ValidationError as refusal:
                details = cast("list[ErrorDetail]", refusal.detail)
                errors += [{"field": name, "code": detail.code, "message": str(detail)} for detail in details]
    if errors:
        raise _refused(errors)
    return values


@cache
def _fields(kind: type[Input]) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
    """The fields for all requests: they keep nothing of what they validate, and making them anew would cost more.

    No key is required, none has a default, and none depends on another: beyond its fields a serializer has nothing
    to look at. Raises ValueError where that is not so.
    """
    fields = dict(kind().fields)
    if any(field.required or field.default is not serializers.empty for field in fields.values()):
        raise ValueError(f"{kind.__name__} has a key that must be given, or that has a default.")
    return fields


def query_of(request: HttpRequest, kind: type[Input]) -> dict[str, Any]:
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
