"""Behind a pooler by transaction everything works but the bell, which has an address of its own."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from django.conf import settings
from django.db import connection

from bench.servers import postgresql_at
from config.listening import LINE
from config.ports import free_port
from integrations.ninjaone.sandbox import Sandbox
from integrations.ninjaone.sandbox.server import serve_in_thread
from tests.chaos.product import wait_for
from tests.config.pgbouncer import pgbouncer
from tests.config.processes import environment_of, running, wait_until_it_answers
from tests.config.test_serve import countersigned, filled

pytestmark = pytest.mark.skipif(connection.vendor != "postgresql", reason="on PostgreSQL alone there are poolers")

CONNECTIONS = 4


def test_a_server_and_two_workers_share_four_connections(tmp_path: Path) -> None:
    port = free_port()
    with (
        serve_in_thread(Sandbox()) as sandbox,
        postgresql_at(settings.TEST_DATABASE_URL) as database,
        pgbouncer(database.url, tmp_path, CONNECTIONS) as pooled,
        psycopg.connect(database.url, autocommit=True) as direct,
    ):
        env = environment_of(tmp_path, NINJAONE_SANDBOX_URL=sandbox.url, DATABASE_URL=pooled, DATABASE_POOLER="1")
        key = filled(env)["msps"][0]["agents"][0]["key"]
        hears = env | {"DATABASE_LISTEN_URL": database.url}
        with (
            running(env, "serve", "--port", str(port), "--workers", "2") as server,
            running(hears, "worker"),
            running(env, "worker") as deaf,
        ):
            wait_until_it_answers(f"http://127.0.0.1:{port}/readyz", server)
            assert deaf.stdout is not None
            assert any("DATABASE_LISTEN_URL can name PostgreSQL itself" in line for line in deaf.stdout)
            sql = (
                "SELECT application_name FROM pg_stat_activity"
                " WHERE datname = current_database() AND backend_type = 'client backend'"
            )
            wait_for(lambda: (LINE["application_name"],) in direct.execute(sql).fetchall())
            assert countersigned(env, port, key) == "succeeded"
            # The bell's and this test's own connection are not PgBouncer's.
            assert len(direct.execute(sql).fetchall()) <= CONNECTIONS + 2
