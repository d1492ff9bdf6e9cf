"""Rules that the database itself keeps, as triggers on SQLite and PostgreSQL alike, for migrations."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation


@dataclass(frozen=True)
class Rule:
    """`when` is SQL over NEW and OLD that both databases read; true means: refuse with `message`.

    DAYS_AGO(column or number) in it is that long ago by the database's own clock; a negative number is ahead of now.
    """

    name: str
    table: str
    event: str  # INSERT, UPDATE, DELETE, or TRUNCATE, which SQLite does not have
    when: str
    message: str


def changed(*columns: str) -> str:
    """SQL: any of these columns gets another value (NULL counts as one)."""
    # `NEW.c = OLD.c` alone is neither true nor false where one of them is NULL, and a trigger takes that for false.
    return " OR ".join(f"NEW.{c} <> OLD.{c} OR (NEW.{c} IS NULL) <> (OLD.{c} IS NULL)" for c in columns)


class _OfDatabase(Operation):
    """What models know nothing of."""

    reduces_to_sql = True
    reversible = True

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Nothing changes for them."""


class Guard(_OfDatabase):
    """Installs rules; the reverse removes them. A violation is an IntegrityError on both databases."""

    def __init__(self, rules: list[Rule]) -> None:
        self.rules = rules

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        """Create the triggers."""
        for rule in self.rules:
            for statement in _statements(rule, schema_editor.connection.vendor):
                schema_editor.execute(statement, params=None)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        """Drop the triggers."""
        for rule in self.rules:
            _drop_trigger(schema_editor, rule.name, rule.table)

    def describe(self) -> str:
        """For `migrate`'s output."""
        return f"Guard {', '.join(rule.name for rule in self.rules)}"


class Consequence(_OfDatabase):
    """After an `event` on `table` the database runs `statement`, SQL over NEW or OLD that both databases read."""

    def __init__(self, name: str, table: str, statement: str, event: str = "INSERT") -> None:
        self.name = name
        self.table = table
        self.statement = statement
        self.event = event

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        """Create the trigger."""
        head = f"CREATE TRIGGER {self.name} AFTER {self.event} ON {self.table} FOR EACH ROW"
        if schema_editor.connection.vendor == "sqlite":
            schema_editor.execute(f"{head} BEGIN {self.statement}; END", params=None)
            return
        body = f"BEGIN {self.statement}; RETURN NULL; END"
        schema_editor.execute(
            f"CREATE FUNCTION {self.name}() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$", params=None
        )
        schema_editor.execute(f"{head} EXECUTE FUNCTION {self.name}()", params=None)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        """Drop the trigger."""
        _drop_trigger(schema_editor, self.name, self.table)

    def describe(self) -> str:
        """For `migrate`'s output."""
        return f"Let {self.name} follow every {self.event} on {self.table}"


def _drop_trigger(schema_editor: BaseDatabaseSchemaEditor, name: str, table: str) -> None:
    if schema_editor.connection.vendor == "sqlite":
        schema_editor.execute(f"DROP TRIGGER IF EXISTS {name}")
        return
    schema_editor.execute(f"DROP TRIGGER IF EXISTS {name} ON {table}")
    schema_editor.execute(f"DROP FUNCTION IF EXISTS {name}()")


# As each database keeps moments: SQLite as text, in UTC.
DAYS_AGO = {
    "sqlite": r"STRFTIME('%Y-%m-%d %H:%M:%f', 'NOW', (-(\1)) || ' days')",
    "postgresql": r"(STATEMENT_TIMESTAMP() - \1 * INTERVAL '1 day')",
}


def _statements(rule: Rule, vendor: str) -> list[str]:
    if rule.event == "TRUNCATE" and vendor == "sqlite":
        return []
    when = re.sub(r"DAYS_AGO\(([\w.-]+)\)", DAYS_AGO[vendor], rule.when)
    each = "STATEMENT" if rule.event == "TRUNCATE" else "ROW"
    head = f"CREATE TRIGGER {rule.name} BEFORE {rule.event} ON {rule.table} FOR EACH {each}"
    if vendor == "sqlite":
        return [f"{head} WHEN {when} BEGIN SELECT RAISE(ABORT, '{rule.message}'); END"]
    row = {"DELETE": "OLD", "TRUNCATE": "NULL"}.get(rule.event, "NEW")
    function = f"""CREATE FUNCTION {rule.name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF {when} THEN
            RAISE EXCEPTION '{rule.message}' USING ERRCODE = 'integrity_constraint_violation';
        END IF;
        RETURN {row};
    END $$"""
    return [function, f"{head} EXECUTE FUNCTION {rule.name}()"]


