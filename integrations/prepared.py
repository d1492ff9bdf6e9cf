"""ORM statements compiled once, for the few that every call of an agent pays.

Building SQL costs the ORM more than the database needs to run it. Here the SQL of a queryset is kept and only
values are bound; rows still become model instances, through the same converters.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Generic, TypeVar, cast

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.query import RelatedPopulator, get_related_populators

Row = TypeVar("Row", bound=models.Model)


class _Prepared(Generic[Row]):
    """`build(value)` gives the queryset for one value of `model`'s `field`; it is run with others in its place."""

    def __init__(
        self, build: Callable[[Any], models.QuerySet[Any]], *, model: type[models.Model], field: str, stand_in: Any
    ) -> None:
        self._build = build
        self._model = model
        self._field_name = field
        self._stand_in = stand_in
        self._compiled: dict[str, _Compiled] = {}

    def _of(self, database: BaseDatabaseWrapper) -> _Compiled:
        compiled = self._compiled.get(database.vendor)
        if compiled is None:
            compiled = _Compiled(self._build(self._stand_in), self._bound(self._stand_in, database))
            self._compiled[database.vendor] = compiled
        return compiled

    def _bound(self, value: Any, database: BaseDatabaseWrapper) -> Any:
        return _column(self._model, self._field_name).get_db_prep_value(value, database)


class PreparedQuery(_Prepared[Row]):
    """Gives model instances; each call runs it for another value."""

    def __call__(self, value: Any) -> list[Row]:
        """The rows for `value`."""
        database = _database()
        compiled = self._of(database)
        return [
            compiled.instance(list(raw), database) for raw in compiled.fetched(self._bound(value, database), database)
        ]

    def first(self, value: Any) -> Row | None:
        """The first row for `value`, None without one."""
        return next(iter(self(value)), None)


class PreparedValues(_Prepared[Any]):
    """Gives the columns of a `values_list()` as the database has them: texts and integers, which need no conversion."""

    def __call__(self, value: Any) -> tuple[tuple[Any, ...], ...]:
        """The rows for `value`."""
        database = _database()
        return tuple(self._of(database).fetched(self._bound(value, database), database))


class _Compiled:
    """What Django's ModelIterable works out anew for every query."""

    def __init__(self, queryset: models.QuerySet[Any], stand_in: Any) -> None:
        compiler = queryset.query.get_compiler(queryset.db)
        self.sql, params = compiler.as_sql()
        self.params = list(params)
        self.slots = [position for position, param in enumerate(self.params) if param == stand_in]
        if not self.slots:
            raise ValueError("The queryset does not depend on its value.")
        self.alias = queryset.db
        select, klass_info = compiler.select, compiler.klass_info
        if klass_info is None:
            return
        self.converters = compiler.get_converters([column[0] for column in select])
        self.model = klass_info["model"]
        columns = klass_info["select_fields"]
        self.start, self.end = columns[0], columns[-1] + 1
        self.names = [column[0].target.attname for column in select[self.start : self.end]]
        # The stubs describe a later Django, whose populators take one more argument.
        self.related: list[RelatedPopulator] = get_related_populators(klass_info, select, queryset.db)  # type: ignore[call-arg]
        self.annotations = dict(compiler.annotation_col_map)

    def fetched(self, value: Any, database: BaseDatabaseWrapper) -> list[tuple[Any, ...]]:
        params = self.params.copy()
        for slot in self.slots:
            params[slot] = value
        with database.cursor() as cursor:
            cursor.execute(self.sql, params)
            rows: list[tuple[Any, ...]] = cursor.fetchall()
        return rows

    def instance(self, row: list[Any], database: BaseDatabaseWrapper) -> Any:
        for position, (converters, expression) in self.converters.items():
            for converter in converters:
                row[position] = converter(row[position], expression, database)
        instance: models.Model = self.model.from_db(self.alias, self.names, row[self.start : self.end])
        for populator in self.related:
            populator.populate(row, instance)
        for name, position in self.annotations.items():
            setattr(instance, name, row[position])
        return instance


def insert(row: models.Model) -> None:
    """INSERT a new row, all columns given. Raises IntegrityError like `save(force_insert=True)`; sends no signals."""
    database = _database()
    sql, columns = _insert_sql(type(row))
    values = [
        value if value is None or is_plain else field.get_db_prep_save(value, database)
        for field, is_plain in columns
        for value in (getattr(row, field.attname),)
    ]
    with database.cursor() as cursor:
        cursor.execute(sql, values)
    row._state.adding, row._state.db = False, DEFAULT_DB_ALIAS


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


# Their values are bound as they are, on both databases.
PLAIN_FIELDS = (
    models.CharField,
    models.TextField,
    models.BooleanField,
    models.PositiveIntegerField,
    models.PositiveSmallIntegerField,
)


@cache
def _insert_sql(model: type[models.Model]) -> tuple[str, list[tuple[models.Field[Any, Any], bool]]]:
    fields = list(model._meta.local_concrete_fields)
    if any(getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False) for field in fields):
        raise ValueError(f"{model.__name__} has columns that are filled as they are saved.")
    columns = ", ".join(f'"{field.column}"' for field in fields)
    marks = ", ".join(["%s"] * len(fields))
    # Names of tables and columns come from models alone; SQLite and PostgreSQL quote alike.
    sql = f'INSERT INTO "{model._meta.db_table}" ({columns}) VALUES ({marks})'  # noqa: S608
    return sql, [(field, type(field) in PLAIN_FIELDS) for field in fields]


@cache
def _update_sql(model: type[models.Model], names: tuple[str, ...], where: tuple[tuple[str, int], ...]) -> str:
    sets = ", ".join(f'"{_column(model, name).column}" = %s' for name in names)
    wheres = " AND ".join(
        f'"{_column(model, name).column}" ' + (f"IN ({', '.join(['%s'] * many)})" if many else "= %s")
        for name, many in where
    )
    return f'UPDATE "{model._meta.db_table}" SET {sets} WHERE {wheres}'  # noqa: S608
