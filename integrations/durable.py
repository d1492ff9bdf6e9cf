"""Commits that outlive a power cut, for the few that must."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


@contextmanager
def durable() -> Iterator[None]:
    """The commits inside reach the disk before they return. Open it around `transaction.atomic()`, not inside.

    SQLite in WAL mode with `synchronous=NORMAL` may forget its last commits when the power goes. For a result that
    is a pity; for "this write is being sent" it would mean sending it again. PostgreSQL always waits for the disk.
    """
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        yield
        return
    with connection.cursor() as cursor:
        usual = int(cursor.execute("PRAGMA synchronous").fetchone()[0])
        cursor.execute("PRAGMA synchronous=FULL")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA synchronous={usual}")