@dataclass(frozen=True)
class Reference:
    """`table.column` names a row of `parent`, and both rows belong to the same MSP."""

    table: str
    column: str
    parent: str

    @property
    def name(self) -> str:
        """The constraint's name."""
        return f"{self.table}_{self.column}_same_msp"

    def rules(self) -> list[Rule]:
        """As triggers, for SQLite, which cannot add a foreign key to a table that exists."""
        its_row = f"{self.parent}.id = NEW.{self.column}"
        # Names of tables and columns come from migrations alone.
        stranger = f"EXISTS (SELECT 1 FROM {self.parent} WHERE {its_row} AND {self.parent}.msp_id <> NEW.msp_id)"  # noqa: S608
        message = f"{self.column} must belong to the same MSP"
        return [
            Rule(f"{self.name}_{event.lower()}", self.table, event, stranger, message) for event in ("INSERT", "UPDATE")
        ]


def _without_plain_key(reference: Reference) -> str:
    """SQL: drop the foreign keys of the column alone; Django names them with a hash."""
    column = f"SELECT attnum FROM pg_attribute WHERE attrelid = own.conrelid AND attname = '{reference.column}'"  # noqa: S608
    return f"""DO $$ DECLARE plain text; BEGIN
        FOR plain IN SELECT conname FROM pg_constraint AS own WHERE contype = 'f'
            AND conrelid = '{reference.table}'::regclass AND conkey = ARRAY({column})
        LOOP
            EXECUTE format('ALTER TABLE %I DROP CONSTRAINT %I', '{reference.table}', plain);
        END LOOP;
    END $$"""  # noqa: S608 - names come from migrations alone


class SameMsp(_OfDatabase):
    """Composite foreign keys (id, msp): a row cannot point into another tenant.

    On PostgreSQL they take the place of Django's own, which say less of the same and would be looked up besides with
    every row.
    """

    def __init__(self, references: list[Reference]) -> None:
        self.references = references

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        """Add them: foreign keys on PostgreSQL, triggers on SQLite."""
        for reference in self.references:
            if schema_editor.connection.vendor == "sqlite":
                for rule in reference.rules():
                    for statement in _statements(rule, "sqlite"):
                        schema_editor.execute(statement, params=None)
                continue
            schema_editor.execute(
                f"CREATE UNIQUE INDEX IF NOT EXISTS {reference.parent}_id_msp ON {reference.parent} (id, msp_id)"
            )
            schema_editor.execute(
                f"ALTER TABLE {reference.table} ADD CONSTRAINT {reference.name} "
                f"FOREIGN KEY ({reference.column}, msp_id) REFERENCES {reference.parent} (id, msp_id)"
            )
            schema_editor.execute(_without_plain_key(reference), params=None)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        """Remove them."""
        for reference in self.references:
            if schema_editor.connection.vendor == "sqlite":
                for rule in reference.rules():
                    schema_editor.execute(f"DROP TRIGGER IF EXISTS {rule.name}")
            else:
                schema_editor.execute(f"ALTER TABLE {reference.table} DROP CONSTRAINT IF EXISTS {reference.name}")
                schema_editor.execute(
                    f"ALTER TABLE {reference.table} ADD FOREIGN KEY ({reference.column}) "
                    f"REFERENCES {reference.parent} (id) DEFERRABLE INITIALLY DEFERRED"
                )

    def describe(self) -> str:
        """For `migrate`'s output."""
        return f"Keep {', '.join(f'{r.table}.{r.column}' for r in self.references)} within one MSP"


class Unlogged(_OfDatabase):
    """On PostgreSQL changes of the table wait for no disk. After a crash, and on a replica, it is empty."""

    def __init__(self, table: str) -> None:
        self.table = table

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        """SQLite has nothing of the kind."""
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f"ALTER TABLE {self.table} SET UNLOGGED")

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        """As any other table."""
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f"ALTER TABLE {self.table} SET LOGGED")

    def describe(self) -> str:
        """For `migrate`'s output."""
        return f"Write {self.table} without a log"
