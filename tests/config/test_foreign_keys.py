"""What names a row of an MSP names the MSP with it, and once."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.db import connection, models

from approvals.models import Invocation

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


@on_postgresql
def test_the_key_of_a_call_names_its_agent_and_its_msp(db: None) -> None:
    """Each call pays for its foreign keys: the one to the key answers for three."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint "
            "WHERE contype = 'f' AND conrelid = 'approvals_invocation'::regclass ORDER BY conname"
        )
        keys = [rule for (rule,) in cursor.fetchall()]
    assert keys == [
        "FOREIGN KEY (agent_key_id, agent_id, msp_id) REFERENCES integrations_agentkey(id, agent_id, msp_id)",
        "FOREIGN KEY (connection_id, msp_id) REFERENCES integrations_connection(id, msp_id)",
    ]


@on_postgresql
def test_what_a_key_answers_for_it_names_itself(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_get_constraintdef(oid) FROM pg_constraint "
            "WHERE contype = 'f' AND conrelid = 'integrations_agentkey'::regclass"
        )
        keys = " ".join(rule for (rule,) in cursor.fetchall())
    assert "FOREIGN KEY (agent_id, msp_id) REFERENCES integrations_agent(id, msp_id)" in keys
    assert "FOREIGN KEY (msp_id) REFERENCES integrations_msp(id)" in keys


@on_postgresql
def test_the_ledgers_checks_are_looked_at_by_its_guards(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COUNT(*) FROM pg_constraint WHERE contype = 'c' AND conrelid = 'approvals_invocation'::regclass"
        )
        assert cursor.fetchone() == (0,)
        cursor.execute(
            "SELECT prosrc FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid "
            "WHERE tgrelid = 'approvals_invocation'::regclass AND NOT tgisinternal"
        )
        sources = [source for (source,) in cursor.fetchall()]
    checks = [c.name for c in Invocation._meta.constraints if isinstance(c, models.CheckConstraint)]
    assert len(checks) > 5
    for name in checks:
        assert sum(f"violates {name}" in source for source in sources) == 2, name
