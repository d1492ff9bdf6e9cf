"""Kinds of values in bodies and queries: each is read by its exact type, and says of itself what it takes."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import Any

Schema = dict[str, Any]
Complaint = tuple[str, str]


class FaultError(Exception):
    """A value is not right: pairs of a code and a sentence."""

    def __init__(self, *complaints: Complaint) -> None:
        super().__init__(*complaints)
        self.complaints = complaints


class Field(ABC):
    """A key that may be given."""

    def __init__(self, description: str = "", *, may_be_null: bool = False) -> None:
        self.description = description
        self.may_be_null = may_be_null

    def read(self, value: Any) -> Any:
        """The value as it came, or what its text says. Raises FaultError with each complaint."""
        if value is not None:
            return self._read(value)
        if not self.may_be_null:
            raise FaultError(("null", "This field may not be null."))
        return None

    def schema(self) -> Schema:
        """The JSON Schema, without the description."""
        schema = self._schema()
        return {**schema, "type": [schema["type"], "null"]} if self.may_be_null else schema

    @abstractmethod
    def _read(self, value: Any) -> Any:
        """As above, of what is not null."""

    @abstractmethod
    def _schema(self) -> Schema:
        """As above, of what is not null."""


class Text(Field):
    """A string; no number is turned into one, and nothing is trimmed."""

    def __init__(
        self, description: str = "", *, max_length: int, may_be_empty: bool = False, may_be_null: bool = False
    ) -> None:
        super().__init__(description, may_be_null=may_be_null)
        self.max_length = max_length
        self.may_be_empty = may_be_empty

    def _read(self, value: Any) -> str:
        if not isinstance(value, str):
            raise FaultError(("invalid", "Not a valid string."))
        if complaints := [*self._complaints(value)]:
            raise FaultError(*complaints)
        return value

    def _complaints(self, text: str) -> Iterator[Complaint]:
        if not text and not self.may_be_empty:
            yield "blank", "This field may not be blank."
        if len(text) > self.max_length:
            yield "max_length", f"Ensure this field has no more than {self.max_length} characters."
        # Bodies cannot hold one; queries can, and databases store none.
        if "\x00" in text:
            yield "null_characters_not_allowed", "Null characters are not allowed."

    def _schema(self) -> Schema:
        bounds = {} if self.may_be_empty else {"minLength": 1}
        return {"type": "string", "maxLength": self.max_length, **bounds}


class Integer(Field):
    """A JSON integer; no string, float or boolean is turned into one."""

    def __init__(self, description: str = "", *, low: int, high: int, may_be_null: bool = False) -> None:
        super().__init__(description, may_be_null=may_be_null)
        self.low, self.high = low, high

    def _read(self, value: Any) -> int:
        if type(value) is not int:
            raise FaultError(("invalid", "A valid integer is required."))
        if value > self.high:
            raise FaultError(("max_value", f"Ensure this value is less than or equal to {self.high}."))
        if value < self.low:
            raise FaultError(("min_value", f"Ensure this value is greater than or equal to {self.low}."))
        return value

    def _schema(self) -> Schema:
        return {"type": "integer", "maximum": self.high, "minimum": self.low}


class Digits(Integer):
    """An integer in a query string: plain digits."""

    def _read(self, value: Any) -> int:
        return super()._read(int(value) if re.fullmatch(r"[0-9]{1,9}", value) else None)


class Flag(Field):
    """true or false; no word or number is turned into one."""

    def _read(self, value: Any) -> bool:
        if not isinstance(value, bool):
            raise FaultError(("invalid", "Must be a valid boolean."))
        return value

    def _schema(self) -> Schema:
        return {"type": "boolean"}


class Choice(Field):
    """One of a few words."""

    def __init__(self, words: Sequence[str], description: str = "") -> None:
        super().__init__(description)
        self.words = list(words)

    def _read(self, value: Any) -> str:
        if value not in self.words:
            raise FaultError(("invalid_choice", f'"{value}" is not a valid choice.'))
        return str(value)

    def _schema(self) -> Schema:
        return {"type": "string", "enum": self.words, "minLength": 1}


class AnyObject(Field):
    """A JSON object, judged elsewhere."""

    def _read(self, value: Any) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise FaultError(("invalid", "Must be a JSON object."))
        return value

    def _schema(self) -> Schema:
        return {"type": "object"}
