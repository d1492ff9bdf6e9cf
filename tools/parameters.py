"""The arguments of a tool, one by one and together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from tools.errors import ArgumentError, FaultyValueError
from tools.schema import Kind, Schema

if TYPE_CHECKING:
    from tools.calls import JSON


@dataclass(frozen=True, eq=False)
class Arg:
    """Stands in `Annotated[...]`: what the argument may be, and what it means. Typing wants it hashable."""

    kind: Kind
    description: str


class Parameter(NamedTuple):
    """One argument of a tool. `default` is None for a required one and for one that may simply be absent."""

    name: str
    arg: Arg
    is_required: bool
    default: JSON | None

    def schema(self) -> Schema:
        """The JSON Schema with description and default."""
        told = {} if self.default is None else {"default": self.default}
        return {**self.arg.kind.schema(), "description": self.arg.description, **told}


class Together(NamedTuple):
    """A rule over several arguments: `fewest` to `most` of `names` must be given."""

    names: tuple[str, ...]
    fewest: int
    most: int
    sentence: str

    def errors(self, arguments: Mapping[str, JSON]) -> list[ArgumentError]:
        """Empty when the rule holds."""
        given = sum(name in arguments for name in self.names)
        if self.fewest <= given <= self.most:
            return []
        return [ArgumentError(self.names[0], "required" if given < self.fewest else "exclusive", self.sentence)]


def exactly_one(*names: str) -> Together:
    """One of the arguments, and not two."""
    return Together(names, 1, 1, f"Give exactly one of {' and '.join(names)}.")


def at_least_one(*names: str) -> Together:
    """One of the arguments or more."""
    return Together(names, 1, len(names), f"Give at least one of {', '.join(names)}.")


def arguments_read(parameters: Mapping[str, Parameter], arguments: Mapping[str, JSON]) -> Reading:
    """Reads every argument that is given and not null, and notes everything that is wrong."""
    reading = Reading({}, [])
    known = ", ".join(parameters) or "none"
    for name in arguments:
        if name not in parameters:
            message = f"There is no such argument. Known: {known}."
            reading.errors.append(ArgumentError(str(name)[:100], "unknown", message))
    for name, parameter in parameters.items():
        given = arguments.get(name)
        if given is not None:
            _value_read(reading, parameter, given)
        elif parameter.is_required:
            reading.errors.append(ArgumentError(name, "required", "Is missing."))
    return reading


class Reading(NamedTuple):
    """What was read so far."""

    values: dict[str, JSON]
    errors: list[ArgumentError]


def _value_read(reading: Reading, parameter: Parameter, given: JSON) -> None:
    try:
        reading.values[parameter.name] = parameter.arg.kind.read(given)
    except FaultyValueError as fault:
        reading.errors.append(ArgumentError(parameter.name + fault.field, fault.code, fault.message))
