"""Fills the database of a site with a large ledger, past the rules that let rows begin at their start alone."""

from __future__ import annotations

import json
import random
import sqlite3
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import psycopg

from bench.ledger import Tenant, calls_of, in_batches, votes_of
from bench.servers import Site

LEDGER, DECISIONS = "approvals_invocation", "approvals_decision"
OTHER_CALLS = 1_000
# Makes the MSPs, agents and people; prints their ids, and what columns hold of which nothing is said here.
TENANTS = """
import json, secrets
from approvals.models import Decision, Invocation
from integrations.models import Agent, AgentKey, Connection, Membership, Msp, User
def agents(msp, number):
    made = []
    for index in range(number):
        agent = Agent.objects.create(msp=msp, name=f"bench-bot-{index:02}")
        key = AgentKey.objects.create(msp=msp, agent=agent, prefix=secrets.token_hex(4), digest="0" * 64)
        made.append([str(agent.pk), str(key.pk)])
    return made
acme = Msp.objects.get(slug="acme-msp")
people = [User.objects.create_user(f"bench-person-{index}") for index in range(7)]
for user in people[:-1]:
    Membership.objects.create(msp=acme, user=user, is_approver=True)
others = []
for index in range(OTHERS):
    msp = Msp.objects.create(name=f"Bench {index:03}", slug=f"bench-{index:03}")
    others.append({"msp": str(msp.pk), "agents": agents(msp, 1)})
def blank(model):
    given = {field.column: field.get_default() for field in model._meta.concrete_fields}
    return {name: value for name, value in given.items() if value is None or isinstance(value, (str, int))}
print(json.dumps({
    "calls": blank(Invocation), "votes": blank(Decision),
    "acme": {
        "msp": str(acme.pk), "agents": agents(acme, 12), "people": [str(user.pk) for user in people],
        "connection": str(Connection.objects.get(msp=acme).pk),
    },
    "others": others,
}))
"""


class Store(Protocol):
    """Takes many rows at once."""

    def add(self, table: str, rows: list[dict[str, Any]]) -> None:
        """Write them down."""

    def close(self) -> None:
        """Make the database as it is when nobody filled it past its rules."""


def fill(site: Site, url: str, *, calls: int, others: int) -> None:
    """`calls` calls of the first MSP, and a thousand of each of `others` MSPs that it makes."""
    made = json.loads(site.manage("shell", "--verbosity", "0", "--command", TENANTS.replace("OTHERS", str(others))))
    store: Store = _Postgresql(url) if url.startswith("postgres") else _Sqlite(url)
    now, chance = datetime.now(UTC), random.Random(1)  # noqa: S311 - the same ledger each time

    def add(table: str, blank: dict[str, Any], rows: list[dict[str, Any]]) -> None:
        store.add(table, [{**blank, **row} for row in rows])

    acme = _tenant(made["acme"])
    for batch in in_batches(calls_of(acme, calls, now, chance)):
        add(LEDGER, made["calls"], batch)
        add(DECISIONS, made["votes"], list(votes_of(acme, iter(batch), chance)))
    for other in made["others"]:
        for batch in in_batches(calls_of(_tenant(other), OTHER_CALLS, now, chance)):
            add(LEDGER, made["calls"], batch)
    store.close()


def _tenant(ids: dict[str, Any]) -> Tenant:
    agents = [(uuid.UUID(agent), uuid.UUID(key)) for agent, key in ids["agents"]]
    people = [uuid.UUID(person) for person in ids.get("people", [])]
    connection = uuid.UUID(ids["connection"]) if "connection" in ids else None
    return Tenant(uuid.UUID(ids["msp"]), agents, people, connection)


class _Postgresql:
    """By COPY. Indexes are made at the end, which is much faster and the same for whoever reads."""

    def __init__(self, url: str) -> None:
        self.connection = psycopg.connect(url, autocommit=True)
        self.connection.execute("SET session_replication_role = replica")
        self.indexes = self.connection.execute(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY(%s) AND indexdef NOT LIKE %s",
            [[LEDGER, DECISIONS], "CREATE UNIQUE%"],
        ).fetchall()
        for name, _ in self.indexes:
            self.connection.execute(f'DROP INDEX "{name}"')

    def add(self, table: str, rows: list[dict[str, Any]]) -> None:
        """Write them down."""
        if not rows:
            return
        columns = list(rows[0])
        command = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
        with self.connection.cursor().copy(command) as copy:
            for row in rows:
                copy.write_row([row[name] for name in columns])

    def close(self) -> None:
        """With its indexes, and looked through as autovacuum does sooner or later."""
        for _, definition in self.indexes:
            self.connection.execute(definition)
        self.connection.execute(f"VACUUM (ANALYZE) {LEDGER}, {DECISIONS}")
        self.connection.close()


class _Sqlite:
    """Without its triggers meanwhile."""

    def __init__(self, url: str) -> None:
        self.connection = sqlite3.connect(Path(url.removeprefix("sqlite:///")), timeout=60)
        self.triggers = self.connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in self.triggers:
            self.connection.execute(f'DROP TRIGGER "{name}"')

    def add(self, table: str, rows: list[dict[str, Any]]) -> None:
        """Write them down."""
        if not rows:
            return
        columns = list(rows[0])
        marks = ", ".join("?" * len(columns))
        values = [[_as_django_writes_it(row[name]) for name in columns] for row in rows]
        # Names of tables and columns come from this benchmark alone.
        self.connection.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", values)  # noqa: S608

    def close(self) -> None:
        """With its triggers."""
        for _, definition in self.triggers:
            self.connection.execute(definition)
        self.connection.commit()
        self.connection.execute("ANALYZE")
        self.connection.close()


def _as_django_writes_it(value: Any) -> Any:
    if isinstance(value, uuid.UUID):
        return value.hex
    return str(value.replace(tzinfo=None)) if isinstance(value, datetime) else value
