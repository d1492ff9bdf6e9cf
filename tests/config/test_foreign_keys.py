"""What names a row of an MSP names the MSP with it, and once."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import connection

on_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite keeps them as triggers")


@on_postgresql
def test_no_column_that_names_a_row_of_an_msp_is_looked_up_twice(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f'"
        )
        keys = cursor.fetchall()
    within = {(table, rule.split("(")[1].split(",")[0]) for table, name, rule in keys if name.endswith("_same_msp")}
    alone = {(table, rule.split("(")[1].split(")")[0]) for table, name, rule in keys if "," not in rule.split(")")[0]}
    assert len(within) > 15
    assert within & alone == set()


@on_postgresql
def test_every_foreign_key_of_a_model_is_one_of_the_database(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conrelid::regclass::text, attname FROM pg_constraint "
            "JOIN pg_attribute ON attrelid = conrelid AND attnum = ANY (conkey) WHERE contype = 'f'"
        )
        kept = set(cursor.fetchall())
    wanted = {
        (model._meta.db_table, field.column)
        for model in apps.get_models()
        if model._meta.managed and not model._meta.proxy
        for field in model._meta.local_concrete_fields
        if field.is_relation
    }
    assert wanted <= kept
