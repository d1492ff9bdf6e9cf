"""Pages are planned for the MSP that they are of; an agent's calls keep their plans."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
from django.db import connection

from config.postgresql.base import DatabaseWrapper
from tests.approvals.asking import ask
from tests.approvals.dashboard.looking import ACTIVITY, QUEUE, text
from tests.cast import Tenant

on_postgresql = pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite keeps no plans")


def kept_statements() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement FROM pg_prepared_statements")
        return {row[0] for row in cursor.fetchall()}


@on_postgresql
def test_no_page_leaves_a_plan_behind(acme: Tenant) -> None:
    client = acme.signed_in(acme.approver)
    ask(acme, "ninja-reboot-device", device_id=43)
    for _ in range(4):
        for url in ("/dashboard/", QUEUE, ACTIVITY, f"{ACTIVITY}?status=failed"):
            text(client, url)
    assert not [one for one in kept_statements() if "approvals_invocation" in one and "ORDER BY" in one]


@on_postgresql
def test_plans_are_kept_again_afterwards(acme: Tenant) -> None:
    text(acme.signed_in(acme.approver), QUEUE)
    with connection.cursor() as cursor:
        for number in range(4):
            cursor.execute("SELECT 4711 + %s::int", [number])
    assert [one for one in kept_statements() if "4711" in one]


@pytest.fixture
def threads(db: None) -> Iterator[tuple[Any, Any]]:
    """Two threads that share one connection."""
    options = deepcopy(connection.settings_dict) | {"CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": False}
    options["OPTIONS"]["pool"] = {"min_size": 1, "max_size": 1, "timeout": 5}
    first, second = (DatabaseWrapper(options, alias="pooled") for _ in range(2))
    yield first, second
    first.close()
    second.close()
    first.close_pool()


@on_postgresql
def test_a_connection_that_a_page_gives_back_keeps_plans_for_others(threads: tuple[Any, Any]) -> None:
    page, agent = threads
    with page.planned_afresh():
        page.ensure_connection()
        assert page.connection.prepare_threshold is None
        page.close()
        agent.ensure_connection()
        assert agent.connection.prepare_threshold == 2
        agent.close()
        page.ensure_connection()
        assert page.connection.prepare_threshold is None
    assert page.connection.prepare_threshold == 2


@on_postgresql
def test_the_end_of_a_page_changes_nothing_of_a_connection_that_another_one_has_by_then(
    threads: tuple[Any, Any],
) -> None:
    first, second = threads
    page = first.planned_afresh()
    page.__enter__()
    first.ensure_connection()
    first.close()
    with second.planned_afresh():
        second.ensure_connection()
        page.__exit__(None, None, None)
        assert second.connection.prepare_threshold is None
    assert second.connection.prepare_threshold == 2
