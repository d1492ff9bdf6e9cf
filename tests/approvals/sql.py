"""Short ways to try in SQL what no code of ours would do."""

# ruff: noqa: S608 - names of tables and columns are the models'

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, models, transaction

from approvals.keys import key_keep
from approvals.models import Attempt, Decision, IdempotencyKey, Invocation, Status
from approvals.models.states import FIRST
from integrations.clock import database_now
from tests.approvals.asking import submit
from tests.cast import Tenant

INVOCATION, DECISION, ATTEMPT = (model._meta.db_table for model in (Invocation, Decision, Attempt))


def execute(sql: str, *params: object) -> int:
    """The statement, committed: constraints that wait for the end of a transaction count."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql, [_bound(value) for value in params])
        return int(cursor.rowcount)


def _bound(value: object) -> Any:
    return value.hex if isinstance(value, uuid.UUID) and connection.vendor == "sqlite" else value


def refuses(sql: str, *params: object) -> None:
    with pytest.raises(IntegrityError):
        execute(sql, *params)


def change(row: models.Model, **columns: object) -> tuple[str, list[object]]:
    sets = ", ".join(f"{name} = %s" for name in columns)
    return f"UPDATE {row._meta.db_table} SET {sets} WHERE id = %s", [*columns.values(), row.pk]


def copy(row: models.Model, **columns: object) -> tuple[str, list[object]]:
    """INSERT of the same row with a new id and other values."""
    names = [str(field.column) for field in row._meta.local_concrete_fields]
    values: dict[str, Any] = {"id": uuid.uuid4(), **columns}
    if isinstance(row, Invocation):
        values = {"call_digest": uuid.uuid4().hex, **values}
    picked = ", ".join("%s" if name in values else name for name in names)
    params = [values[name] for name in names if name in values]
    table = row._meta.db_table
    return f"INSERT INTO {table} ({', '.join(names)}) SELECT {picked} FROM {table} WHERE id = %s", [*params, row.pk]


def refuses_change(row: models.Model, **columns: object) -> None:
    sql, params = change(row, **columns)
    refuses(sql, *params)


def refuses_copy(row: models.Model, **columns: object) -> None:
    sql, params = copy(row, **columns)
    refuses(sql, *params)


def accepts_copy(row: models.Model, **columns: object) -> Any:
    """For the counter-proof: only the forbidden part of a statement is what makes it fail."""
    columns = {"id": uuid.uuid4(), **columns}
    sql, params = copy(row, **columns)
    assert execute(sql, *params) == 1
    return type(row)._default_manager.get(pk=columns["id"])


def at(tenant: Tenant, status: Status) -> Invocation:
    """An auto write's row, or a request, in that status."""
    row = submit(tenant, "ninja-reboot-device", device_id=43, options={"dry_run": True}).invocation
    soon = database_now() + timedelta(minutes=5)
    row.release_by = row.lease_until = row.dispatch_started_at = soon
    row.call_digest = uuid.uuid4().hex
    ways = {Status.SUCCEEDED: Status.DISPATCHING, Status.UNKNOWN: Status.DISPATCHING}
    start = status if status in FIRST else ways.get(status, Status.PENDING_APPROVAL)
    row.status, row.approvals_needed = start, int(start is Status.PENDING_APPROVAL)
    row.save(force_insert=True)
    if status is Status.DENIED:
        denial(tenant, row)
    if start is not status:
        sql, params = change(row, status=status.value)
        execute(sql, *params)
    return row


def key_of(row: Invocation) -> IdempotencyKey:
    """An Idempotency-Key that stands for it since now."""
    key_keep(row, "once", now=database_now())
    return IdempotencyKey.objects.get()


def denial(tenant: Tenant, row: Invocation, **values: Any) -> None:
    """A vote against the request, whose status it does not change."""
    columns = {
        "user": tenant.approver,
        "digest": row.digest,
        "verdict": "denied",
        "asked_at": row.created_at,
        **values,
    }
    Decision.objects.create(msp=tenant.msp, invocation=row, decided_at=database_now(), **columns)
