"""JSON bodies, strictly: what two parsers could read differently is refused before anything looks at it."""

from __future__ import annotations

import json
import math
import re
from typing import Any, NoReturn

from django.http import HttpRequest

from approvals.errors import GateError

MAX_BYTES = 256 * 1024
MAX_DEPTH = 32
MAX_NODES = 10_000
MAX_INTEGER = 2**63 - 1
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


def json_body(request: HttpRequest, *, may_be_empty: bool = False) -> Any:
    """The value of a request's JSON body, `{}` for an empty one that may be. Raises GateError."""
    raw = body_read(request)
    if not raw and may_be_empty:
        return {}
    if not raw:
        _malformed("The body is empty. Send a JSON object.")
    charset = (request.content_params or {}).get("charset", "utf-8")
    if request.content_type != "application/json" or charset.lower() not in {"utf-8", "utf8"}:
        _malformed("The Content-Type must be application/json, in UTF-8.")
    if request.META.get("HTTP_CONTENT_ENCODING", "identity") != "identity":
        _malformed("The body must not be compressed.")
    return json_value(raw)


def body_read(request: HttpRequest) -> bytes:
    """The body, whatever the caller declared about its length. Raises GateError."""
    length = int(request.META.get("CONTENT_LENGTH") or 0)
    if length > MAX_BYTES:
        _too_large()
    # Django reads a body only as far as Content-Length says, which a chunked one does not have.
    is_chunked = "HTTP_TRANSFER_ENCODING" in request.META
    stream = request.META["wsgi.input"] if is_chunked else request
    parts: list[bytes] = []
    left = MAX_BYTES + 1 if is_chunked else length
    try:
        while left > 0 and (part := stream.read(left)):
            parts.append(part)
            left -= len(part)
    except OSError:
        _malformed("The body broke off before its end.")
    if is_chunked and left <= 0:
        _too_large()
    return b"".join(parts)


def json_value(raw: bytes) -> Any:
    """The value of strict JSON text. Raises GateError malformed."""
    if raw.startswith(b"\xef\xbb\xbf"):
        _malformed("The body starts with a byte order mark. Send UTF-8 without it.")
    try:
        text = raw.decode("utf-8")
        value = DECODER.decode(text)
    except UnicodeDecodeError:
        _malformed("The body is not UTF-8.")
    except json.JSONDecodeError as error:
        _malformed(f"The body is not JSON: {error.msg} at character {error.pos}.")
    except RecursionError:
        _too_deep()
    if not _is_small(text):
        _check(value)
    return value


def _is_small(text: str) -> bool:
    """Whether it is so short, flat and plain that nothing in it can be what `_check` looks for.

    Nothing is nested deeper than there are brackets, every value has a character, and what databases do not hold comes
    by an escape alone: JSON knows no raw control characters, and UTF-8 no surrogates.
    """
    return len(text) <= MAX_NODES and text.count("[") + text.count("{") <= MAX_DEPTH and "\\u" not in text


def _check(value: object) -> None:
    """Depth, size and characters of a parsed value, without recursion."""
    todo: list[tuple[object, int]] = [(value, 0)]
    nodes = 0
    while todo:
        item, depth = todo.pop()
        nodes += 1
        if depth > MAX_DEPTH:
            _too_deep()
        if nodes > MAX_NODES:
            _malformed(f"The body holds more than {MAX_NODES:,} values.")
        match item:
            case str():
                _check_text(item)
            case list():
                todo.extend((each, depth + 1) for each in item)
            case dict():
                for key in item:
                    _check_text(key)
                todo.extend((each, depth + 1) for each in item.values())


def _check_text(text: str) -> None:
    if UNSTORABLE.search(text):
        _malformed("The body holds a NUL character or half a surrogate pair.")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        _malformed("The body holds an object with the same key twice.")
    return value


def _integer(text: str) -> int:
    if len(text) > 20 or abs(value := int(text)) > MAX_INTEGER:
        _malformed("The body holds an integer of more than 64 bits.")
    return value


def _float(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        _malformed("The body holds a number that is too large.")
    return value


def _constant(text: str) -> NoReturn:
    _malformed(f"The body holds {text}, which is not JSON.")


def _malformed(message: str) -> NoReturn:
    raise GateError("malformed", f"{message} Nothing was done.")


def _too_deep() -> NoReturn:
    _malformed(f"The body is nested deeper than {MAX_DEPTH} levels.")


def _too_large() -> NoReturn:
    raise GateError("too_large", f"The body is larger than {MAX_BYTES // 1024} KiB. Nothing was done.")


DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_float, parse_constant=_constant, strict=True
)
