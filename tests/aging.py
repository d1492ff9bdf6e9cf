"""Lets time pass for rows that the database does not let anybody backdate."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.db import connection, models, transaction
from django.db.models import F


@contextlib.contextmanager
def past_the_guards(*tables: str) -> Iterator[None]:
    """These tables without their triggers, as their owner could make them."""
    with transaction.atomic(), connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            names = ", ".join(["%s"] * len(tables))
            sql = f"SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name IN ({names})"  # noqa: S608
            cursor.execute(sql, tables)
            found = cursor.fetchall()
            off, on = [f"DROP TRIGGER {name}" for name, _ in found], [sql for _, sql in found]
        else:
            off, on = ([f"ALTER TABLE {t} {verb} TRIGGER USER" for t in tables] for verb in ("DISABLE", "ENABLE"))
        for statement in off:
            cursor.execute(statement)
        yield
        if connection.vendor == "postgresql":
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # no table with a check to come is altered
        for statement in on:
            cursor.execute(statement)


def age(rows: models.QuerySet[Any], **times: float) -> None:
    """Each row's columns are so many days older than they were."""
    with past_the_guards(rows.model._meta.db_table):
        rows.update(**{name: F(name) - timedelta(days=days) for name, days in times.items()})


def move(rows: models.QuerySet[Any], **values: Any) -> None:
    """Write values that the database guards."""
    with past_the_guards(rows.model._meta.db_table):
        rows.update(**values)
