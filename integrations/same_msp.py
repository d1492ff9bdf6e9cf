"""Foreign keys that cannot lead into another tenant, for migrations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from integrations.guards import OfDatabase, Rule, statements


@dataclass(frozen=True)
class Reference:
    """`table.column` names a row of `parent`, and both rows belong to the same MSP.

    `also`: columns that both tables have and that must say the same, with the tables of the rows they name. What they
    and the MSP's name is what the parent's name, which have foreign keys of their own: so they need none here.
    """

    table: str
    column: str
    parent: str
    also: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The constraint's name."""
        return f"{self.table}_{self.column}_same_msp"

    @property
    def shared(self) -> tuple[str, ...]:
        """The columns in which both rows agree."""
        return (*self.also, "msp_id")

    @property
    def answered(self) -> dict[str, str]:
        """The columns that need no foreign key of Django's beside this one, and what they name."""
        return {self.column: self.parent} | ({**self.also, "msp_id": "integrations_msp"} if self.also else {})

    def statements(self) -> list[str]:
        """SQL for PostgreSQL."""
        theirs, keys = ", ".join(("id", *self.shared)), ", ".join((self.column, *self.shared))
        index = "_".join((self.parent, "id", *(name.removesuffix("_id") for name in self.shared)))
        foreign_key = f"FOREIGN KEY ({keys}) REFERENCES {self.parent} ({theirs})"
        return [
            f"CREATE UNIQUE INDEX IF NOT EXISTS {index} ON {self.parent} ({theirs})",
            f"ALTER TABLE {self.table} ADD CONSTRAINT {self.name} {foreign_key}",
            *(_without_plain_key(self.table, column) for column in self.answered),
        ]

    def statements_back(self) -> list[str]:
        """SQL for PostgreSQL: Django's foreign keys instead."""
        return [
            f"ALTER TABLE {self.table} DROP CONSTRAINT IF EXISTS {self.name}",
            *(
                f"ALTER TABLE {self.table} ADD FOREIGN KEY ({column}) REFERENCES {parent} (id) "
                "DEFERRABLE INITIALLY DEFERRED"
                for column, parent in self.answered.items()
            ),
        ]

    def rules(self) -> list[Rule]:
        """As triggers, for SQLite, which cannot add a foreign key to a table that exists."""
        differs = " OR ".join(f"{self.parent}.{name} <> NEW.{name}" for name in self.shared)
        # Names of tables and columns come from migrations alone.
        stranger = f"EXISTS (SELECT 1 FROM {self.parent} WHERE {self.parent}.id = NEW.{self.column} AND ({differs}))"  # noqa: S608
        message = f"{self.column} must belong to the same {' and '.join(('MSP', *self.also))}"
        return [
            Rule(f"{self.name}_{event.lower()}", self.table, event, stranger, message) for event in ("INSERT", "UPDATE")
        ]


def _without_plain_key(table: str, column: str) -> str:
    """SQL: drop the foreign keys of the column alone; Django names them with a hash."""
    number = f"SELECT attnum FROM pg_attribute WHERE attrelid = own.conrelid AND attname = '{column}'"  # noqa: S608
    return f"""DO $$ DECLARE plain text; BEGIN
        FOR plain IN SELECT conname FROM pg_constraint AS own WHERE contype = 'f'
            AND conrelid = '{table}'::regclass AND conkey = ARRAY({number})
        LOOP
            EXECUTE format('ALTER TABLE %I DROP CONSTRAINT %I', '{table}', plain);
        END LOOP;
    END $$"""  # noqa: S608 - names come from migrations alone


class SameMsp(OfDatabase):
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
                    for statement in statements([rule], "sqlite"):
                        schema_editor.execute(statement, params=None)
                continue
            for statement in reference.statements():
                schema_editor.execute(statement, params=None)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        """Remove them."""
        for reference in self.references:
            if schema_editor.connection.vendor == "sqlite":
                for rule in reference.rules():
                    schema_editor.execute(f"DROP TRIGGER IF EXISTS {rule.name}")
            else:
                for statement in reference.statements_back():
                    schema_editor.execute(statement, params=None)

    def describe(self) -> str:
        """For `migrate`'s output."""
        return f"Keep {', '.join(f'{r.table}.{r.column}' for r in self.references)} within one MSP"
