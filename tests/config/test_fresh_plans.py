"""Pages are planned for the MSP that they are of; an agent's calls keep their plans."""

from __future__ import annotations

import pytest
from django.db import connection

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
