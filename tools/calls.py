"""A call: the one request that a tool makes of its arguments, frozen before anybody decides about it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import quote

from tools.answers import ACCEPTED, OBJECT, Answer

# What JSON may hold. It comes from agents and from NinjaOne, so its shape is checked where it is used.
JSON: TypeAlias = Any
Query: TypeAlias = Iterable[tuple[str, str]]


@dataclass(frozen=True)
class Call:
    """A request to NinjaOne. `path` starts with /v2/ and is percent-quoted; `query` is not quoted yet."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    body: JSON  # None: without a body
    answer: Answer

    @property
    def query_text(self) -> str:
        """The query as it goes on the wire. Spaces are %20: whether NinjaOne reads "+" as one is not known."""
        if not self.query:
            return ""
        return "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in self.query)

    @property
    def body_text(self) -> str | None:
        """The body as it goes on the wire: compact JSON with its keys in the order the tool gave them."""
        if self.body is None:
            return None
        return json.dumps(self.body, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def get(template: str, *parts: object, query: Query = (), answer: Answer = OBJECT) -> Call:
    """A read. Each `{}` of the template takes one part."""
    return Call("GET", path_filled(template, *parts), tuple(query), None, answer)


def post(template: str, *parts: object, body: JSON, query: Query = (), answer: Answer = ACCEPTED) -> Call:
    """A write by POST. NinjaOne wants a JSON body with it, if only `{}`."""
    return Call("POST", path_filled(template, *parts), tuple(query), body, answer)


def put(template: str, *parts: object, body: JSON, query: Query = (), answer: Answer = ACCEPTED) -> Call:
    """A write by PUT."""
    return Call("PUT", path_filled(template, *parts), tuple(query), body, answer)


def patch(template: str, *parts: object, body: JSON, query: Query = (), answer: Answer = ACCEPTED) -> Call:
    """A write by PATCH."""
    return Call("PATCH", path_filled(template, *parts), tuple(query), body, answer)


def delete(template: str, *parts: object, query: Query = (), answer: Answer = ACCEPTED) -> Call:
    """A DELETE, without a body always: NinjaOne answers 400 to one with a body."""
    return Call("DELETE", path_filled(template, *parts), tuple(query), None, answer)


def path_filled(template: str, *parts: object) -> str:
    """The template with each `{}` replaced by a quoted part. Raises ValueError for a part that moves in the path."""
    before, *behind = template.split("{}")
    if len(behind) != len(parts):
        raise ValueError(f"{template} takes {len(behind)} parts, not {len(parts)}.")
    path = before
    for part, text in zip(parts, behind, strict=True):
        path += f"{_quoted(part)}{text}"
    return path


def _quoted(part: object) -> str:
    if type(part) is int:
        return str(part)  # as most parts are; there is nothing to quote in it
    text = str(part)
    if text in {"", ".", ".."}:
        raise ValueError(f"{text!r} cannot be a part of a path.")
    return quote(text, safe="")
