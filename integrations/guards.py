"""Rules that the database itself keeps, as triggers on SQLite and PostgreSQL alike, for migrations."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation

from integrations.guarded_checks import checks_added, checks_dropped, checks_of, of_new_row

# Models with the event of those updates that could break one of their constraints.
Checked = list[tuple[type[models.Model], str]]


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


class OfDatabase(Operation):
    """What models know nothing of."""

    reduces_to_sql = True
    reversible = True

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Nothing changes for them."""


class Guard(OfDatabase):
    """Installs rules; the reverse removes them. A violation is an IntegrityError on both databases.

    `checked`: models of the app whose CHECK constraints are rules as well, on PostgreSQL, where they cost less so; and
    the event of those updates that could break one of them ("UPDATE OF columns"). A migration that changes one of
    these constraints takes this back first, and then installs it again.
    """

    def __init__(self, rules: list[Rule], checked: Mapping[str, str] | None = None) -> None:
        self.rules = rules
        self.checked = checked or {}

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        """Create the triggers."""
        vendor = schema_editor.connection.vendor
        checked = self._checked(app_label, schema_editor, to_state)
        for model, _ in checked:
            checks_dropped(model, schema_editor)
        for rules in _together([*self.rules, *_rules_of(checked, schema_editor)], vendor):
            for statement in statements(rules, vendor):
                schema_editor.execute(statement, params=None)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        """Drop the triggers."""
        checked = self._checked(app_label, schema_editor, from_state)
        for rules in _together([*self.rules, *_rules_of(checked, schema_editor)], schema_editor.connection.vendor):
            _drop_trigger(schema_editor, rules[0].name, rules[0].table)
        for model, _ in checked:
            checks_added(model, schema_editor)

    def _checked(self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, state: Any) -> Checked:
        if schema_editor.connection.vendor == "sqlite":
            return []
        return [(state.apps.get_model(app_label, name), updates) for name, updates in self.checked.items()]

    def describe(self) -> str:
        """For `migrate`'s output."""
        return f"Guard {', '.join([*(rule.name for rule in self.rules), *self.checked])}"


class Consequence(OfDatabase):
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
    "sqlite": r"STRFTIME('%Y-%m-%d %H:%M:%f000', 'NOW', (-(\1)) || ' days')",
    "postgresql": r"(STATEMENT_TIMESTAMP() - \1 * INTERVAL '1 day')",
}


def _rules_of(checked: Checked, schema_editor: BaseDatabaseSchemaEditor) -> list[Rule]:
    """Their CHECK constraints as rules. What is neither true nor false is no violation of either."""
    return [
        Rule(
            name=f"{name}_{event.split()[0].lower()}",
            table=model._meta.db_table,
            event=event,
            when=f"NOT ({of_new_row(check)})",
            message=f"violates {name}",
        )
        for model, updates in checked
        for name, check in checks_of(model, schema_editor).items()
        for event in ("INSERT", updates)
    ]


def _together(rules: list[Rule], vendor: str) -> list[list[Rule]]:
    """The rules of each trigger, which has the name of the first: on PostgreSQL the calls are what costs."""
    if vendor == "sqlite":
        return [[rule] for rule in rules if rule.event != "TRUNCATE"]
    found: dict[tuple[str, str], list[Rule]] = {}
    for rule in rules:
        found.setdefault((rule.table, rule.event), []).append(rule)
    return list(found.values())


def statements(rules: list[Rule], vendor: str) -> list[str]:
    """SQL for the trigger of these rules, which are of one table and event; of a single one on SQLite."""
    first = rules[0]
    each = "STATEMENT" if first.event == "TRUNCATE" else "ROW"
    head = f"CREATE TRIGGER {first.name} BEFORE {first.event} ON {first.table} FOR EACH {each}"
    if vendor == "sqlite":
        return [f"{head} WHEN {_when(first, vendor)} BEGIN SELECT RAISE(ABORT, '{first.message}'); END"]
    row = {"DELETE": "OLD", "TRUNCATE": "NULL"}.get(first.event, "NEW")
    function = f"""CREATE FUNCTION {first.name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        {_body(rules)}
        RETURN {row};
    END $$"""
    return [function, f"{head} EXECUTE FUNCTION {first.name}()"]


def _body(rules: list[Rule]) -> str:
    """PL/pgSQL: refuse. What looks at the row alone is one expression, and looked at in turn where it holds."""
    plain = [rule for rule in rules if "SELECT" not in rule.when]
    asking = "\n".join(_refusal(rule) for rule in rules if rule not in plain)
    if not plain:
        return asking
    any_of = " OR ".join(f"({_when(rule, 'postgresql')})" for rule in plain)
    refusals = "\n".join(_refusal(rule) for rule in plain)
    return f"IF {any_of} THEN {refusals} END IF;\n{asking}"


def _refusal(rule: Rule) -> str:
    raising = f"RAISE EXCEPTION '{rule.message}' USING ERRCODE = 'integrity_constraint_violation'"
    return f"IF {_when(rule, 'postgresql')} THEN {raising}; END IF;"


def _when(rule: Rule, vendor: str) -> str:
    return re.sub(r"DAYS_AGO\(([\w.-]+)\)", DAYS_AGO[vendor], rule.when)


class Unlogged(OfDatabase):
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
