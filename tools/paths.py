"""What the generic tools take: a path by allow-list, a flat query, a JSON body."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tools.errors import FaultyValueError
from tools.queries import query_text
from tools.schema import Schema
from tools.texts import plain_check

if TYPE_CHECKING:
    from tools.calls import JSON

MAX_PATH = 500
MAX_DEPTH = 32
# No percent sign, "@", ":", ";", "\\", "?", "#", space or anything beyond ASCII can get in: a path that this lets
# through is the same to every parser of URLs, and reaches the host that we name.
PATH = r"/v2(?:/(?!\.{1,2}(?:/|\Z))[A-Za-z0-9_.~-]+)+"
_PATH = re.compile(PATH + r"\Z")
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,64}\Z")


@dataclass(frozen=True)
class ApiPath:
    """A path below /v2/."""

    def schema(self) -> Schema:
        """A string with the grammar."""
        return {"type": "string", "maxLength": MAX_PATH, "pattern": "^/v2(/[A-Za-z0-9_.~-]+)+$"}

    def read(self, value: JSON) -> JSON:
        """The path itself. Raises FaultyValueError."""
        if not isinstance(value, str):
            raise FaultyValueError("type", "Must be text.")
        if len(value) > MAX_PATH:
            raise FaultyValueError("too_long", f"Has {len(value)} characters; at most {MAX_PATH} are possible.")
        if not _PATH.match(value):
            raise FaultyValueError(
                "format",
                "Must be /v2/ and segments of letters, digits and _ . ~ - with single slashes between them, none of "
                "them . or .. and nothing percent-encoded, such as /v2/device/43/jobs. Put a query into `query`.",
            )
        return value


@dataclass(frozen=True)
class QueryObject:
    """Names with scalars, or with lists of scalars."""

    def schema(self) -> Schema:
        """An object of scalars or lists of scalars."""
        scalars: list[Schema] = [{"type": "string"}, {"type": "number"}, {"type": "boolean"}]
        return {
            "type": "object",
            "additionalProperties": {"anyOf": [*scalars, {"type": "array", "items": {"anyOf": scalars}}]},
            "maxProperties": 50,
        }

    def read(self, value: JSON) -> JSON:
        """The query itself. Raises FaultyValueError."""
        if not isinstance(value, dict):
            raise FaultyValueError("type", "Must be an object.")
        if len(value) > 50:
            raise FaultyValueError("too_long", "Has more than 50 names.")
        for name, given in value.items():
            if not isinstance(name, str) or not _NAME.match(name):
                raise FaultyValueError("format", "Names have letters, digits and _ . - alone.", f".{str(name)[:64]}")
            for one in given if isinstance(given, list) else [given]:
                _scalar_check(one, f".{name}")
        return value


@dataclass(frozen=True)
class Body:
    """An object or a list of plain JSON."""

    def schema(self) -> Schema:
        """An object or an array; what is in it is NinjaOne's."""
        return {"anyOf": [{"type": "object"}, {"type": "array", "items": {}}]}

    def read(self, value: JSON) -> JSON:
        """The body itself. Raises FaultyValueError."""
        if not isinstance(value, dict | list):
            raise FaultyValueError("type", "Must be an object or a list.")
        _json_check(value, depth=1)
        return value


def query_pairs(query: dict[str, JSON] | None) -> list[tuple[str, str]]:
    """The pairs of a query that QueryObject let through; a list gives one pair per item."""
    return [
        (name, query_text(one))
        for name, given in (query or {}).items()
        for one in (given if isinstance(given, list) else [given])
    ]


def _scalar_check(value: JSON, place: str) -> None:
    if isinstance(value, str):
        if len(value) > 2000:
            raise FaultyValueError("too_long", "Has more than 2,000 characters.", place)
        try:
            plain_check(value)
        except FaultyValueError as fault:
            raise FaultyValueError(fault.code, fault.message, place) from None
    elif not isinstance(value, int | float) or not math.isfinite(value):
        raise FaultyValueError("type", "Must be text, a number, a boolean or a list of them.", place)


def _json_check(value: JSON, *, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise FaultyValueError("too_deep", f"Is nested more than {MAX_DEPTH} levels deep.")
    if isinstance(value, dict):
        for name in value:
            _leaf_check(name if isinstance(name, str) else None, is_name=True)
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            _json_check(part, depth=depth + 1)
    else:
        _leaf_check(value, is_name=False)


def _leaf_check(value: JSON, *, is_name: bool) -> None:
    if isinstance(value, str):
        plain_check(value, allowed="\t\n\r")
    elif is_name:
        raise FaultyValueError("type", "Names in an object must be text.")
    elif isinstance(value, float) and not math.isfinite(value):
        raise FaultyValueError("type", "NaN and infinity are no JSON.")
    elif value is not None and not isinstance(value, int | float):
        raise FaultyValueError("type", "Is no JSON.")
