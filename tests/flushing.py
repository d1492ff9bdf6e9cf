"""Lets tests, and only tests, empty tables that the database guards against being emptied."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.backends.base.operations import BaseDatabaseOperations

TRUNCATE = 1 << 5  # a bit of pg_trigger.tgtype

_flush = BaseDatabaseOperations.execute_sql_flush


def execute_sql_flush(self: Any, sql_list: Iterable[str]) -> None:
    """Django's, with the guards against deleting put aside for its transaction."""
    if self.connection.vendor == "postgresql" and _may_be_replica(self.connection):
        _delete(self.connection, " ".join(sql_list))
        return
    aside, back = (_sqlite if self.connection.vendor == "sqlite" else _postgresql)(self.connection)
    _flush(self, [*aside, *sql_list, *back])


def _may_be_replica(connection: Any) -> bool:
    """A superuser may, and whoever was granted it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT has_parameter_privilege('session_replication_role', 'SET')")
        return bool(cursor.fetchone()[0])


def _delete(connection: Any, truncation: str) -> None:
    """Delete what Django would truncate, which makes new files for 50 tables: most of what a test would cost."""
    tables = re.findall(r'"([^"]+)"', truncation)
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        # As a replica a session fires no triggers, neither ours nor those of foreign keys.
        cursor.execute("SET LOCAL session_replication_role = replica")
        deletions = " ".join(f'DELETE FROM "{table}";' for table in tables)  # noqa: S608 - Django's own names
        cursor.execute(f"DO $$ BEGIN {deletions} END $$")


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
