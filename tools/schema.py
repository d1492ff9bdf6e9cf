"""Kinds of values: each is a JSON Schema for the agent and a reader that holds it to that schema."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from tools.errors import FaultyValueError
from tools.texts import plain_check, script_check, visible_check

if TYPE_CHECKING:
    from tools.calls import JSON

INT32_MAX = 2**31 - 1
# Ids that NinjaOne counts in 64 bits; what is larger than this, other readers of JSON would not read exactly.
LONG_MAX = 2**53 - 1
Schema = dict[str, Any]


class Kind(Protocol):
    """What an argument may be."""

    def schema(self) -> Schema:
        """The JSON Schema, without the description."""

    def read(self, value: JSON) -> JSON:
        """The canonical value. Raises FaultyValueError."""


@dataclass(frozen=True)
class Integer:
    """A whole number. Booleans, strings and floats are refused, however round they are."""

    low: int = 1
    high: int = INT32_MAX

    def schema(self) -> Schema:
        """An integer with its bounds."""
        return {"type": "integer", "minimum": self.low, "maximum": self.high}

    def read(self, value: JSON) -> JSON:
        """The number itself."""
        if not isinstance(value, int) or isinstance(value, bool):
            raise FaultyValueError("type", "Must be an integer, not text, a boolean or a decimal number.")
        if not self.low <= value <= self.high:
            raise FaultyValueError("range", f"Must be between {self.low} and {self.high}.")
        return value


@dataclass(frozen=True)
class Boolean:
    """True or false."""

    def schema(self) -> Schema:
        """A boolean."""
        return {"type": "boolean"}

    def read(self, value: JSON) -> JSON:
        """The boolean itself."""
        if not isinstance(value, bool):
            raise FaultyValueError("type", "Must be true or false.")
        return value


@dataclass(frozen=True)
class Choice:
    """One of a few words, spelled as they stand."""

    values: tuple[str, ...]

    def schema(self) -> Schema:
        """A string with its choices."""
        return {"type": "string", "enum": list(self.values)}

    def read(self, value: JSON) -> JSON:
        """The word itself."""
        if not isinstance(value, str):
            raise FaultyValueError("type", "Must be text.")
        if value not in self.values:
            raise FaultyValueError("choice", f"Must be one of {', '.join(self.values)}.")
        return value


@dataclass(frozen=True)
class Text:
    """Text: one line unless `multiline`, with nothing invisible in it if `visible`."""

    max_length: int
    min_length: int = 1
    multiline: bool = False
    visible: bool = False
    pattern: str = ""
    hint: str = ""

    def schema(self) -> Schema:
        """A string with its bounds."""
        bounds: Schema = {"type": "string", "minLength": self.min_length, "maxLength": self.max_length}
        return bounds | ({"pattern": f"^(?:{self.pattern})$"} if self.pattern else {})

    def read(self, value: JSON) -> JSON:
        """The text itself."""
        if not isinstance(value, str):
            raise FaultyValueError("type", "Must be text.")
        if len(value) < self.min_length:
            raise FaultyValueError("too_short", "Must not be empty.")
        if len(value) > self.max_length:
            raise FaultyValueError("too_long", f"Has {len(value)} characters; at most {self.max_length} are possible.")
        plain_check(value, allowed="\t\n\r" if self.multiline else "")
        if self.visible:
            visible_check(value)
        if self.pattern and not re.fullmatch(self.pattern, value):
            raise FaultyValueError("format", self.hint)
        return value


@dataclass(frozen=True)
class Uuid:
    """A UUID, read in any case and written in small letters."""

    def schema(self) -> Schema:
        """A string in the form of a UUID."""
        return {"type": "string", "format": "uuid"}

    def read(self, value: JSON) -> JSON:
        """The UUID in its usual form."""
        if not isinstance(value, str):
            raise FaultyValueError("type", "Must be text with a UUID.")
        if not re.fullmatch(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}", value):
            raise FaultyValueError("format", "Must be a UUID such as b1c0a0de-52f1-4a49-9f0a-8d5f3f0a0001.")
        return str(uuid.UUID(value))


@dataclass(frozen=True)
class ListOf:
    """A list of one kind."""

    item: Kind
    max_items: int = 50

    def schema(self) -> Schema:
        """An array of the kind."""
        return {"type": "array", "items": self.item.schema(), "maxItems": self.max_items}

    def read(self, value: JSON) -> JSON:
        """The list with each item read."""
        if not isinstance(value, list):
            raise FaultyValueError("type", "Must be a list.")
        if len(value) > self.max_items:
            raise FaultyValueError("too_long", f"Has {len(value)} items; at most {self.max_items} are possible.")
        return [read_below(self.item, item, f"[{place}]") for place, item in enumerate(value)]


@dataclass(frozen=True)
class Record:
    """An object whose fields are all required."""

    fields: Mapping[str, Kind]

    def schema(self) -> Schema:
        """An object with these fields alone."""
        properties = {name: kind.schema() for name, kind in self.fields.items()}
        return {
            "type": "object",
            "properties": properties,
            "required": list(properties),
            "additionalProperties": False,
        }

    def read(self, value: JSON) -> JSON:
        """The object with each field read."""
        if not isinstance(value, dict):
            raise FaultyValueError("type", "Must be an object.")
        for name in value:
            if name not in self.fields:
                raise FaultyValueError("unknown", "There is no such field.", f".{name}")
        for name in self.fields:
            if name not in value:
                raise FaultyValueError("required", "Is missing.", f".{name}")
        return {name: read_below(kind, value[name], f".{name}") for name, kind in self.fields.items()}


@dataclass(frozen=True)
class Script:
    """A whole script (see tools.texts.script_check)."""

    max_bytes: int

    def schema(self) -> Schema:
        """A string; its size is counted in bytes, which JSON Schema cannot say."""
        return {"type": "string", "minLength": 1, "maxLength": self.max_bytes}

    def read(self, value: JSON) -> JSON:
        """The script itself."""
        if not isinstance(value, str):
            raise FaultyValueError("type", "Must be text.")
        script_check(value, max_bytes=self.max_bytes)
        return value


@dataclass(frozen=True)
class Parsed:
    """Text with a grammar of its own: `parser` gives the canonical form or raises FaultyValueError."""

    text: Text
    parser: Callable[[str], str]

    def schema(self) -> Schema:
        """The schema of the text."""
        return self.text.schema()

    def read(self, value: JSON) -> JSON:
        """The canonical form."""
        return self.parser(self.text.read(value))


def read_below(kind: Kind, value: JSON, place: str) -> JSON:
    """A value inside another one; a fault names its place."""
    try:
        return kind.read(value)
    except FaultyValueError as fault:
        raise FaultyValueError(fault.code, fault.message, place + fault.field) from None
