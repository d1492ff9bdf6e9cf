"""Model instances made without what `Model.__init__` costs, for the few rows that every call of an agent makes.

It sets each attribute through its descriptor, asks every field for its default and sends two signals that nobody
here listens to: 30 to 60 microseconds a row. Only columns are known here; no model of ours has an `__init__`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from operator import attrgetter
from typing import Any, TypeVar, cast

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.models.base import ModelState
from django.db.models.fields import NOT_PROVIDED

from integrations.direct import Statement, run

Row = TypeVar("Row", bound=models.Model)
Bind = Callable[[Any], Any]


def new(model: type[Row], values: Mapping[str, Any], related: Mapping[str, models.Model | None]) -> Row:
    """A row that is not saved yet. `values` by column attribute, `related` by the foreign key's name.

    Raises TypeError for a name that the model has no column for.
    """
    constants, makers = _defaults(model)
    row = model.__new__(model)
    held: dict[str, Any] = row.__dict__
    held |= constants
    for name, make in makers:
        if name not in values:
            held[name] = make()
    held |= values
    state = ModelState()
    hung = state.fields_cache
    for name, other in related.items():
        held[f"{name}_id"] = None if other is None else _key(other)
        if other is not None:
            hung[name] = other
    if len(held) != len(constants) + len(makers):
        raise TypeError(f"{model.__name__} has no column {sorted(held.keys() - _names(model))}.")
    held["_state"] = state
    return row


def insert(row: models.Model, *, seldom: frozenset[str] = frozenset()) -> None:
    """INSERT a new row, all columns given. Raises IntegrityError like `save(force_insert=True)`; sends no signals.

    `seldom`: columns, by attribute, in which most such rows hold what the model says by itself. Where all of them do,
    they cost nothing.
    """
    run(connections[DEFAULT_DB_ALIAS], *insertion(row, seldom=seldom))
    inserted(row)


def insertion(row: models.Model, *, seldom: frozenset[str] = frozenset()) -> Statement:
    """The same as a statement, for `run_together`, after which the row is told that it was `inserted`."""
    vendor, held = connections[DEFAULT_DB_ALIAS].vendor, row.__dict__
    sql, columns, blank = _insertion(type(row), vendor, seldom)
    if not blank.items() <= held.items():
        sql, columns, _ = _insertion(type(row), vendor, frozenset())
    return Statement(
        sql,
        [value if bind is None or value is None else bind(value) for name, bind in columns for value in (held[name],)],
    )


def inserted(row: models.Model) -> None:
    """The row is in the database, as far as Django has to know."""
    row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS


@dataclass(frozen=True, slots=True)
class Part:
    """Where a model's columns lie in the rows of a query, and the models that hang on it (`select_related`)."""

    model: type[models.Model]
    names: list[str]
    start: int
    stop: int
    key: int
    parts: list[Part]
    hang: Callable[[Any, Any], None] | None
    hang_back: Callable[[Any, Any], None] | None

    @classmethod
    def of(cls, info: Mapping[str, Any], select: list[Any], kept: list[int]) -> Part:
        """From what Django's compiler knows of a model and of its columns, of which those at `kept` are selected."""
        positions = {position: kept.index(position) for position in info["select_fields"] if position in kept}
        names = [select[position][0].target.attname for position in positions]
        model = cast("type[models.Model]", info["model"])
        start = min(positions.values())
        return cls(
            model=model,
            names=names,
            start=start,
            stop=start + len(names),
            key=start + names.index(model._meta.pk.attname),
            parts=[cls.of(other, select, kept) for other in info.get("related_klass_infos", [])],
            hang=info.get("local_setter"),
            hang_back=info.get("remote_setter"),
        )

    def instance(self, row: list[Any], alias: str) -> Any:
        """The model instance of a row whose values are converted already."""
        instance = self.model.__new__(self.model)
        held: dict[str, Any] = instance.__dict__
        held.update(zip(self.names, row[self.start : self.stop], strict=True))
        held["_state"] = state = ModelState()
        state.adding, state.db = False, alias
        for part in self.parts:
            other = None if row[part.key] is None else part.instance(row, alias)
            if part.hang is not None:
                part.hang(instance, other)
            if part.hang_back is not None and other is not None:
                part.hang_back(other, instance)
        return instance


