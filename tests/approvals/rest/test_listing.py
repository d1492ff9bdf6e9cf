"""An agent's own invocations, newest first, page by page, by the status that a reader sees now."""

from __future__ import annotations

import base64
import uuid
from datetime import datetime, timedelta
from typing import Any

import pytest

from approvals.ledger import COMMON_LIMITS
from approvals.models import Decision, Invocation, Status
from approvals.reading import status_condition, status_now
from integrations.agent_keys import agent_key_issue
from integrations.audit import Actor
from integrations.clock import database_now
from integrations.models import Agent
from tests.aging import move
from tests.approvals.rest.calling import Caller
from tests.cast import Tenant

SECOND = timedelta(seconds=1)
STARTS = {
    Status.SUCCEEDED: Status.DISPATCHING, Status.UNKNOWN: Status.DISPATCHING, Status.DENIED: Status.PENDING_APPROVAL,
    Status.EXPIRED: Status.PENDING_APPROVAL, Status.CANCELLED: Status.PENDING_APPROVAL,
    Status.BLOCKED: Status.PENDING_APPROVAL,
}  # fmt: skip


def made(tenant: Tenant, count: int, status: Status = Status.SUCCEEDED, **columns: Any) -> list[Invocation]:
    """Rows of the tenant's agent, one second apart, oldest first, on the way that the database allows."""
    now = database_now()
    rows = [
        Invocation(
            msp=tenant.msp, agent=tenant.agent, agent_key=tenant.key, connection=tenant.connection,
            tool_version="1", policy="auto", arguments="{}", call_digest=uuid.uuid4().hex * 2,
            created_at=now - timedelta(seconds=count - number), dispatch_started_at=now,
            status=STARTS.get(status, status),
            **{"tool": "ninjaone:ninja-get-device", "is_write": False, "lease_until": now, **columns},
        )
        for number in range(count)
    ]  # fmt: skip
    Invocation.objects.bulk_create(rows)
    if status is Status.DENIED:
        votes = [
            Decision(
                msp=tenant.msp,
                invocation=row,
                user=tenant.approver,
                verdict="denied",
                digest=row.digest,
                asked_at=row.created_at,
                decided_at=now,
            )
            for row in rows
        ]
        Decision.objects.bulk_create(votes)
    Invocation.objects.filter(pk__in=[row.pk for row in rows]).exclude(status=status).update(status=status)
    return rows


def ids(body: dict[str, Any]) -> list[str]:
    return [row["id"] for row in body["invocations"]]


def test_an_empty_ledger_is_an_empty_page(agent: Caller) -> None:
    assert agent.get("invocations").body == {"invocations": [], "next_cursor": None}


def test_the_newest_comes_first_in_the_same_envelope(agent: Caller) -> None:
    first = agent.invoke("ninja-get-device", {"device_id": 43}).body
    second = agent.invoke("ninja-reboot-device", {"device_id": 43}).body
    assert agent.get("invocations").body == {"invocations": [second, first], "next_cursor": None}


@pytest.mark.parametrize("limit", [*sorted(COMMON_LIMITS), 7])
def test_pages_hold_every_row_once_also_those_of_the_same_moment(acme: Tenant, agent: Caller, limit: int) -> None:
    rows = made(acme, 110)
    move(Invocation.objects.filter(pk__in=[row.pk for row in rows[:60]]), created_at=rows[0].created_at)
    seen: list[str] = []
    query = f"limit={limit}"
    while True:
        body = agent.get(f"invocations?{query}").body
        seen += ids(body)
        if body["next_cursor"] is None:
            break
        assert len(body["invocations"]) == limit
        query = f"limit={limit}&cursor={body['next_cursor']}"
    expected = Invocation.objects.order_by("-created_at", "-id").values_list("pk", flat=True)
    assert seen == [str(pk) for pk in expected]


def test_rows_that_arrive_meanwhile_do_not_move_the_next_page(acme: Tenant, agent: Caller) -> None:
    rows = made(acme, 4)
    first = agent.get("invocations?limit=2").body
    agent.invoke("ninja-get-device", {"device_id": 43})
    second = agent.get(f"invocations?limit=2&cursor={first['next_cursor']}").body
    assert ids(first) + ids(second) == [str(row.pk) for row in reversed(rows)]


