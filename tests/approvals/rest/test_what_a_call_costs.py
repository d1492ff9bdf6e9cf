"""What noise cannot move: the statements of each kind of call, and its requests to NinjaOne."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from integrations.ninjaone.sandbox import Sandbox
from tests.approvals.rest.calling import WEB, Answer, Caller


def statements(call: Callable[[], Answer]) -> list[str]:
    """What a warm process asks of the database."""
    call()
    with CaptureQueriesContext(connection) as seen:
        call()
    return [query["sql"] for query in seen.captured_queries]


def test_a_list_of_tools_is_one_statement(agent: Caller) -> None:
    assert len(statements(lambda: agent.get("tools"))) == 1


def test_an_auto_read_is_three_statements(agent: Caller) -> None:
    """Who asks and what may be done, the limits, and the row."""
    asked = statements(lambda: agent.invoke("ninja-get-organization", {"organization_id": 2}))
    assert [sql.split()[0] for sql in asked] == ["SELECT", "WITH", "INSERT"], asked


def test_a_request_for_approval_is_thirteen_statements(agent: Caller) -> None:
    """Half of them in the transaction that takes the MSP's place, writes the row, its audit entry and its notices.

    One fewer on PostgreSQL, which takes the entry and the head of the audit at once.
    """
    numbers = itertools.count()
    asked = statements(lambda: agent.invoke("ninja-reboot-device", {"device_id": WEB, "reason": str(next(numbers))}))
    assert len(asked) <= (12 if connection.vendor == "postgresql" else 13), asked


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has one writer anyway")
def test_other_requests_of_the_msp_wait_for_four_statements_and_the_commit(agent: Caller) -> None:
    """What stands between the lock and the commit is how many requests a second an MSP can have."""
    numbers = itertools.count()
    asked = statements(lambda: agent.invoke("ninja-reboot-device", {"device_id": WEB, "reason": str(next(numbers))}))
    locked = next(place for place, sql in enumerate(asked) if "FOR NO KEY UPDATE" in sql)
    assert len(asked[locked:]) <= 5, asked[locked:]


def test_a_tool_call_is_one_request_to_ninjaone(agent: Caller, ninjaone: Sandbox) -> None:
    agent.invoke("ninja-get-organization", {"organization_id": 2})
    before = len(ninjaone.calls())
    agent.invoke("ninja-get-organization", {"organization_id": 2})
    assert [(call.method, call.path) for call in ninjaone.calls()[before:]] == [("GET", "/v2/organization/2")]
