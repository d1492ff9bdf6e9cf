"""A connection to PostgreSQL that is kept between requests: used without a question, unless the server closed it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import OperationalError, connection, connections
from django.db.backends.postgresql import base

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "postgresql", reason="on PostgreSQL alone there is a server to lose"),
]


@pytest.fixture
def request_thread() -> Iterator[ThreadPoolExecutor]:
    """A thread has a connection of its own, which may be lost without the fixtures losing theirs."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        yield thread
        thread.submit(connections.close_all).result()


def asked() -> int:
    """The number of the server's process for this thread's connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def asked_in_a_new_request() -> int:
    connection.close_if_unusable_or_obsolete()
    return asked()


def end(process: int) -> None:
    """As a restart of the server does to every connection."""
    with connection.cursor() as cursor:
        # With a timeout, in milliseconds, it waits until the process is gone.
        cursor.execute("SELECT pg_terminate_backend(%s, 10000)", [process])
        assert cursor.fetchone() == (True,)


def test_a_request_after_the_server_closed_it_gets_a_new_one(request_thread: ThreadPoolExecutor) -> None:
    first = request_thread.submit(asked).result()
    end(first)
    second = request_thread.submit(asked_in_a_new_request).result()
    assert second != first
    assert request_thread.submit(asked_in_a_new_request).result() == second


def test_without_a_look_at_it_the_request_would_fail(request_thread: ThreadPoolExecutor) -> None:
    end(request_thread.submit(asked).result())
    with pytest.raises(OperationalError):
        request_thread.submit(asked).result()


def test_the_server_is_asked_only_where_there_is_something_to_read(
    request_thread: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    questions: list[object] = []

    def is_usable(self: base.DatabaseWrapper) -> bool:
        questions.append(self)
        return False

    monkeypatch.setattr(base.DatabaseWrapper, "is_usable", is_usable)
    first = request_thread.submit(asked).result()
    assert request_thread.submit(asked_in_a_new_request).result() == first
    assert questions == []
    end(first)
    request_thread.submit(asked_in_a_new_request).result()
    assert len(questions) == 1
