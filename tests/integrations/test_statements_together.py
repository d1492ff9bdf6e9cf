"""Statements that travel together give what they give one by one, and happen all or not at all."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext

from integrations.direct import Rows, Statement, run, run_together
from integrations.models import Msp

pytestmark = pytest.mark.django_db(transaction=True)
on_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite gets them one by one")

NAMES = "SELECT name FROM integrations_msp ORDER BY name"
RENAMED = "UPDATE integrations_msp SET name = %s WHERE slug = %s"


def together(*statements: tuple[str, list[Any]]) -> list[Rows]:
    return run_together([Statement(sql, values) for sql, values in statements])


def one_by_one(*statements: tuple[str, list[Any]]) -> list[Rows]:
    return [run(connections["default"], sql, values) for sql, values in statements]


@pytest.fixture
def acme() -> Msp:
    return Msp.objects.create(name="Acme", slug="acme")


@pytest.fixture(params=["on their own", "in a transaction", "in the midst of one"])
def where(request: pytest.FixtureRequest) -> Callable[[Callable[[], Any]], Any]:
    """Runs something there."""

    def there(run: Callable[[], Any]) -> Any:
        if request.param == "on their own":
            return run()
        with transaction.atomic():
            if request.param == "in the midst of one":
                Msp.objects.count()
            return run()

    return there


def test_each_sees_what_those_before_it_did_and_the_rows_come_in_order(
    acme: Msp, where: Callable[[Callable[[], Any]], Any]
) -> None:
    statements = [(NAMES, []), (RENAMED, ["New", "acme"]), (NAMES, []), (RENAMED, ["Newer", "acme"]), (NAMES, [])]
    for _ in range(3):
        assert where(lambda: together(*statements)) == [[("Acme",)], [], [("New",)], [], [("Newer",)]]
        assert Msp.objects.get().name == "Newer"
        Msp.objects.update(name="Acme")


def test_none_at_all_is_nothing() -> None:
    assert together() == []


def test_a_large_text_travels_like_anything_else(acme: Msp) -> None:
    text = "ä" * 2_000_000
    assert together((NAMES, []), ("SELECT CAST(%s AS text)", [text]), (NAMES, [])) == [
        [("Acme",)],
        [(text,)],
        [("Acme",)],
    ]


@pytest.mark.parametrize("place", [0, 1, 2])
def test_what_one_is_refused_for_is_djangos_error_and_nothing_of_them_stays_in_a_transaction(
    acme: Msp, place: int
) -> None:
    Msp.objects.create(name="Other", slug="other")
    statements = [(RENAMED, ["First", "acme"]), (RENAMED, ["Second", "other"])]
    statements.insert(place, ("UPDATE integrations_msp SET slug = %s", ["acme"]))
    for _ in range(3):
        with pytest.raises(IntegrityError), transaction.atomic():
            together(*statements)
        assert one_by_one((NAMES, [])) == [[("Acme",), ("Other",)]]


def test_what_is_undone_later_is_undone(acme: Msp) -> None:
    with transaction.atomic():
        together((RENAMED, ["New", "acme"]), (NAMES, []))
        transaction.set_rollback(True)
    assert Msp.objects.get().name == "Acme"


def test_a_log_of_statements_has_each_of_them(acme: Msp) -> None:
    with CaptureQueriesContext(connection) as seen:
        together((NAMES, []), (RENAMED, ["New", "acme"]))
    assert [query["sql"].split()[0] for query in seen.captured_queries] == ["SELECT", "UPDATE"]


@on_postgresql
@pytest.mark.parametrize("is_atomic", [False, True])
def test_names_that_the_server_forgot_or_has_from_somebody_else_do_no_harm(acme: Msp, is_atomic: bool) -> None:
    statements = [(NAMES, []), ("UPDATE integrations_msp SET name = name || %s", ["!"]), (NAMES, [])]

    def once_more() -> str:
        if is_atomic:
            with transaction.atomic():
                together(*statements)
        else:
            together(*statements)
        return Msp.objects.get().name

    assert once_more() == "Acme!"
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")
    assert once_more() == "Acme!!"
    del connection.connection.__dict__["countersign_prepared"]
    for marks in range(3, 8):
        assert once_more() == f"Acme{'!' * marks}"


@on_postgresql
def test_another_thread_goes_on_while_one_waits_for_its_lock(acme: Msp) -> None:
    is_locked = threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                Msp.objects.filter(pk=acme.pk).update(name="Held")
                is_locked.set()
                # Python code that a process which waits with everything else stopped would never come back to.
                until = time.monotonic() + 0.5
                while time.monotonic() < until:
                    time.sleep(0.01)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(hold)
        assert is_locked.wait(10)
        with transaction.atomic():
            found = together((NAMES, []), (f"{NAMES} FOR UPDATE", []), (NAMES, []))
        held.result(10)
    assert found == [[("Acme",)], [("Held",)], [("Held",)]]


@on_postgresql
def test_a_connection_on_which_answers_are_still_to_come_is_not_used_again(
    acme: Msp, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_: object) -> None:
        raise KeyboardInterrupt

    [[(pid,)]] = one_by_one(("SELECT pg_backend_pid()", []))
    with monkeypatch.context() as patch:
        patch.setattr("integrations.prepared_statements._arrived", interrupted)
        with pytest.raises(KeyboardInterrupt), transaction.atomic():
            together((RENAMED, ["New", "acme"]), (NAMES, []))
    connection.close_if_unusable_or_obsolete()
    assert one_by_one((NAMES, []), ("SELECT pg_backend_pid() = %s", [pid])) == [[("Acme",)], [(False,)]]


@on_postgresql
def test_a_connection_that_ends_meanwhile_is_told_and_replaced(acme: Msp) -> None:
    [[(pid,)]] = one_by_one(("SELECT pg_backend_pid()", []))
    other = connections.create_connection("default")
    try:
        with other.cursor() as cursor, ThreadPoolExecutor(1) as pool:
            killed = pool.submit(_killed_once_it_sleeps, cursor, pid)
            with pytest.raises(OperationalError), transaction.atomic():
                together((RENAMED, ["New", "acme"]), ("SELECT pg_sleep(60)", []), (NAMES, []))
            assert killed.result(20)
    finally:
        other.close()
    assert one_by_one((NAMES, [])) == [[("Acme",)]]


def _killed_once_it_sleeps(cursor: Any, pid: int) -> bool:
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = %s AND wait_event = 'PgSleep'", [pid]
        )
        if cursor.fetchone():
            return True
        time.sleep(0.02)
    return False
