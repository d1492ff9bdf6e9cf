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


class Guard(Operation):
    """Installs rules; the reverse removes them. A violation is an IntegrityError on both databases."""

    reduces_to_sql = True
    reversible = True

    def __init__(self, rules: list[Rule]) -> None:
        self.rules = rules

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Models know nothing of triggers."""

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


class Consequence(Operation):
    """After an `event` on `table` the database runs `statement`, SQL over NEW or OLD that both databases read."""

    reduces_to_sql = True
    reversible = True

    def __init__(self, name: str, table: str, statement: str, event: str = "INSERT") -> None:
        self.name = name
        self.table = table
        self.statement = statement
        self.event = event

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Models know nothing of triggers."""

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


class SameMsp(Operation):
    """Composite foreign keys (id, msp): a row cannot point into another tenant."""

    reduces_to_sql = True
    reversible = True

    def __init__(self, references: list[Reference]) -> None:
        self.references = references

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Models know nothing of them."""

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

    def describe(self) -> str:
        """For `migrate`'s output."""
        return f"Keep {', '.join(f'{r.table}.{r.column}' for r in self.references)} within one MSP"
