"""What an agent did before is looked up by its own indexes, also on SQLite, which never gets statistics.

PostgreSQL chooses by statistics, which a small table does not have.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from approvals.display.past import past_of
from tests.approvals.asking import again, ask
from tests.cast import Tenant

on_sqlite = pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL plans by statistics")


@on_sqlite
def test_the_first_time_of_an_agent_is_told_by_indexes(acme: Tenant) -> None:
    row = again(ask(acme, "ninja-reboot-device", device_id=43).pk)
    seen: list[tuple[str, Any]] = []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        seen.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        assert not past_of(row).has_asked
    ((sql, params),) = seen
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}", params)
        plan = [str(line[-1]) for line in cursor.fetchall()]
    assert not [line for line in plan if line.startswith("SCAN ")]
    assert (
        len(
            [
                line
                for line in plan
                if "invocation_precedent (agent_id=? AND tool=? AND msp_id=? AND created_at<?" in line
            ]
        )
        == 2
    )
    assert (
        len(
            [
                line
                for line in plan
                if "invocation_asked (agent_id=? AND call_digest=? AND msp_id=? AND decided_at<?" in line
            ]
        )
        == 2
    )
