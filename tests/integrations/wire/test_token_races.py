"""Many callers, one expired token: one token request, and nobody fails."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection as database

from integrations.clock import database_now
from integrations.models import Connection
from integrations.ninjaone.errors import NotSentError
from integrations.ninjaone.sandbox import ACME, faults
from integrations.ninjaone.sandbox.messages import Delivery
from integrations.ninjaone.tokens import access_token, refresh_after_401
from tests.integrations.wire.conftest import Live

TOKEN = "/ws/oauth/token"

# Another process on the same database: 8 threads that want a token at once.
CALLER = """
import sys, threading
import django
from django.db import connections
django.setup()
from django.conf import settings
settings.NINJAONE_SANDBOX_URL = sys.argv[2]
settings.DATABASES["default"]["NAME"] = connections["default"].settings_dict["NAME"] = sys.argv[1]
from integrations.models import Connection
from integrations.ninjaone.sandbox.messages import Delivery
from integrations.ninjaone.tokens import access_token
start, lines = threading.Barrier(8), []
def call():
    row = Connection.objects.get(pk=sys.argv[3])
    start.wait()
    lines.append(access_token(row))
    connections.close_all()
threads = [threading.Thread(target=call) for _ in range(8)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print("\\n".join(lines))
"""


def at_once(count: int, call: Callable[[Connection], str], row: Connection) -> list[str | Exception]:
    """What each of `count` threads got, or why it failed."""
    barrier = threading.Barrier(count)

    def run(_: int) -> str | Exception:
        mine = Connection.objects.get(pk=row.pk)
        barrier.wait()
        try:
            return call(mine)
        except NotSentError as error:
            return error
        finally:
            database.close()

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(run, range(count)))


@pytest.fixture
def expired(live: Live) -> Connection:
    """A connection whose token is over, on its second refresh token: from here on each works once."""
    row = live.tenant.connection
    refresh_after_401(row, row.token_version)
    Connection.objects.filter(pk=row.pk).update(access_expires_at=database_now() - timedelta(seconds=1))
    live.sandbox.received.clear()
    row.refresh_from_db()
    return row


def test_thirty_two_threads_ask_once(live: Live, expired: Connection) -> None:
    live.sandbox.faults.add("POST", TOKEN, faults.slow(0.3))

    results = at_once(32, access_token, expired)

    assert len(set(map(str, results))) == 1
    assert isinstance(results[0], str)
    assert len(live.sandbox.calls("POST", TOKEN)) == 1


def test_four_processes_of_eight_threads_ask_once(live: Live, expired: Connection) -> None:
    live.sandbox.faults.add("POST", TOKEN, faults.slow(1.0))
    arguments = [sys.executable, "-c", CALLER, str(database.settings_dict["NAME"]), live.url, str(expired.pk)]
    root = Path(__file__).parents[3]
    environment = {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "PATH": "",
        "DATABASE_URL": settings.TEST_DATABASE_URL,
    }

    running = [
        subprocess.Popen(
            arguments, cwd=root, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(4)
    ]
    ends = [process.communicate(timeout=120) for process in running]

    tokens = "".join(out for out, _ in ends).split()
    assert [process.returncode for process in running] == [0] * 4, ends
    assert len(tokens) == 32, ends
    assert len(set(tokens)) == 1
    assert len(live.sandbox.calls("POST", TOKEN)) == 1


def test_a_token_refused_to_many_is_renewed_once(live: Live, expired: Connection) -> None:
    version = expired.token_version

    results = at_once(16, lambda row: refresh_after_401(row, version), expired)

    assert len(set(map(str, results))) == 1
    assert len(live.sandbox.calls("POST", TOKEN)) == 1


def test_a_storm_of_500s_is_not_answered_with_a_storm(live: Live, expired: Connection) -> None:
    for _ in range(32):
        live.sandbox.faults.add("POST", TOKEN, faults.Fault(delivery=Delivery(delay=0.2, is_dropped=True)))

    results = at_once(16, access_token, expired)

    assert all(isinstance(result, NotSentError) for result in results)
    assert len(live.sandbox.calls("POST", TOKEN)) <= 3


def test_the_new_refresh_token_is_saved_before_the_access_token_is_used(live: Live, expired: Connection) -> None:
    live.sandbox.faults.add("GET", "/v2/organizations", faults.dropped(), times=9)

    for _ in range(2):
        Connection.objects.filter(pk=expired.pk).update(access_expires_at=database_now())
        row = Connection.objects.get(pk=expired.pk)
        access_token(row)

    assert len(live.sandbox.clients[ACME].spent_refresh_tokens) == 2
