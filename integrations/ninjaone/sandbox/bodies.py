"""Reads JSON bodies as NinjaOne does: closed schemas, and an unknown field is named in the refusal."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from integrations.ninjaone.sandbox.messages import Json, SandboxRequest
from integrations.ninjaone.sandbox.refusals import bad_request, unsupported_media_type

Check = Callable[[Any], bool]


def body_read(
    request: SandboxRequest,
    fields: Mapping[str, Check] | None,
    *,
    required: tuple[str, ...] = (),
) -> Json:
    """The body's object, checked. `fields` None leaves it open; no body at all counts as `{}`."""
    data = body_json(request)
    if not isinstance(data, dict):
        raise bad_request("Cannot deserialize value of type object")
    if fields is not None:
        fields_check(data, fields, required=required)
    return data


def body_json(request: SandboxRequest) -> Any:
    if not request.body:
        return {}
    if request.media_type != "application/json":
        raise unsupported_media_type()
    try:
        return json.loads(request.body)
    except (ValueError, RecursionError):
        raise bad_request("Unable to process JSON") from None


def fields_check(data: Json, fields: Mapping[str, Check], *, required: tuple[str, ...] = ()) -> None:
    for name, value in data.items():
        if name not in fields:
            raise bad_request(f"Unrecognized field '{name}' (class not marked as ignorable)")
        if not fields[name](value):
            raise bad_request(f"Invalid value for field '{name}'")
    for name in required:
        if data.get(name) is None:
            raise bad_request(f"{name} must not be null")


def is_text(value: Any) -> bool:
    return isinstance(value, str)


def is_int32(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**31


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_bool(value: Any) -> bool:
    return isinstance(value, bool)


def is_object(value: Any) -> bool:
    return isinstance(value, dict)


def is_uuid(value: Any) -> bool:
    try:
        return isinstance(value, str) and str(UUID(value)) == value.lower()
    except ValueError:
        return False


def one_of(*choices: str) -> Check:
    return lambda value: value in choices


def list_of(check: Check) -> Check:
    return lambda value: isinstance(value, list) and all(check(item) for item in value)


def or_null(check: Check) -> Check:
    return lambda value: value is None or check(value)


def text_up_to(length: int) -> Check:
    return lambda value: isinstance(value, str) and len(value) <= length
