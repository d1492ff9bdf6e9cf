"""What the integration pages could change, as the database has it: ciphertexts included.

Not among it is when NinjaOne was last heard of, which asking it anything changes.
"""

from __future__ import annotations

from typing import Any

from django.db import connection

from integrations.models import Authorization, Connection
from integrations.ninjaone.contact import NOT_SPOKEN
from tools.models import ToolPolicy


def everything() -> list[Any]:
    """All rows of connections, authorizations under way and policies."""
    rows: list[Any] = []
    with connection.cursor() as cursor:
        for model in (Connection, Authorization, ToolPolicy):
            cursor.execute(f"SELECT * FROM {model._meta.db_table} ORDER BY id")  # noqa: S608 (our own table names)
            names = [column[0] for column in cursor.description]
            heard = {place for place, name in enumerate(names) if name in NOT_SPOKEN}
            found = cursor.fetchall()
            rows.append([tuple(value for place, value in enumerate(row) if place not in heard) for row in found])
    return rows
