"""Requests that wait: at most so many of an agent and of an MSP, however many ask at once."""

from __future__ import annotations

import math
import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from approvals.decisions import invocation_cancel
from approvals.errors import GateError
from approvals.models import Invocation, Status
from integrations.agent_keys import agent_key_issue
from integrations.audit import Actor
from integrations.clock import database_now
from integrations.models import Agent, Msp
from integrations.ninjaone.sandbox import Sandbox
from tests.approvals.asking import approve, ask, deny, submit
from tests.approvals.rest.calling import caller_of
from tests.cast import Tenant, lift_limits


def cap(tenant: Tenant, *, agent: int | None = None, msp: int | None = None) -> None:
    """Many calls, few that wait. None is the default."""
    lift_limits(tenant)
    Agent.objects.filter(msp=tenant.msp).update(pending_limit=agent)
    Msp.objects.filter(pk=tenant.msp.pk).update(pending_limit=msp)


def reboot(tenant: Tenant, number: int, **options: Any) -> Invocation:
    return submit(tenant, "ninja-reboot-device", device_id=43, reason=f"Number {number}", options=options).invocation


def refused(tenant: Tenant, **options: Any) -> GateError:
    with pytest.raises(GateError) as caught:
        reboot(tenant, 999, **options)
    assert caught.value.code == "too_many_pending"
    return caught.value


def pending() -> int:
    return Invocation.objects.filter(status=Status.PENDING_APPROVAL).count()


def crowd(tenants: list[Tenant]) -> list[GateError | Invocation]:
    """One different request from each at once, and what became of it."""
    barrier = threading.Barrier(len(tenants))
    ends: list[GateError | Invocation] = []

    def one(number: int) -> None:
        try:
            barrier.wait()
            ends.append(reboot(tenants[number], number))
        except GateError as refusal:
            ends.append(refusal)
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(number,)) for number in range(len(tenants))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return ends


def test_an_agent_may_have_20_requests_waiting(acme: Tenant) -> None:
    cap(acme)
    for number in range(20):
        reboot(acme, number)
    assert "At most 20 requests of helpdesk-bot" in refused(acme).message
    assert pending() == 20


def test_an_msp_may_have_200_waiting_by_default(acme: Tenant) -> None:
    cap(acme, agent=1000)
    row = reboot(acme, 0)
    for number in range(1, 200):
        row.pk, row.call_digest = None, f"{number}"
        row.id = Invocation._meta.get_field("id").get_default()
        row.save(force_insert=True)
    assert "At most 200 requests of all agents of Acme MSP" in refused(acme).message


def test_agents_of_an_msp_share_its_places_and_other_msps_have_their_own(acme: Tenant, northwind: Tenant) -> None:
    cap(acme, msp=2)
    reboot(acme, 1)
    sibling = Agent.objects.create(msp=acme.msp, name="sibling")
    acme.key, acme.key_text = agent_key_issue(agent=sibling, actor=Actor.user(acme.admin))
    reboot(acme, 2)
    refused(acme)
    reboot(northwind, 1)


def test_zero_means_that_nothing_may_wait(acme: Tenant) -> None:
    cap(acme, agent=0)
    refusal = refused(acme)
    assert refusal.retry_after == 3600
    assert "Only an admin" in refusal.message
    assert submit(acme, "ninja-list-organizations").invocation.status == Status.SUCCEEDED


@pytest.mark.parametrize("end", ["denied", "approved", "cancelled", "overdue"])
def test_there_is_room_again_when_one_does_not_wait_any_more(acme: Tenant, end: str) -> None:
    cap(acme, agent=1)
    row = reboot(acme, 1)
    refused(acme)
    match end:
        case "denied":
            deny(acme, row)
        case "approved":
            approve(acme, row)
        case "cancelled":
            invocation_cancel(principal=acme.principal(), invocation_id=row.pk)
        case "overdue":
            Invocation.objects.update(expires_at=database_now() - timedelta(seconds=1))
    reboot(acme, 2)


def test_the_wait_that_is_told_ends_when_the_deadlines_have_made_room(acme: Tenant) -> None:
    cap(acme, agent=3)
    rows = [reboot(acme, number) for number in range(3)]
    for row, minutes in zip(rows, (30, 10, 20), strict=True):
        Invocation.objects.filter(pk=row.pk).update(expires_at=database_now() + timedelta(minutes=minutes))
    assert refused(acme).retry_after == pytest.approx(600, abs=30)
    cap(acme, agent=2)
    refusal = refused(acme)
    assert refusal.retry_after == pytest.approx(1200, abs=30)
    assert refusal.retry_after is not None
    assert f"at the latest in {math.ceil(refusal.retry_after / 60)} minutes" in refusal.message


def test_one_too_many_reads_nothing_from_ninjaone(acme: Tenant, ninjaone: Sandbox) -> None:
    cap(acme, agent=1)
    reboot(acme, 1)
    before = len(ninjaone.calls())
    refused(acme)
    refused(acme, dry_run=True)
    assert len(ninjaone.calls()) == before


def test_a_call_that_only_its_route_makes_wait_needs_a_place_too(acme: Tenant) -> None:
    cap(acme, agent=1)
    reboot(acme, 1)
    with pytest.raises(GateError) as caught:
        ask(acme, "ninja-api-get", path="/v2/devices/scripting/unheard-of")
    assert caught.value.code == "too_many_pending"


def test_what_waits_already_is_found_when_there_is_no_room(acme: Tenant) -> None:
    cap(acme, agent=1)
    row = reboot(acme, 1, idempotency_key="k")
    assert reboot(acme, 1).pk == row.pk
    assert reboot(acme, 1, idempotency_key="k").pk == row.pk


def test_the_agent_reads_429_and_when_there_is_room_at_the_latest(acme: Tenant) -> None:
    cap(acme, agent=1)
    agent = caller_of(acme)
    assert agent.invoke("ninja-reboot-device", {"device_id": 43}).status == 202
    answer = agent.invoke("ninja-reboot-device", {"device_id": 44})
    assert (answer.status, answer.error["code"], answer.error["retryable"]) == (429, "too_many_pending", True)
    assert 3500 < int(answer.header("Retry-After") or "") <= 3600


def test_of_64_different_requests_at_once_20_wait(acme: Tenant) -> None:
    cap(acme)
    ends = crowd([acme] * 64)
    assert len(ends) == 64
    assert pending() == 20
    assert sum(isinstance(end, Invocation) for end in ends) == 20
    assert {end.code for end in ends if isinstance(end, GateError)} == {"too_many_pending"}


def test_the_last_place_is_given_once_to_a_crowd_that_asks_for_the_same(acme: Tenant) -> None:
    cap(acme, agent=1)
    barrier = threading.Barrier(8)
    found: list[object] = []

    def one() -> None:
        try:
            barrier.wait()
            found.append(reboot(acme, 1).pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(found), len(set(found)), pending()) == (8, 1, 1)
