"""Lets tests, and only tests, empty tables that the database guards against being emptied."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.backends.base.operations import BaseDatabaseOperations

TRUNCATE = 1 << 5  # a bit of pg_trigger.tgtype

_flush = BaseDatabaseOperations.execute_sql_flush


def execute_sql_flush(self: Any, sql_list: Iterable[str]) -> None:
    """Django's, with the guards against deleting put aside for its transaction."""
    aside, back = (_sqlite if self.connection.vendor == "sqlite" else _postgresql)(self.connection)
    _flush(self, [*aside, *sql_list, *back])


def _sqlite(connection: Any) -> tuple[list[str], list[str]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND sql LIKE '%BEFORE DELETE ON%'")
        found = cursor.fetchall()
    return [f"DROP TRIGGER {name}" for name, _ in found], [sql for _, sql in found]


def _postgresql(connection: Any) -> tuple[list[str], list[str]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE NOT tgisinternal AND tgtype & %s > 0",
            [TRUNCATE],
        )
        found = cursor.fetchall()
    tables = [[f"ALTER TABLE {table} {verb} TRIGGER {name}" for table, name in found] for verb in ("DISABLE", "ENABLE")]
    return tables[0], tables[1]
