"""DATABASE_POOL: threads share a few connections to PostgreSQL, and hold none while NinjaOne thinks."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import psycopg
import pytest
import requests
from django.conf import settings
from django.db import connection

from bench.servers import LIFT_LIMITS, postgresql_at
from config.listening import LINE
from config.ports import free_port
from integrations.ninjaone.sandbox import Sandbox
from integrations.ninjaone.sandbox.faults import slow
from integrations.ninjaone.sandbox.server import serve_in_thread
from tests.config.processes import environment_of, manage, running, wait_until_it_answers
from tests.config.test_serve import children, countersigned, filled

POOL = 4
CALLERS = 12

pytestmark = pytest.mark.skipif(connection.vendor != "postgresql", reason="on PostgreSQL alone there is a pool")


class Site:
    """A server and a worker, each with a pool."""

    def __init__(self, env: dict[str, str], sandbox: Sandbox, server_pid: int, port: int, keys: list[str]) -> None:
        self.env, self.sandbox, self.server_pid, self.port, self.keys = env, sandbox, server_pid, port, keys

    def read(self, number: int) -> requests.Response:
        return requests.post(
            f"http://127.0.0.1:{self.port}/api/v1/tools/ninja-get-organization/invoke",
            json={"arguments": {"organization_id": 2}},
            headers={"Authorization": f"Bearer {self.keys[number % len(self.keys)]}"},
            timeout=60,
        )

    @contextlib.contextmanager
    def database(self) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
        with psycopg.connect(self.env["DATABASE_URL"], autocommit=True) as own:
            yield own


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One for all: starting it is most of what they take."""
    port, tmp_path = free_port(), tmp_path_factory.mktemp("pooled")
    with serve_in_thread(Sandbox()) as sandbox, postgresql_at(settings.TEST_DATABASE_URL) as database:
        env = environment_of(
            tmp_path, NINJAONE_SANDBOX_URL=sandbox.url, DATABASE_URL=database.url, DATABASE_POOL=str(POOL)
        )
        data = filled(env)
        assert manage(env, "shell", "--command", LIFT_LIMITS).returncode == 0
        keys = [agent["key"] for msp in data["msps"] for agent in msp["agents"]]
        with running(env, "serve", "--port", str(port), "--workers", "1") as server, running(env, "worker"):
            wait_until_it_answers(f"http://127.0.0.1:{port}/readyz", server)
            yield Site(env, sandbox.sandbox, server.pid, port, keys)


def most_connections(site: Site, until: Event) -> int:
    """The most that server and worker together ever had."""
    most = 0
    with site.database() as own:
        while not until.is_set():
            # A worker's bell is not of its pool, and PostgreSQL's own workers are nobody's.
            row = own.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
                " AND backend_type = 'client backend' AND application_name <> %s",
                [LINE["application_name"]],
            ).fetchone()
            most = max(most, *row or ())
            time.sleep(0.02)
    return most


def test_calls_that_wait_for_ninjaone_hold_no_connection(site: Site) -> None:
    path = "/v2/organization/2"
    site.sandbox.faults.add("GET", path, slow(5), times=CALLERS)
    done = Event()
    with ThreadPoolExecutor(CALLERS + 1) as threads:
        watch = threads.submit(most_connections, site, done)
        answers = [threads.submit(site.read, number) for number in range(CALLERS)]
        while not any(answer.done() for answer in answers) and len(site.sandbox.calls("GET", path)) < CALLERS:
            time.sleep(0.02)
        waiting_at_once = len(site.sandbox.calls("GET", path)) - sum(answer.done() for answer in answers)
        assert {answer.result().status_code for answer in answers} == {200}
        done.set()
    assert waiting_at_once > POOL
    assert watch.result() <= 2 * POOL


def test_the_main_process_forks_no_thread_of_a_pool(site: Site) -> None:
    threads = list(Path(f"/proc/{site.server_pid}/task").iterdir())
    assert len(threads) == 2  # itself, and who watches its worker
    assert len(children(site.server_pid)) == 1


def test_what_the_server_closed_is_not_used_again(site: Site) -> None:
    assert site.read(0).status_code == 200
    with site.database() as own:
        own.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert [site.read(number).status_code for number in range(2 * POOL)] == [200] * 2 * POOL


def test_what_is_approved_is_sent_and_waited_for(site: Site) -> None:
    assert countersigned(site.env, site.port, site.keys[0]) == "succeeded"
