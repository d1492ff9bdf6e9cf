"""ORM statements compiled once, for the few that every call of an agent pays.

Building SQL costs the ORM more than the database needs to run it. Here the SQL of a queryset is kept and only
values are bound; rows still become model instances, through the same converters.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Any, Generic, NamedTuple, TypeVar, cast
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import Col

from integrations.direct import Rows, Statement, run
from integrations.rows import Part, bind_of, literal

Row = TypeVar("Row", bound=models.Model)
# Columns, by their attributes, that are left out of a query. Whoever asks an instance for one has it read then.
Later = Mapping[type[models.Model], frozenset[str]]


class Slot(NamedTuple):
    """A place in a statement: values for it are bound as those of `model`'s `field`; `stand_in` is like no other."""

    model: type[models.Model]
    field: str
    stand_in: Any


class _Prepared(Generic[Row]):
    """`build` gives the queryset for one value of each slot; it is run with others in their places."""

    def __init__(self, build: Callable[..., models.QuerySet[Any]], *slots: Slot, later: Later | None = None) -> None:
        self._build = build
        self._slots = slots
        self._later = later or {}
        self._compiled: dict[str, _Compiled] = {}

    def _of(self, database: BaseDatabaseWrapper) -> _Compiled:
        compiled = self._compiled.get(database.vendor)
        if compiled is None:
            queryset = self._build(*(slot.stand_in for slot in self._slots))
            compiled = self._compiled[database.vendor] = _Compiled(queryset, self._slots, self._later, database)
        return compiled

    def statement(self, *values: Any) -> Statement:
        """The query for these values, for `run_together`."""
        return self._of(_database()).statement(values)


class PreparedQuery(_Prepared[Row]):
    """Gives model instances; each call runs it for other values."""

    def __call__(self, *values: Any) -> list[Row]:
        """The rows for these values."""
        database = _database()
        return self.read(run(database, *self._of(database).statement(values)))

    def read(self, rows: Rows) -> list[Row]:
        """The instances in what `statement` gave."""
        database = _database()
        compiled = self._of(database)
        return [compiled.instance([*raw], database) for raw in rows]

    def first(self, *values: Any) -> Row | None:
        """The first row for these values, None without one."""
        rows = self(*values)
        return rows[0] if rows else None


class PreparedValues(_Prepared[Any]):
    """Gives the columns of a `values_list()` as the database has them: texts and integers, which need no conversion."""

    def __call__(self, *values: Any) -> tuple[tuple[Any, ...], ...]:
        """The rows for these values."""
        database = _database()
        return tuple(run(database, *self._of(database).statement(values)))


class _Compiled:
    """What Django's ModelIterable works out anew for every query."""

    def __init__(
        self, queryset: models.QuerySet[Any], slots: Sequence[Slot], later: Later, database: BaseDatabaseWrapper
    ) -> None:
        compiler = queryset.query.get_compiler(queryset.db)
        sql, params = compiler.as_sql()
        kept = [place for place, column in enumerate(compiler.select) if not _is_for_later(column[0], later)]
        self.binds = [bind_of(_column(slot.model, slot.field), database.vendor) for slot in slots]
        stand_ins = self._bound([slot.stand_in for slot in slots])
        self.sql, self.params = _with_literals(_without_columns(sql, compiler, kept), params, stand_ins)
        places = [(place, stand_ins.index(param)) for place, param in enumerate(self.params) if param in stand_ins]
        if {slot for _, slot in places} != set(range(len(stand_ins))):
            raise ValueError("The queryset does not depend on each of its values.")
        self.places = places
        self.alias = queryset.db
        # A query for values has no models to make.
        info = compiler.klass_info if queryset.query.default_cols else None
        self.part = None if info is None else Part.of(info, compiler.select, kept)
        found = compiler.get_converters([compiler.select[place][0] for place in kept])
        self.conversions = [
            (position, _conversion(converter, expression))
            for position, (converters, expression) in found.items()
            for converter in converters
        ]
        self.annotations = [(name, kept.index(place)) for name, place in compiler.annotation_col_map.items()]

    def statement(self, values: Sequence[Any]) -> Statement:
        bound, params = self._bound(values), [*self.params]
        for place, slot in self.places:
            params[place] = bound[slot]
        return Statement(self.sql, params)

    def _bound(self, values: Sequence[Any]) -> list[Any]:
        return [value if bind is None else bind(value) for bind, value in zip(self.binds, values, strict=True)]

    def instance(self, row: list[Any], database: BaseDatabaseWrapper) -> Any:
        for position, convert in self.conversions:
            value = row[position]
            if value is not None:
                row[position] = convert(value, database)
        instance = self.part.instance(row, self.alias)  # type: ignore[union-attr]  # queries for values make none
        held = instance.__dict__
        for name, position in self.annotations:
            held[name] = row[position]
        return instance


