"""One request to NinjaOne as bytes, and its answer."""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn

import orjson

from integrations.ninjaone.errors import UnusableAnswerError

# Python reads JSON of hundreds of levels, and then whatever walks through it runs out of stack.
DEEPEST = 100
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
# Half a pair as it is, in the bytes.
_HALF = re.compile(rb"\xed[\xa0-\xbf]")
# All digits are one byte and all else another: a run of them is found ten times as fast as by a pattern.
_DIGITS = bytes(b"0"[0] if byte in b"0123456789" else b" "[0] for byte in range(256))
_LONG = b"0" * 19


@dataclass(frozen=True, slots=True)
class WireRequest:
    """What is sent: `query` without "?" and already percent-encoded, `body` as JSON text or None for none."""

    method: str
    base_url: str
    path: str
    query: str = ""
    body: str | None = None

    @property
    def target(self) -> str:
        """The request target, as it stands on the request line."""
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def url(self) -> str:
        """The whole address."""
        return self.base_url + self.target


@dataclass(frozen=True, slots=True)
class WireAnswer:
    """What came back, whatever its status. `content_type` is lower case, without parameters, "" for none."""

    status: int
    content_type: str
    body: bytes = field(repr=False)
    request_id: str | None = None  # x-nj-request-id
    retry_after: float | None = None  # seconds

    @property
    def is_html(self) -> bool:
        """A web page where JSON belongs: how NinjaOne throttles, and how gateways apologise."""
        return self.content_type in {"text/html", "application/xhtml+xml"}

    def without(self, *secrets: str) -> WireAnswer:
        """The answer with what was sent in confidence struck out: some servers quote it in their complaints."""
        body = self.body
        for secret in secrets:
            body = body.replace(secret.encode(), b"[hidden]")
        return self if body == self.body else replace(self, body=body)

    def json(self) -> Any:
        """The body as JSON. Raises UnusableAnswerError."""
        if self.is_html:
            raise UnusableAnswerError("it is a web page instead of JSON")
        try:
            value = _parsed(self.body)
        except (ValueError, RecursionError) as error:
            raise UnusableAnswerError("it is not JSON" if self.body.strip() else "it is empty") from error
        if self.body.count(b"[") + self.body.count(b"{") > DEEPEST and _is_too_deep(value):
            raise UnusableAnswerError(f"it is nested more than {DEEPEST} levels deep")
        return value

    def storable(self) -> Any:
        """The same, with U+FFFD for what no database and no UTF-8 can hold (NUL, lone surrogates)."""
        value = self.json()
        return _storable(value) if _is_odd(self.body) else value


def _is_odd(body: bytes) -> bool:
    """Whether a text in it may hold such a character: by an escape, half a pair as it is, or a zero of UTF-16."""
    return b"\\u" in body or b"\x00" in body or (b"\xed" in body and _HALF.search(body) is not None)


def _storable(value: Any) -> Any:
    match value:
        case str():
            return UNSTORABLE.sub("\ufffd", value)
        case list():
            return [_storable(item) for item in value]
        case dict():
            return {UNSTORABLE.sub("\ufffd", key): _storable(item) for key, item in value.items()}
    return value


def _parsed(body: bytes) -> Any:
    # orjson reads what takes more than 64 bits as a float.
    if _LONG not in body.translate(_DIGITS):
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError:
            pass  # it is stricter than others; the standard library has the last word
    return json.loads(body, parse_constant=_refuse_constant, parse_float=_finite)


def _finite(text: str) -> float | None:
    """The number; null for one that is larger than any that JSON's readers know."""
    number = float(text)
    return number if math.isfinite(number) else None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _is_too_deep(value: Any) -> bool:
    level = [value] if isinstance(value, dict | list) else []
    for _ in range(DEEPEST):
        parts = (each.values() if isinstance(each, dict) else each for each in level)
        level = [part for each in parts for part in each if isinstance(part, dict | list)]
        if not level:
            return False
    return True
