"""Statements by the driver alone, for the few that every call of an agent pays. Errors are Django's, as everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, cast

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper

Rows = list[tuple[Any, ...]]


class Statement(NamedTuple):
    """SQL which has `%s` in the place of each value, and the values."""

    sql: str
    values: Sequence[Any]


def run_together(statements: Sequence[Statement]) -> list[Rows]:
    """What `run` gives for each, one after the other. None of them can have what another one found.

    PostgreSQL gets them at once: a way there and back costs it as much as a small statement, and the process, too.
    What one of them is refused for is raised, and undoes them all.
    """
    database: BaseDatabaseWrapper = connections[DEFAULT_DB_ALIAS]
    if database.vendor == "postgresql" and not (database.queries_logged or database.execute_wrappers):
        from integrations.prepared_statements import pipeline_run  # noqa: PLC0415 - SQLite has no psycopg

        database.close_if_health_check_failed()
        database.ensure_connection()
        database.validate_no_broken_transaction()
        with database.wrap_database_errors:
            found = pipeline_run(database.connection, statements)
        if found is not None:
            return found
    return [run(database, sql, values) for sql, values in statements]


def run(database: BaseDatabaseWrapper, sql: str, values: Sequence[Any]) -> Rows:
    """The rows that `sql` gives, which has `%s` in the place of each value; none where it gives no rows."""
    if database.queries_logged or database.execute_wrappers:
        with database.cursor() as wrapped:
            return _by_cursor(database, wrapped.cursor, wrapped, sql, values)
    # What a cursor does, too, in its order: a new connection is in no transaction that could be broken.
    database.close_if_health_check_failed()
    database.ensure_connection()
    database.validate_no_broken_transaction()
    with database.wrap_database_errors:
        if database.vendor == "postgresql":
            from integrations.prepared_statements import is_ready, prepared_run  # noqa: PLC0415 - SQLite has no psycopg

            if is_ready(database.connection):
                return prepared_run(database.connection, sql, values)
        cursor = database.create_cursor()
        try:
            return _by_cursor(database, cursor, cursor, sql, values)
        finally:
            cursor.close()


def _by_cursor(database: BaseDatabaseWrapper, own: Any, cursor: Any, sql: str, values: Sequence[Any]) -> Rows:
    if database.vendor == "postgresql":
        from psycopg.pq import Format  # noqa: PLC0415

        # As by prepared statements: times, UUIDs and bytes need not be read out of text.
        own.format = Format.BINARY
    cursor.execute(sql, values)
    return cast(Rows, cursor.fetchall()) if cursor.description else []
