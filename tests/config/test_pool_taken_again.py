"""What a pool hands out again is as a new connection would be, whatever the one before did with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import DatabaseError, connection, connections, transaction
from django.db.backends.signals import connection_created

from integrations.direct import run

pytestmark = pytest.mark.skipif(connection.vendor != "postgresql", reason="on PostgreSQL alone there is a pool")


@pytest.fixture
def pooled(db: None) -> Iterator[Any]:
    """This thread's door to a pool of one."""
    settings = connection.settings_dict
    options = {**settings["OPTIONS"], "pool": {"min_size": 1, "max_size": 1, "timeout": 5}}
    changed = {**settings, "OPTIONS": options, "CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": False}
    wrapper: Any = type(connections["default"])(changed, "pooled")
    connections["pooled"] = wrapper
    yield wrapper
    wrapper.close()
    wrapper.close_pool()
    del connections["pooled"]


def backend(wrapper: Any) -> Any:
    [[number]] = run(wrapper, "SELECT pg_backend_pid()", [])
    return number


def test_it_is_the_same_one_and_nobody_sets_it_up_again(pooled: Any) -> None:
    made: list[Any] = []

    def note(sender: Any, connection: Any, **kwargs: Any) -> None:
        made.append(connection)

    connection_created.connect(note)
    try:
        numbers = set()
        for _ in range(3):
            numbers.add(backend(pooled))
            pooled.close()
    finally:
        connection_created.disconnect(note)
    assert len(numbers) == 1
    assert made == [pooled]


def test_it_commits_by_itself_though_the_one_before_did_not(pooled: Any) -> None:
    backend(pooled)
    pooled.connection.autocommit = False
    pooled.close()
    backend(pooled)
    assert pooled.connection.autocommit
    assert pooled.connection.info.transaction_status.name == "IDLE"


def leave_in_the_middle(wrapper: Any) -> None:
    with transaction.atomic(using="pooled"):
        backend(wrapper)
        wrapper.close()
        run(wrapper, "SELECT 1", [])


def test_it_is_in_no_transaction_though_the_one_before_left_in_the_middle_of_one(pooled: Any) -> None:
    with pytest.raises(DatabaseError, match="atomic block"):
        leave_in_the_middle(pooled)
    assert run(pooled, "SELECT 1", []) == [(1,)]
    assert not pooled.in_atomic_block
    with transaction.atomic(using="pooled"):
        assert run(pooled, "SELECT 1", []) == [(1,)]
    assert pooled.connection.info.transaction_status.name == "IDLE"


def test_it_keeps_plans_though_the_one_before_wanted_none(pooled: Any) -> None:
    usual = pooled.settings_dict["OPTIONS"]["prepare_threshold"]
    with pooled.planned_afresh():
        backend(pooled)
        pooled.close()
        backend(pooled)
        assert pooled.connection.prepare_threshold is None
        pooled.close()
    backend(pooled)
    assert pooled.connection.prepare_threshold == usual


def test_it_reads_json_alike_each_time(pooled: Any) -> None:
    for _ in range(3):
        assert run(pooled, """SELECT '{"a": 1}'::jsonb""", []) == [('{"a": 1}',)]
        pooled.close()


def test_another_pool_is_gone_through_from_the_start(pooled: Any) -> None:
    first = backend(pooled)
    pooled.close()
    pooled.close_pool()
    assert backend(pooled) != first
