"""A statement by way of the driver alone gives what Django's cursor gives, and fails as it does."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import DataError, IntegrityError, OperationalError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from integrations.direct import run
from integrations.models import Msp

on_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no prepared statements")

VALUES: list[Any] = [1, -1, 2**15, 2**31, 2**63 - 1, True, "Größe ✓", "", None, 1.5]
if connection.vendor == "postgresql":
    VALUES += [UUID(int=7), datetime(2026, 11, 29, 12, 30, 1, 5, UTC), b"\x00\xff"]


def direct(sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    return run(connections["default"], sql, values)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_value_comes_back_as_by_djangos_cursor(value: Any) -> None:
    cast = "SELECT %s" if value is not None else "SELECT CAST(%s AS text)"
    with CaptureQueriesContext(connection) as seen:
        by_django = direct(cast, [value])
    assert len(seen) == 1
    with CaptureQueriesContext(connection) as seen:
        for _ in range(3):
            connection.force_debug_cursor = False
            assert direct(cast, [value]) == by_django == [(value,)]
    assert len(seen) == 0


@pytest.mark.django_db(transaction=True)
def test_one_statement_takes_values_of_all_sizes_and_none() -> None:
    Msp.objects.create(name="Acme", slug="acme")
    for limit in (None, 5, 70_000, None, 2**31 - 1):
        assert direct("UPDATE integrations_msp SET calls_per_minute = %s", [limit]) == []
        assert Msp.objects.get().calls_per_minute == limit


@pytest.mark.django_db(transaction=True)
def test_what_the_database_refuses_is_djangos_error() -> None:
    Msp.objects.create(name="Acme", slug="acme")
    Msp.objects.create(name="Other", slug="other")
    with pytest.raises(IntegrityError):
        direct("UPDATE integrations_msp SET slug = %s WHERE name = %s", ["acme", "Other"])
    with pytest.raises((IntegrityError, DataError)):
        direct("UPDATE integrations_msp SET calls_per_minute = %s", [-1])
    assert direct("SELECT slug FROM integrations_msp ORDER BY slug") == [("acme",), ("other",)]


@pytest.mark.django_db(transaction=True)
def test_it_is_part_of_the_transaction_that_is_open() -> None:
    Msp.objects.create(name="Acme", slug="acme")
    with transaction.atomic():
        direct("UPDATE integrations_msp SET slug = %s", ["first"])
        direct("UPDATE integrations_msp SET slug = %s", ["second"])
        assert direct("SELECT slug FROM integrations_msp") == [("second",)]
        transaction.set_rollback(True)
    assert direct("SELECT slug FROM integrations_msp") == [("acme",)]


@pytest.mark.django_db(transaction=True)
def test_a_broken_transaction_takes_no_more_statements() -> None:
    with transaction.atomic():
        with pytest.raises(ZeroDivisionError), transaction.atomic(savepoint=False):
            _ = 1 / 0
        with pytest.raises(transaction.TransactionManagementError):
            direct("SELECT 1")


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_it_is_prepared_once_and_not_where_plans_are_made_afresh() -> None:
    for number in range(3):
        direct("SELECT 4712 + %s", [number])
    with connection.planned_afresh():  # type: ignore[attr-defined]
        direct("SELECT 4713 + %s", [1])
    kept = [text for (text,) in direct("SELECT statement FROM pg_prepared_statements ORDER BY name")]
    assert [text for text in kept if "471" in text] == ["SELECT 4712 + $1"]


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_what_psycopg_made_the_server_forget_is_prepared_again() -> None:
    first, second, third = (f"SELECT {number} + %s" for number in (4714, 4715, 4716))
    for _ in range(3):
        for sql in (first, second, third, first):
            assert direct(sql, [1]) == [(int(sql.split()[1]) + 1,)]
        with connection.cursor() as cursor:
            cursor.execute("DEALLOCATE ALL")
        for sql in (third, first):
            assert direct(sql, [1]) == [(int(sql.split()[1]) + 1,)]


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_what_somebody_prepared_under_the_same_name_is_the_same() -> None:
    assert direct("SELECT 4717 + %s", [1]) == [(4718,)]
    [(name,)] = direct("SELECT name FROM pg_prepared_statements WHERE statement LIKE %s", ["%4717%"])
    connection.close()
    with connection.cursor() as cursor:
        cursor.execute(f"PREPARE {name} AS SELECT 4717 + $1")
    assert direct("SELECT 4717 + %s", [1]) == [(4718,)]


@on_postgresql
@pytest.mark.django_db(transaction=True)
def test_a_connection_that_the_server_ended_is_told_and_replaced() -> None:
    [(pid,)] = direct("SELECT pg_backend_pid()")
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    finally:
        other.close()
    with pytest.raises(OperationalError):
        direct("SELECT pg_backend_pid()")
    connection.close_if_unusable_or_obsolete()
    assert direct("SELECT pg_backend_pid()") != [(pid,)]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("sql", ["SELECT '%%'", "SELECT %s LIKE 'a%'"])
@on_postgresql
def test_a_percent_sign_that_marks_no_value_is_refused(sql: str) -> None:
    with pytest.raises(ValueError, match="percent"):
        direct(sql, ["a"] if "%s" in sql else [])
