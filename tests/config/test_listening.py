"""What one process makes due wakes the loops of all others, by NOTIFY; without it they look once a second."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from django.conf import LazySettings
from django.db import connection, transaction

from approvals.wake import CHANNEL, NOTICES, WAKE, ring
from config import listening
from tests.approvals.asking import approve, ask
from tests.approvals.notices.places import destination
from tests.cast import Tenant
from tests.chaos.product import database_url
from tests.config.test_background import end, run, stop, wait_for

__all__ = ["stop"]

pytestmark = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one process, and no NOTIFY")

Line = psycopg.Connection[tuple[Any, ...]]


@pytest.fixture
def other(transactional_db: None) -> Iterator[Line]:
    """Another process's connection; and the bells are silent, whatever rang before."""
    silent()
    with psycopg.connect(database_url(), autocommit=True) as line:
        yield line


def heard(line: Line) -> int:
    """How often the bell rang so far."""
    return len(list(line.notifies(timeout=0.2)))


def listeners(line: Line) -> list[int]:
    """The processes of PostgreSQL that serve listeners."""
    sql = "SELECT pid FROM pg_stat_activity WHERE application_name = %s AND datname = current_database()"
    return [pid for (pid,) in line.execute(sql, [listening.LINE["application_name"]])]


def silent() -> None:
    WAKE.clear()
    NOTICES.clear()


def test_an_approval_rings_once_whatever_else_it_makes_due(acme: Tenant, other: Line) -> None:
    destination(acme, "https://hooks.example/x")
    row = ask(acme, "ninja-reboot-device", device_id=45)
    other.execute(f"LISTEN {CHANNEL}")
    approve(acme, row)
    assert heard(other) == 1


def test_what_makes_nothing_due_rings_nothing(acme: Tenant, other: Line) -> None:
    other.execute(f"LISTEN {CHANNEL}")
    ask(acme, "ninja-get-device", device_id=45)
    ask(acme, "ninja-reboot-device", device_id=45)
    with transaction.atomic():
        ring(WAKE)
        transaction.set_rollback(True)
    assert heard(other) == 0


def test_what_another_process_makes_due_rings_the_bells_of_this_one(other: Line, stop: threading.Event) -> None:
    thread = run(listening.listen_forever, stop)
    wait_for(lambda: bool(listeners(other)) and WAKE.is_set())
    silent()
    other.execute(f"NOTIFY {CHANNEL}")
    wait_for(lambda: WAKE.is_set() and NOTICES.is_set())
    end(thread, stop)
    wait_for(lambda: not listeners(other))


def test_it_listens_again_when_the_database_was_away_and_looks_for_what_it_missed(
    other: Line, stop: threading.Event
) -> None:
    thread = run(listening.listen_forever, stop)
    wait_for(lambda: bool(listeners(other)) and WAKE.is_set())
    silent()
    [before] = listeners(other)
    other.execute("SELECT pg_terminate_backend(%s, 5000)", [before])
    wait_for(WAKE.is_set)
    assert listeners(other) not in ([], [before])
    end(thread, stop)


def test_it_listens_when_the_address_says_how_to_connect_as_well(other: Line, stop: threading.Event) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"connect_timeout": 5, "application_name": "acme", "keepalives_idle": 60}.items():
            patch.setitem(connection.settings_dict["OPTIONS"], name, value)
        with psycopg.connect(**listening._address()) as line:
            assert listeners(other) == [line.info.backend_pid]


def test_it_does_not_trust_a_line_that_a_pooler_answers(
    stop: threading.Event, settings: LazySettings, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DATABASE_LISTEN_URL = database_url()
    monkeypatch.setattr(listening, "_is_the_server", lambda line: False)
    silent()
    thread = run(listening.listen_forever, stop)
    wait_for(lambda: "DATABASE_LISTEN_URL" in caplog.text)
    end(thread, stop)
