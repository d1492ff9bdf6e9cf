"""ORM statements compiled once, for the few that every call of an agent pays.

Building SQL costs the ORM more than the database needs to run it. Here the SQL of a queryset is kept and only
values are bound; rows still become model instances, through the same converters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, Generic, TypeVar, cast

from django.db import connection, models
from django.db.models.query import RelatedPopulator, get_related_populators

Row = TypeVar("Row", bound=models.Model)


class PreparedQuery(Generic[Row]):
    """`build(value)` gives the queryset for one value of `model`'s `field`; each call runs it for another value."""

    def __init__(
        self, build: Callable[[Any], models.QuerySet[Row]], *, model: type[models.Model], field: str, stand_in: Any
    ) -> None:
        self._build = build
        self._model = model
        self._field_name = field
        self._stand_in = stand_in
        self._compiled: dict[str, _Compiled] = {}

    def __call__(self, value: Any) -> list[Row]:
        """The rows for `value`."""
        compiled = self._compiled.get(connection.vendor)
        if compiled is None:
            compiled = _Compiled(self._build(self._stand_in), self._bound(self._stand_in))
            self._compiled[connection.vendor] = compiled
        return list(compiled.rows(self._bound(value)))

    def first(self, value: Any) -> Row | None:
        """The first row for `value`, None without one."""
        return next(iter(self(value)), None)

    def _bound(self, value: Any) -> Any:
        return _column(self._model, self._field_name).get_db_prep_value(value, connection)


class _Compiled:
    """What Django's ModelIterable works out anew for every query."""

    def __init__(self, queryset: models.QuerySet[Any], stand_in: Any) -> None:
        compiler = queryset.query.get_compiler(queryset.db)
        self.sql, params = compiler.as_sql()
        self.params = list(params)
        self.slots = [position for position, param in enumerate(self.params) if param == stand_in]
        if not self.slots:
            raise ValueError("The queryset does not depend on its value.")
        select, klass_info = compiler.select, compiler.klass_info
        self.converters = compiler.get_converters([column[0] for column in select])
        self.model = klass_info["model"]
        columns = klass_info["select_fields"]
        self.start, self.end = columns[0], columns[-1] + 1
        self.names = [column[0].target.attname for column in select[self.start : self.end]]
        # The stubs describe a later Django, whose populators take one more argument.
        self.related: list[RelatedPopulator] = get_related_populators(klass_info, select, queryset.db)  # type: ignore[call-arg]
        self.annotations = dict(compiler.annotation_col_map)
        self.alias = queryset.db

    def rows(self, value: Any) -> Iterator[Any]:
        params = self.params.copy()
        for slot in self.slots:
            params[slot] = value
        with connection.cursor() as cursor:
            cursor.execute(self.sql, params)
            found = cursor.fetchall()
        for raw in found:
            yield self._instance(list(raw))

    def _instance(self, row: list[Any]) -> models.Model:
        for position, (converters, expression) in self.converters.items():
            for converter in converters:
                row[position] = converter(row[position], expression, connection)
        instance: models.Model = self.model.from_db(self.alias, self.names, row[self.start : self.end])
        for populator in self.related:
            populator.populate(row, instance)
        for name, position in self.annotations.items():
            setattr(instance, name, row[position])
        return instance


def insert(row: models.Model) -> None:
    """INSERT a new row, all columns given. Raises IntegrityError like `save(force_insert=True)`; sends no signals."""
    sql, fields = _insert_sql(type(row))
    values = [field.get_db_prep_save(field.pre_save(row, True), connection) for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
    row._state.adding, row._state.db = False, "default"


def update(model: type[models.Model], values: dict[str, Any], where: dict[str, Any]) -> int:
    """UPDATE by equality, or membership where the value is a list; the number of rows. Plain values only."""
    sql = _update_sql(model, tuple(values), tuple((n, len(v) if isinstance(v, list) else 0) for n, v in where.items()))
    params = [_column(model, name).get_db_prep_save(value, connection) for name, value in values.items()]
    for name, value in where.items():
        wanted = value if isinstance(value, list) else [value]
        params += [_column(model, name).get_db_prep_value(one, connection) for one in wanted]
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return int(cursor.rowcount)


@cache
def _column(model: type[models.Model], name: str) -> models.Field[Any, Any]:
    return cast("models.Field[Any, Any]", model._meta.get_field(name))


@cache
def _insert_sql(model: type[models.Model]) -> tuple[str, list[models.Field[Any, Any]]]:
    fields = list(model._meta.local_concrete_fields)
    columns = ", ".join(f'"{field.column}"' for field in fields)
    marks = ", ".join(["%s"] * len(fields))
    # Names of tables and columns come from models alone; SQLite and PostgreSQL quote alike.
    return f'INSERT INTO "{model._meta.db_table}" ({columns}) VALUES ({marks})', fields  # noqa: S608


@cache
def _update_sql(model: type[models.Model], names: tuple[str, ...], where: tuple[tuple[str, int], ...]) -> str:
    sets = ", ".join(f'"{_column(model, name).column}" = %s' for name in names)
    wheres = " AND ".join(
        f'"{_column(model, name).column}" ' + (f"IN ({', '.join(['%s'] * many)})" if many else "= %s")
        for name, many in where
    )
    return f'UPDATE "{model._meta.db_table}" SET {sets} WHERE {wheres}'  # noqa: S608
