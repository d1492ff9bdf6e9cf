"""Calls and writes a minute: counted in the database, so that no crowd gets more through than there is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection

from approvals import limits
from approvals.buckets import MINUTE
from approvals.errors import GateError
from approvals.models import Bucket, Invocation, Status
from integrations.agent_keys import Principal, agent_key_issue
from integrations.audit import Actor
from integrations.clock import database_now
from integrations.models import Agent, Msp
from integrations.models.limits import LARGEST
from integrations.ninjaone.sandbox import Sandbox
from tests.approvals.asking import approved_and_sent, ask, submit
from tests.approvals.rest.calling import caller_of
from tests.cast import Tenant

TICKET: dict[str, Any] = {"organization_id": 2, "ticket_form_id": 1, "subject": "One"}


def limit(tenant: Tenant, **values: int) -> None:
    Agent.objects.filter(pk=tenant.agent.pk).update(**values)


def refused(tenant: Tenant, name: str = "ninja-list-organizations", **arguments: Any) -> GateError:
    with pytest.raises(GateError) as caught:
        submit(tenant, name, **arguments)
    assert caught.value.code == "rate_limited"
    return caught.value


def later(seconds: float) -> None:
    """As if so many seconds had passed since."""
    for bucket in Bucket.objects.all():
        Bucket.objects.filter(owner=bucket.owner, scope=bucket.scope).update(
            full_at=bucket.full_at - int(seconds * 1_000_000)
        )


def sibling_of(tenant: Tenant, **values: int) -> None:
    """The tenant goes on with another agent of the same MSP."""
    agent = Agent.objects.create(msp=tenant.msp, name="sibling", **values)
    tenant.agent = agent
    tenant.key, tenant.key_text = agent_key_issue(agent=agent, actor=Actor.user(tenant.admin))


def drained(tenant: Tenant, take: Callable[[Principal], None]) -> tuple[int, str]:
    """How many more it has, of which some come back meanwhile where it takes long; and how the next is refused."""
    principal = tenant.principal()
    for number in range(2000):
        try:
            take(principal)
        except GateError as refusal:
            return number, refusal.message
    raise AssertionError("no limit")


def left_of(tenant: Tenant, take: Callable[[Principal], None]) -> int:
    return drained(tenant, take)[0]


def test_an_agent_has_60_calls_a_minute_and_20_writes(acme: Tenant) -> None:
    assert left_of(acme, limits.writes_take) == 20
    assert left_of(acme, limits.calls_take) == 60


def test_all_agents_of_an_msp_share_600_calls_a_minute(acme: Tenant, northwind: Tenant) -> None:
    limit(acme, calls_per_minute=LARGEST)
    before = database_now()
    assert 600 <= left_of(acme, limits.calls_take) <= 601 + 10 * (database_now() - before).total_seconds()
    sibling_of(acme)
    left, message = drained(acme, limits.calls_take)
    assert left < 60
    assert "All agents of Acme MSP together may make 600 calls a minute" in message
    submit(northwind, "ninja-list-organizations")


def test_a_limit_can_be_set_for_an_agent_and_for_an_msp(acme: Tenant) -> None:
    limit(acme, calls_per_minute=2)
    assert left_of(acme, limits.calls_take) == 2
    Bucket.objects.all().delete()
    limit(acme, calls_per_minute=5)
    Msp.objects.filter(pk=acme.msp.pk).update(calls_per_minute=3)
    assert left_of(acme, limits.calls_take) == 3


@pytest.mark.parametrize("whose", ["agent", "msp"])
def test_zero_means_none_at_all(acme: Tenant, whose: str) -> None:
    if whose == "agent":
        limit(acme, calls_per_minute=0)
    else:
        Msp.objects.update(calls_per_minute=0)
    refusal = refused(acme)
    assert refusal.retry_after == 3600
    assert "Only an admin can change that" in refusal.message


def test_an_agent_without_writes_may_still_read(acme: Tenant, ninjaone: Sandbox) -> None:
    limit(acme, writes_per_minute=0)
    submit(acme, "ninja-list-organizations")
    refused(acme, "ninja-create-ticket", **TICKET)
    assert not ninjaone.calls("POST")


def test_the_wait_that_is_told_is_long_enough_and_no_longer(acme: Tenant) -> None:
    limit(acme, calls_per_minute=2)
    submit(acme, "ninja-list-organizations")
    submit(acme, "ninja-list-organizations")
    wait = refused(acme).retry_after
    assert wait is not None
    assert 20 < wait <= 30
    later(wait - 10)
    refused(acme)
    later(10.1)
    submit(acme, "ninja-list-organizations")
    refused(acme)


def test_a_quiet_minute_gives_a_minutes_calls_and_no_more(acme: Tenant) -> None:
    limit(acme, calls_per_minute=3)
    submit(acme, "ninja-list-organizations")
    later(3600)
    assert left_of(acme, limits.calls_take) == 3


def test_a_database_clock_that_was_set_back_locks_nobody_out(acme: Tenant) -> None:
    submit(acme, "ninja-list-organizations")
    later(-3600)
    submit(acme, "ninja-list-organizations")
    now = database_now().timestamp() * 1_000_000
    assert all(bucket.full_at <= now + MINUTE for bucket in Bucket.objects.all())


def test_a_lower_limit_holds_at_once(acme: Tenant) -> None:
    for _ in range(30):
        limits.calls_take(acme.principal())
    limit(acme, calls_per_minute=6)
    assert left_of(acme, limits.calls_take) in {3, 4}


def test_an_agent_that_is_over_its_limit_takes_nothing_from_the_others(acme: Tenant) -> None:
    limit(acme, calls_per_minute=1)
    Msp.objects.filter(pk=acme.msp.pk).update(calls_per_minute=3)
    submit(acme, "ninja-list-organizations")
    for _ in range(10):
        refused(acme)
    sibling_of(acme)
    left, message = drained(acme, limits.calls_take)
    assert left == 2
    assert "All agents of Acme MSP together" in message


def test_agents_do_not_share_their_own_limit(acme: Tenant, northwind: Tenant) -> None:
    limit(acme, calls_per_minute=1)
    submit(acme, "ninja-list-organizations")
    refused(acme)
    sibling_of(acme)
    submit(acme, "ninja-list-organizations")
    submit(northwind, "ninja-list-organizations")


def test_a_call_that_is_over_the_limit_leaves_no_trace_at_ninjaone_or_in_the_ledger(
    acme: Tenant, ninjaone: Sandbox
) -> None:
    limit(acme, writes_per_minute=1)
    submit(acme, "ninja-create-ticket", **TICKET)
    before = len(ninjaone.calls())
    refused(acme, "ninja-create-ticket", **TICKET)
    refused(acme, "ninja-reboot-device", device_id=43)
    assert len(ninjaone.calls()) == before
    assert Invocation.objects.count() == 1


def test_refused_calls_count_as_calls(acme: Tenant) -> None:
    limit(acme, calls_per_minute=2)
    Msp.objects.update(frozen_at=database_now())
    for _ in range(2):
        with pytest.raises(GateError, match="stopped every agent"):
            submit(acme, "ninja-list-organizations")
    refused(acme)


def test_wrong_arguments_are_told_before_anything_is_counted(acme: Tenant) -> None:
    limit(acme, calls_per_minute=1)
    for _ in range(3):
        with pytest.raises(GateError) as caught:
            submit(acme, "ninja-get-device", device_id="43")
        assert caught.value.code == "invalid_arguments"
    submit(acme, "ninja-list-organizations")


def test_the_same_again_counts_as_a_call_and_not_as_a_write(acme: Tenant) -> None:
    limit(acme, calls_per_minute=6, writes_per_minute=2)
    key = {"idempotency_key": "once"}
    for replayed in (False, True, True):
        assert submit(acme, "ninja-create-ticket", options=key, **TICKET).is_replay is replayed
    for replayed in (False, True, True):
        assert submit(acme, "ninja-reboot-device", device_id=43).is_replay is replayed
    refused(acme)


def test_a_dry_run_counts_as_a_call_and_not_as_a_write(acme: Tenant) -> None:
    limit(acme, calls_per_minute=2, writes_per_minute=0)
    for _ in range(2):
        submit(acme, "ninja-reboot-device", device_id=43, options={"dry_run": True})
    refused(acme)


def test_what_was_approved_is_sent_whatever_the_limits_say_by_then(acme: Tenant) -> None:
    row = ask(acme, "ninja-reboot-device", device_id=43)
    limit(acme, calls_per_minute=0, writes_per_minute=0, pending_limit=0)
    assert approved_and_sent(acme, row).status == Status.SUCCEEDED


def test_the_agent_reads_429_with_a_retry_after_in_whole_seconds(acme: Tenant) -> None:
    limit(acme, calls_per_minute=7)
    agent = caller_of(acme)
    for _ in range(7):
        assert agent.invoke("ninja-list-organizations").status == 200
    answer = agent.invoke("ninja-list-organizations")
    assert (answer.status, answer.error["code"], answer.error["retryable"]) == (429, "rate_limited", True)
    assert 1 <= int(answer.header("Retry-After") or "") <= 9
    assert "7 calls a minute" in answer.error["message"]
    assert answer.error["dispatch_started"] is False


def test_looking_is_not_limited_by_the_calls(acme: Tenant) -> None:
    agent = caller_of(acme)
    asked = agent.invoke("ninja-reboot-device", {"device_id": 43}).body
    limit(acme, calls_per_minute=0)
    assert agent.get("tools").status == 200
    assert agent.get("me").status == 200
    assert agent.get(f"invocations/{asked['id']}").status == 200
    assert agent.post(f"invocations/{asked['id']}/cancel").status == 200


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite logs every table")
def test_counting_a_call_waits_for_no_disk(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT relpersistence FROM pg_class WHERE relname = 'approvals_bucket'")
        assert cursor.fetchall() == [("u",)]
