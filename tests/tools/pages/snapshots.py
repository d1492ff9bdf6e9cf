"""What the integration pages could change, as the database has it: ciphertexts included."""

from __future__ import annotations

from typing import Any

from django.db import connection

from integrations.models import Authorization, Connection
from tools.models import ToolPolicy


def everything() -> list[Any]:
    """All rows of connections, authorizations under way and policies."""
    rows: list[Any] = []
    with connection.cursor() as cursor:
        for model in (Connection, Authorization, ToolPolicy):
            cursor.execute(f"SELECT * FROM {model._meta.db_table} ORDER BY id")  # noqa: S608 (our own table names)
            rows.append(cursor.fetchall())
    return rows
