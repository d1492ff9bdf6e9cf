"""Fills a site's PostgreSQL with the calls of very many MSPs, by INSERT ... SELECT, past the rules for single rows."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from bench.ledger import BLANK, CONSENT, RESULT
from bench.servers import Site

FILLED = ["approvals_invocation", "approvals_attempt", "approvals_decision", "integrations_auditevent"]
STATEMENTS = Path(__file__).with_name("growth.sql")
# Among so many of the newest calls the MSP that is measured has 30 requests that wait; of the others a hundredth does.
WAITING = 2_000
RECORD = json.dumps({"key": "0" * 12, "data": "x" * 420})
SETTINGS = (
    "session_replication_role = replica", "synchronous_commit = off", "work_mem = '256MB'",
    "maintenance_work_mem = '1GB'",
)  # fmt: skip

TENANTS = """
import json, secrets
from approvals.models import Invocation
from integrations.models import Agent, AgentKey, Msp
acme = Msp.objects.get(slug="acme-msp")
made = MSPS - Msp.objects.count()
Msp.objects.bulk_create([Msp(name=f"Bench {n:05}", slug=f"bench-{n:05}") for n in range(made)], batch_size=500)
agents = [Agent(msp=msp, name="bench-bot") for msp in Msp.objects.exclude(pk=acme.pk)]
Agent.objects.bulk_create(agents, batch_size=500)
keys = [AgentKey(msp_id=a.msp_id, agent=a, prefix=secrets.token_hex(4), digest="0" * 64) for a in agents]
AgentKey.objects.bulk_create(keys, batch_size=500)
given = {f.column: f.get_default() for f in Invocation._meta.concrete_fields}
own = AgentKey.objects.filter(msp=acme).order_by("agent__name")[:2]
print(json.dumps({
    "others": [[str(key.msp_id), str(key.agent_id), str(key.pk)] for key in keys],
    "own": [[str(key.msp_id), str(key.agent_id), str(key.pk)] for key in own],
    "approver": str(acme.memberships.filter(is_approver=True).first().user_id),
    "connection": str(acme.connections.get().pk),
    "blank": {name: value for name, value in given.items() if value is None or isinstance(value, (str, int))},
}))
"""


@dataclass(frozen=True)
class Filled:
    """How many rows there are, and how much room they take."""

    rows: dict[str, int]
    size: str


def growth_fill(site: Site, url: str, *, msps: int, calls: int) -> Filled:
    """`calls` calls of `msps` MSPs over 400 days; the demo's first MSP has a tenth of them."""
    made = json.loads(site.manage("shell", "--verbosity", "0", "--command", TENANTS.replace("MSPS", str(msps))))
    values = {
        "calls": calls, "waiting": WAITING, "others": len(made["others"]), "approver": made["approver"],
        "connection": made["connection"], "consent": CONSENT, "result": RESULT, "record": RECORD,
    }  # fmt: skip
    with psycopg.connect(url, autocommit=True, cursor_factory=psycopg.ClientCursor) as connection:
        for setting in SETTINGS:
            connection.execute(f"SET {setting}")
        _tenants(connection, made)
        indexes = _without_indexes(connection)
        for statement in _statements(made["blank"]):
            connection.execute(statement, values)
        for index in indexes:
            connection.execute(index)
        connection.execute("VACUUM (ANALYZE)")
        return _filled(connection)


def _tenants(connection: psycopg.Connection[Any], made: dict[str, Any]) -> None:
    connection.execute("CREATE TEMP TABLE bench_tenants (place int PRIMARY KEY, msp uuid, agent uuid, key uuid)")
    places = [(place, *ids) for place, ids in enumerate(made["others"])]
    places += [(-1 - place, *ids) for place, ids in enumerate(made["own"])]
    with connection.cursor().copy("COPY bench_tenants FROM STDIN") as copy:
        for row in places:
            copy.write_row(row)
    connection.execute("ANALYZE bench_tenants")


def _without_indexes(connection: psycopg.Connection[Any]) -> list[str]:
    """Drop all that no constraint needs, and give what makes them again: at the end that is much faster."""
    found = connection.execute(
        "SELECT i.indexname, i.indexdef FROM pg_indexes i LEFT JOIN pg_constraint c ON c.conname = i.indexname "
        "WHERE i.tablename = ANY(%s) AND c.oid IS NULL AND i.indexname NOT LIKE %s",
        [FILLED, "%_id_msp"],
    ).fetchall()
    for name, _ in found:
        connection.execute(f'DROP INDEX "{name}"')
    return [definition for _, definition in found]


def _statements(blank: dict[str, Any]) -> list[str]:
    """Those of the file; the calls' columns that it does not name are as they are in bench.ledger, or empty."""
    text = re.sub(r"--.*", "", STATEMENTS.read_text(encoding="utf-8"))
    calls, *others = filter(str.strip, text.split(";"))
    named = set(re.findall(r"\w+", calls.partition("SELECT")[0]))
    rest = {name: BLANK.get(name, default) for name, default in blank.items() if name not in named}
    literals = [_literal(value).replace("%", "%%") for value in rest.values()]
    return [calls.replace("{names}", ", ".join(rest)).replace("{values}", ", ".join(literals)), *others]


def _literal(value: Any) -> str:
    if value is None or isinstance(value, bool | int):
        return "NULL" if value is None else str(value).lower()
    return "'" + str(value).replace("'", "''") + "'"


def _filled(connection: psycopg.Connection[Any]) -> Filled:
    rows = {}
    for table in ("integrations_msp", *FILLED):
        found = connection.execute("SELECT reltuples::bigint FROM pg_class WHERE relname = %s", [table]).fetchone()
        rows[table] = int(found[0]) if found else 0
    size = connection.execute("SELECT pg_size_pretty(pg_database_size(current_database()))").fetchone()
    return Filled(rows, size[0] if size else "")