def test_a_page_holds_50_unless_told_and_100_at_most(acme: Tenant, agent: Caller) -> None:
    made(acme, 101)
    assert len(ids(agent.get("invocations").body)) == 50
    assert len(ids(agent.get("invocations?limit=100").body)) == 100


def test_the_last_page_that_is_full_has_no_cursor(acme: Tenant, agent: Caller) -> None:
    made(acme, 2)
    assert agent.get("invocations?limit=2").body["next_cursor"] is None


def test_the_filter_takes_the_full_id_and_the_name_of_a_tool(acme: Tenant, agent: Caller) -> None:
    made(acme, 1)
    made(acme, 2, tool="ninjaone:ninja-list-devices")
    assert len(ids(agent.get("invocations?tool=ninja-list-devices").body)) == 2
    assert len(ids(agent.get("invocations?tool=ninjaone:ninja-list-devices").body)) == 2
    assert ids(agent.get("invocations?tool=gone-tool").body) == []


def test_an_overdue_request_is_listed_as_expired_and_not_as_pending(agent: Caller) -> None:
    asked = agent.invoke("ninja-reboot-device", {"device_id": 43}).body
    assert ids(agent.get("invocations?status=pending_approval").body) == [asked["id"]]
    Invocation.objects.update(expires_at=database_now() - SECOND)
    assert ids(agent.get("invocations?status=pending_approval").body) == []
    listed = agent.get("invocations?status=expired").body["invocations"]
    assert [(row["id"], row["status"]) for row in listed] == [(asked["id"], "expired")]


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("is_write", [True, False])
def test_the_filter_and_the_reader_agree_about_every_row(acme: Tenant, status: Status, is_write: bool) -> None:
    now = database_now()
    for past in (now - SECOND, now, now + SECOND):
        made(acme, 1, status, **columns_of(status, past, is_write=is_write))
    for row in Invocation.objects.all():
        found = [each for each in Status if Invocation.objects.filter(status_condition(each, now), pk=row.pk).exists()]
        assert found == [status_now(row, now)]


def columns_of(status: Status, deadline: datetime, *, is_write: bool) -> dict[str, Any]:
    """Columns that the database's constraints accept for a row of that status."""
    return {
        "is_write": is_write or status is Status.UNKNOWN,
        "approvals_needed": 1 if STARTS.get(status, status) is Status.PENDING_APPROVAL else 0,
        "digest": "sha256:0",
        "expires_at": deadline,
        "release_by": deadline,
        "lease_until": deadline,
    }


def test_a_row_without_deadlines_is_what_it_says(acme: Tenant) -> None:
    now = database_now()
    for status in (Status.SUCCEEDED, Status.FAILED, Status.DENIED, Status.CANCELLED):
        row = made(acme, 1, status)[0]
        assert Invocation.objects.filter(status_condition(status, now), pk=row.pk).exists()


def test_another_agent_of_the_same_msp_sees_its_own_alone(acme: Tenant, agent: Caller) -> None:
    made(acme, 3)
    other = Agent.objects.create(msp=acme.msp, name="other-bot")
    _, key = agent_key_issue(agent=other, actor=Actor.user(acme.admin))
    assert ids(Caller(key).get("invocations").body) == []
    assert len(ids(agent.get("invocations").body)) == 3


def cursor(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "text",
    ["", "1.2", f"-1.{'0' * 32}", f"{'9' * 18}.{'0' * 32}", f"1.{'g' * 32}", f"1.{'0' * 32}.x", f"1.5.{'0' * 32}"],
)
def test_a_cursor_that_was_not_given_out_is_refused(agent: Caller, text: str) -> None:
    answer = agent.get(f"invocations?cursor={cursor(text)}")
    assert (answer.status, answer.error["errors"][0]["field"]) == (422, "cursor")


def test_a_cursor_at_the_end_of_time_is_an_ordinary_one(acme: Tenant, agent: Caller) -> None:
    made(acme, 1)
    assert len(ids(agent.get(f"invocations?cursor={cursor('9' * 17 + '.' + 'f' * 32)}").body)) == 1
    assert ids(agent.get(f"invocations?cursor={cursor('0.' + '0' * 32)}").body) == []


def test_a_cursor_of_another_tenant_opens_nothing(acme: Tenant, agent: Caller, stranger: Caller) -> None:
    made(acme, 3)
    given = agent.get("invocations?limit=1").body["next_cursor"]
    assert stranger.get(f"invocations?cursor={given}").body == {"invocations": [], "next_cursor": None}
