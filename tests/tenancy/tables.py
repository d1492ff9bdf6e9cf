"""What a tenant's rows are right now, table by table, so that a change anywhere shows."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from django.apps import apps
from django.contrib.auth.models import Group
from django.db import connection, models

from integrations.models import Installation, Msp, User

HARMLESS = {"SELECT", "BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK", "COMMIT", "PRAGMA"}
WRITTEN = re.compile(r'\b(?:INSERT INTO|UPDATE(?! SET)|DELETE FROM) "?(\w+)')


class Writes:
    """Notes which tables statements could have changed, for `connection.execute_wrapper`."""

    def __init__(self) -> None:
        self.tables: set[str] = set()

    @property
    def happened(self) -> bool:
        """Whether any could."""
        return bool(self.tables)

    def __call__(self, execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        """Run the statement."""
        text = str(sql).lstrip("(")
        if text.split(maxsplit=1)[0].upper() not in HARMLESS:
            # One statement may write to several (WITH).
            self.tables |= set(WRITTEN.findall(text)) or {text}
        return execute(sql, params, many, context)


def rows_of(msp: Msp) -> dict[str, Any]:
    """Everything that belongs to the MSP, its people's accounts and rights included."""
    found: dict[str, Any] = {}
    with connection.cursor() as cursor:
        for table, column in _tenant_tables():
            where = "id IN (SELECT user_id FROM integrations_membership WHERE msp_id = %s)"
            condition = where if table == User._meta.db_table else f"{column} = %s"
            cursor.execute(f'SELECT * FROM "{table}" WHERE {condition} ORDER BY 1', [_key(msp)])  # noqa: S608
            found[table] = cursor.fetchall()
    return found


def changed_tables(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    """The tables that differ."""
    return {table for table in before if before[table] != after[table]}


@cache
def _tenant_tables() -> list[tuple[str, str]]:
    tables = {(User._meta.db_table, "id"), (Msp._meta.db_table, "id")}
    for model in apps.get_models():
        for field in model._meta.local_concrete_fields:
            if isinstance(field, models.ForeignKey) and field.related_model is Msp:
                tables.add((model._meta.db_table, field.column))
    return sorted(tables)


def platform_rows() -> dict[str, Any]:
    """What belongs to nobody and only operators change."""
    return {
        "groups": list(Group.objects.values_list()),
        "superusers": list(User.objects.filter(is_superuser=True).values_list("pk", "password", "is_active")),
        "msps": list(Msp.objects.order_by("pk").values_list("pk")),
        "installation": list(Installation.objects.values_list()),
    }


def _key(msp: Msp) -> Any:
    return Msp._meta.pk.get_db_prep_value(msp.pk, connection)
