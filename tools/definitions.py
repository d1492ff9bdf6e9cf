"""What a tool is, and the decorator that makes one of a function: its signature is the schema."""

from __future__ import annotations

import hashlib
import inspect
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_origin, get_type_hints

from django.utils.translation import gettext_noop

from tools.errors import ArgumentError, InvalidArgumentsError
from tools.fact_types import FACTS, Fact
from tools.models import Mode
from tools.parameters import Arg, Parameter, Together, arguments_read
from tools.schema import Schema

if TYPE_CHECKING:
    from tools.calls import JSON, Call

VENDOR = "ninjaone"
GROUPS = {
    "organizations": gettext_noop("Organizations"),
    "devices": gettext_noop("Devices"),
    "scripts": gettext_noop("Scripts"),
    "alerts": gettext_noop("Alerts"),
    "tickets": gettext_noop("Tickets"),
    "generic": gettext_noop("Any NinjaOne route"),
}


class ToolDefinitionError(Exception):
    """A tool is written wrong. Raised at start-up."""


@dataclass(frozen=True)
class Tool:
    """One of the things an agent may ask for."""

    name: str
    title: str
    description: str
    group: str
    default_mode: Mode
    read_only: bool
    destructive: bool
    idempotent: bool
    always_asks: bool
    decision_minutes: int
    release_minutes: int
    obeys: tuple[str, ...]
    needs: tuple[str, ...]
    parameters: Mapping[str, Parameter]
    rule: Together | None
    function: Callable[..., Call] = field(repr=False, compare=False)
    input_schema: Schema = field(repr=False, compare=False)
    version: str

    @cached_property
    def id(self) -> str:
        """The full id, with the vendor."""
        return f"{VENDOR}:{self.name}"

    @property
    def summary(self) -> str:
        """What it does in one sentence: the first of its description."""
        return re.split(r"(?<=[.!?]) ", self.description, maxsplit=1)[0]

    @cached_property
    def is_write(self) -> bool:
        """Whether a call may change something."""
        return not self.read_only

    @cached_property
    def is_generic(self) -> bool:
        """Whether the agent chooses the route itself."""
        return self.group == "generic"

    def parse(self, arguments: object) -> dict[str, JSON]:
        """The canonical arguments: absent and null ones left out, defaults not filled in, in the schema's order.

        Raises InvalidArgumentsError with everything that is wrong.
        """
        if not isinstance(arguments, dict):
            raise InvalidArgumentsError([ArgumentError("arguments", "type", "Must be an object.")])
        reading = arguments_read(self.parameters, arguments)
        errors = reading.errors
        if not errors and self.rule is not None:
            errors = self.rule.errors(reading.values)
        if errors:
            raise InvalidArgumentsError(errors)
        return reading.values

    def build(self, arguments: Mapping[str, JSON], facts: Mapping[str, Fact]) -> Call:
        """The call of parsed arguments and the facts that the tool needs. Raises ToolRefusedError."""
        return self.function(*(facts[name] for name in self.needs), **arguments)


def tool(
    name: str,
    mode: Mode,
    *,
    group: str,
    read_only: bool = False,
    destructive: bool = False,
    idempotent: bool | None = None,
    title: str = "",
    always_asks: bool = False,
    obeys: tuple[str, ...] = (),
    rule: Together | None = None,
    decision_minutes: int = 60,
    release_minutes: int = 10,
) -> Callable[[Callable[..., Call]], Tool]:
    """Makes a tool of a function. Leading parameters are facts, keyword-only ones the agent's arguments.

    `obeys` names tools whose stricter policy holds here too. Raises ToolDefinitionError.
    """

    def definition(function: Callable[..., Call]) -> Tool:
        if not re.fullmatch(r"[a-z][a-z0-9_-]{0,47}", name):
            raise ToolDefinitionError(f"{name} is no name of a tool.")
        if group not in GROUPS:
            raise ToolDefinitionError(f"{name}: there is no group {group}.")
        needs, parameters = _signature_read(name, function)
        description = _description(name, function, rule)
        schema = _input_schema(parameters)
        return Tool(
            name=name,
            title=title or name.removeprefix("ninja-").replace("-", " ").capitalize(),
            description=description,
            group=group,
            default_mode=mode,
            read_only=read_only,
            destructive=destructive,
            idempotent=read_only if idempotent is None else idempotent,
            always_asks=always_asks,
            decision_minutes=decision_minutes,
            release_minutes=release_minutes,
            obeys=obeys,
            needs=needs,
            parameters=parameters,
            rule=rule,
            function=function,
            input_schema=schema,
            version=_version(description, schema),
        )

    return definition


def _signature_read(name: str, function: Callable[..., Call]) -> tuple[tuple[str, ...], dict[str, Parameter]]:
    hints = get_type_hints(function, include_extras=True)
    needs: list[str] = []
    parameters: dict[str, Parameter] = {}
    for parameter in inspect.signature(function).parameters.values():
        hint = hints.get(parameter.name)
        if parameter.kind is not inspect.Parameter.KEYWORD_ONLY:
            if FACTS.get(parameter.name) is not hint:
                raise ToolDefinitionError(f"{name}: {parameter.name} is no fact.")
            needs.append(parameter.name)
            continue
        arg = _arg_of(hint)
        if arg is None:
            raise ToolDefinitionError(f"{name}: the argument {parameter.name} has no schema.")
        is_required = parameter.default is inspect.Parameter.empty
        default = None if is_required else parameter.default
        parameters[parameter.name] = Parameter(parameter.name, arg, is_required, default)
    return tuple(needs), parameters


def _arg_of(hint: Any) -> Arg | None:
    """The Arg of `Annotated[T, Arg(...)]`, also inside a union with None."""
    if get_origin(hint) is Annotated:
        return next((extra for extra in hint.__metadata__ if isinstance(extra, Arg)), None)
    return next((arg for part in get_args(hint) if (arg := _arg_of(part))), None)


def _description(name: str, function: Callable[..., Call], rule: Together | None) -> str:
    text = " ".join((inspect.getdoc(function) or "").split())
    if not text:
        raise ToolDefinitionError(f"{name} has no description.")
    return text if rule is None else f"{text} {rule.sentence}"


def _input_schema(parameters: Mapping[str, Parameter]) -> Schema:
    return {
        "type": "object",
        "properties": {name: parameter.schema() for name, parameter in parameters.items()},
        "required": [name for name, parameter in parameters.items() if parameter.is_required],
        "additionalProperties": False,
    }


def _version(description: str, schema: Schema) -> str:
    text = json.dumps([description, schema], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