def _is_for_later(expression: Any, later: Later) -> bool:
    return isinstance(expression, Col) and expression.target.attname in later.get(expression.target.model, ())


def _without_columns(sql: str, compiler: Any, kept: list[int]) -> str:
    """The statement with the columns at `kept` alone. Plain columns have no parameters, so those stay as they are.

    A queryset's own `defer()` does not know the columns of a filtered relation.
    """
    quote = compiler.connection.ops.quote_name
    columns = [text if alias is None else f"{text} AS {quote(alias)}" for _, (text, _), alias in compiler.select]
    start = "SELECT " + ", ".join(columns)
    if not sql.startswith(start):
        raise ValueError("The statement does not begin with its columns.")
    return "SELECT " + ", ".join(columns[place] for place in kept) + sql.removeprefix(start)


def _with_literals(sql: str, params: Sequence[Any], stand_ins: list[Any]) -> tuple[str, list[Any]]:
    """The statement with what is always the same written into it: so a kept plan can use an index for that value."""
    first, *pieces = sql.split("%s")
    text, left = first, []
    for param, piece in zip(params, pieces, strict=True):
        mark = "%s" if param in stand_ins else literal(param)
        if mark is None or mark == "%s":
            left.append(param)
        text += f"{mark or '%s'}{piece}"
    return text, left


def _conversion(
    converter: Callable[[Any, Any, Any], Any], expression: Any
) -> Callable[[Any, BaseDatabaseWrapper], Any]:
    """`converter` for values that are not None."""
    # Those of SQLite, by name: they are methods of a connection, and this outlives connections.
    match getattr(converter, "__name__", ""):
        case "convert_datetimefield_value":
            return _moment
        case "convert_uuidfield_value":
            return lambda value, database: _uuid(value)
    field = getattr(converter, "__self__", None)
    if isinstance(field, models.JSONField) and field.decoder is None and isinstance(expression, Col):
        return _json
    return lambda value, database: converter(value, expression, database)


_DECODER = json.JSONDecoder()
# Ids of agents and MSPs come again with every call; nothing can change a UUID.
_uuid = lru_cache(maxsize=4096)(UUID)


def _json(value: str, database: BaseDatabaseWrapper) -> Any:
    """As JSONField reads what both databases know to be JSON."""
    return _DECODER.raw_decode(value.strip())[0]


def _moment(value: datetime | str, database: BaseDatabaseWrapper) -> datetime:
    """SQLite's way, for UTC alone: Django's looks up the settings and the time zone each time."""
    # Columns come parsed, what a function tells comes as text.
    return (datetime.fromisoformat(value) if isinstance(value, str) else value).replace(tzinfo=UTC)


def update(model: type[models.Model], values: dict[str, Any], where: dict[str, Any]) -> int:
    """UPDATE by equality, or membership where the value is a list; the number of rows. Plain values only."""
    database = _database()
    sql = _update_sql(model, tuple(values), tuple((n, len(v) if isinstance(v, list) else 0) for n, v in where.items()))
    params = [_column(model, name).get_db_prep_save(value, database) for name, value in values.items()]
    for name, value in where.items():
        wanted = value if isinstance(value, list) else [value]
        params += [_column(model, name).get_db_prep_value(one, database) for one in wanted]
    with database.cursor() as cursor:
        cursor.execute(sql, params)
        return int(cursor.rowcount)


def _database() -> BaseDatabaseWrapper:
    """This thread's connection itself: the proxy `django.db.connection` looks it up anew for every attribute."""
    return connections[DEFAULT_DB_ALIAS]


@cache
def _column(model: type[models.Model], name: str) -> models.Field[Any, Any]:
    return cast("models.Field[Any, Any]", model._meta.get_field(name))


@cache
def _update_sql(model: type[models.Model], names: tuple[str, ...], where: tuple[tuple[str, int], ...]) -> str:
    sets = ", ".join(f'"{_column(model, name).column}" = %s' for name in names)
    wheres = " AND ".join(
        f'"{_column(model, name).column}" ' + (f"IN ({', '.join(['%s'] * many)})" if many else "= %s")
        for name, many in where
    )
    return f'UPDATE "{model._meta.db_table}" SET {sets} WHERE {wheres}'  # noqa: S608
