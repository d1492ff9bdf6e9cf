"""What an MSP's activity can be filtered by: the devices, organizations and people that are in it at all.

A ledger is not read for that. From one value the index leads to the next one, however many calls lie in between.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import connection

from approvals.models import Decision, Invocation
from integrations.models import Msp, User

# Reads an index once per value. {value} is the column, {name} what it is called there.
EACH_ONCE = """
SELECT found.value, ({name}) FROM (
    WITH RECURSIVE step(value) AS (
        SELECT (SELECT {value} FROM {table} WHERE msp_id = %s AND {value} IS NOT NULL ORDER BY {value} LIMIT 1)
        UNION ALL
        SELECT (SELECT {value} FROM {table} WHERE msp_id = %s AND {value} > step.value ORDER BY {value} LIMIT 1)
        FROM step WHERE step.value IS NOT NULL
    )
    SELECT value FROM step WHERE value IS NOT NULL
) AS found
"""
# The newest name that it had.
NEWEST_NAME = """
SELECT {name} FROM {table} WHERE msp_id = %s AND {value} = found.value ORDER BY created_at DESC, id DESC LIMIT 1
"""
USER_NAME = "SELECT username FROM {users} WHERE id = found.value"


def known_devices(msp: Msp) -> list[tuple[int, str]]:
    """Number and newest name of every device that a call of the MSP was about, as NinjaOne numbers them."""
    return _of_invocations(msp, "device_id", "device_name")


def known_organizations(msp: Msp) -> list[tuple[int, str]]:
    """Number and newest name of every organization that a call of the MSP was about."""
    return _of_invocations(msp, "organization_id", "organization_name")


def known_deciders(msp: Msp) -> list[tuple[UUID, str]]:
    """Everybody who ever decided a request of the MSP, those who left included."""
    name = USER_NAME.format(users=User._meta.db_table)
    sql = EACH_ONCE.format(table=Decision._meta.db_table, value="user_id", name=name)
    return [(value if isinstance(value, UUID) else UUID(value), name) for value, name in _fetched(sql, msp, 2)]


def _of_invocations(msp: Msp, value: str, name: str) -> list[tuple[int, str]]:
    table = Invocation._meta.db_table
    newest = NEWEST_NAME.format(table=table, value=value, name=name)
    return _fetched(EACH_ONCE.format(table=table, value=value, name=newest), msp, 3)


def _fetched(sql: str, msp: Msp, times: int) -> list[tuple[Any, str]]:
    """The rows. Names of tables and columns come from this file alone; the MSP is bound `times` times."""
    key = Invocation._meta.get_field("msp").get_db_prep_value(msp.pk, connection)
    with connection.cursor() as cursor:
        cursor.execute(sql, [key] * times)
        return list(cursor.fetchall())