# Their values are bound as they are, on both databases.
PLAIN_FIELDS = (
    models.CharField,
    models.TextField,
    models.BooleanField,
    models.PositiveIntegerField,
    models.PositiveSmallIntegerField,
)


@cache
def _insertion(
    model: type[models.Model], vendor: str, seldom: frozenset[str]
) -> tuple[str, list[tuple[str, Bind | None]], dict[str, Any]]:
    """The statement, the columns whose values it takes, and what `seldom` hold where it fits."""
    fields = list(model._meta.local_concrete_fields)
    if any(getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False) for field in fields):
        raise ValueError(f"{model.__name__} has columns that are filled as they are saved.")
    blank = {name: value for name, value in _defaults(model)[0].items() if name in seldom}
    texts = {name: literal(value) for name, value in blank.items() if value is not None}
    if blank.keys() != seldom or None in texts.values():
        raise ValueError(f"{model.__name__} has no plain value by itself for some of {sorted(seldom)}.")
    # What is left out is NULL.
    marks = {
        field.column: texts.get(field.attname) or "%s"
        for field in fields
        if field.attname not in blank or blank[field.attname] is not None
    }
    columns = ", ".join(f'"{column}"' for column in marks)
    # Names of tables and columns come from models alone; SQLite and PostgreSQL quote alike.
    sql = f'INSERT INTO "{model._meta.db_table}" ({columns}) VALUES ({", ".join(marks.values())})'  # noqa: S608
    given = [field for field in fields if field.attname not in blank]
    return sql, [(field.attname, bind_of(field, vendor)) for field in given], blank


def literal(value: Any) -> str | None:
    """A plain value as SQL of both databases; None for one that would need more than quotes."""
    match value:
        case bool():
            return str(value).upper()
        case int():
            return str(int(value))
        case str() if not set(value) & set("'%\\"):
            return f"'{value}'"
    return None


def bind_of(field: models.Field[Any, Any], vendor: str) -> Bind | None:
    """How a value is bound that is not None; None where it is bound as it is."""
    target = getattr(field, "target_field", field)
    if isinstance(target, models.UUIDField):
        return None if vendor == "postgresql" else cast(Bind, attrgetter("hex"))
    if type(field) in PLAIN_FIELDS or (type(field) is models.DateTimeField and vendor == "postgresql"):
        return None
    if type(field) is models.DateTimeField:
        return _moment_text
    return lambda value: field.get_db_prep_save(value, connections[DEFAULT_DB_ALIAS])


def _moment_text(moment: datetime) -> str:
    """How Django writes an aware time for SQLite."""
    return str(moment.astimezone(UTC).replace(tzinfo=None))


@cache
def _defaults(model: type[models.Model]) -> tuple[dict[str, Any], list[tuple[str, Callable[[], Any]]]]:
    """What a new row holds before anybody says anything, and what is made anew for each."""
    constants: dict[str, Any] = {}
    makers: list[tuple[str, Callable[[], Any]]] = []
    for field in model._meta.local_concrete_fields:
        name = field.attname
        if field.default is not NOT_PROVIDED and callable(field.default):
            makers.append((name, field.get_default))
        else:
            constants[name] = field.get_default()
    return constants, makers


def _key(row: models.Model) -> Any:
    """`row.pk`, which Django looks up by its name each time."""
    return row.__dict__[_key_name(type(row))]


@cache
def _key_name(model: type[models.Model]) -> str:
    return model._meta.pk.attname


@cache
def _names(model: type[models.Model]) -> frozenset[str]:
    return frozenset(field.attname for field in model._meta.local_concrete_fields)
