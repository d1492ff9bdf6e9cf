"""The filters of the activity: each lets through what it says, alone and with others, and nothing of other MSPs."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest

from approvals.history.filters import Filters
from approvals.history.known import known_deciders, known_devices, known_organizations
from approvals.history.pages import Place, history_page
from approvals.models import Invocation, Status
from approvals.models.states import FIRST
from approvals.reading import status_now
from integrations.agent_keys import agent_key_issue
from integrations.audit import Actor
from integrations.clock import database_now
from integrations.models import Agent
from tests.approvals.asking import approve, ask, deny
from tests.cast import Tenant
from tests.config.rows import invocation_make


def found(tenant: Tenant, **filters: Any) -> set[uuid.UUID]:
    """The calls that fit, looked for from both ends."""
    newest = history_page(tenant.msp, Filters(**filters))
    oldest = history_page(tenant.msp, Filters(**filters), Place(is_oldest=not filters.get("words")))
    assert newest.ids == oldest.ids
    assert filters.get("words") or newest.count == len(newest.ids)
    return set(newest.ids)


@pytest.fixture
def calls(acme: Tenant, northwind: Tenant) -> list[Invocation]:
    """One that fits what the tests look for, one beside it, and the like of another MSP."""
    now = database_now()
    other = Agent.objects.create(msp=acme.msp, name="night-bot")
    key, _ = agent_key_issue(agent=other, actor=Actor.user(acme.admin))
    wanted = {"device_id": 7, "device_name": "ACME-WEB01", "organization_id": 3, "organization_name": "Acme Ltd"}
    beside = {"device_id": 8, "device_name": "ACME-SQL01", "organization_id": 4, "organization_name": "Bolt Ltd"}
    return [
        invocation_make(acme, Status.UNKNOWN, reason="Ticket 14: slow", ticket_id=14, **wanted),
        invocation_make(
            acme, Status.FAILED, agent=other, tool="ninjaone:ninja-get-device", agent_key=key,
            created_at=now - timedelta(days=2), **beside,
        ),
        invocation_make(northwind, Status.UNKNOWN, reason="Ticket 14: slow", ticket_id=14, **wanted),
    ]  # fmt: skip


def test_each_filter_finds_what_it_says(acme: Tenant, calls: list[Invocation]) -> None:
    wanted, beside, foreign = calls
    for filters in (
        {"status": Status.UNKNOWN},
        {"tool": wanted.tool},
        {"agent": wanted.agent_id},
        {"organization": 3},
        {"devices": (7,)},
        {"devices": (7, 99)},
        {"since": wanted.created_at},
        {"id": wanted.pk},
        {"words": "TICKET 14"},
        {"words": "web01"},
        {"words": "#14"},
        {"words": "14"},
        {"status": Status.UNKNOWN, "devices": (7,), "organization": 3, "tool": wanted.tool, "words": "slow"},
    ):
        assert found(acme, **filters) == {wanted.pk}, filters
    assert found(acme) == {wanted.pk, beside.pk}
    assert found(acme, until=wanted.created_at) == {beside.pk}
    for nothing in (
        {"id": foreign.pk},
        {"agent": foreign.agent_id},
        {"devices": ()},
        {"organization": 99},
        {"status": Status.UNKNOWN, "devices": (8,)},
        {"words": "140"},
        {"words": "100%"},
        {"words": "TICKET_14"},
    ):
        assert found(acme, **nothing) == set(), nothing


def test_a_person_finds_what_they_decided(acme: Tenant, northwind: Tenant) -> None:
    mine, theirs = ask(acme, "ninja-reboot-device", device_id=43), ask(acme, "ninja-reboot-device", device_id=41)
    ask(acme, "ninja-reboot-device", device_id=45)
    approve(acme, mine)
    deny(acme, theirs, acme.second_approver)
    assert found(acme, person=acme.approver.pk) == {mine.pk}
    assert found(acme, person=acme.second_approver.pk) == {theirs.pk}
    assert found(acme, person=acme.second_approver.pk, status=Status.DENIED, devices=(41,)) == {theirs.pk}
    assert found(acme, person=acme.second_approver.pk, status=Status.EXPIRED) == set()
    assert found(acme, person=acme.approver.pk, since=mine.created_at) == {mine.pk}
    assert found(acme, person=acme.approver.pk, until=mine.created_at) == set()
    assert found(acme, person=acme.approver.pk, words=mine.device_name.lower()) == {mine.pk}
    assert found(acme, person=acme.viewer.pk) == set()
    assert found(northwind, person=acme.approver.pk) == set()


@pytest.mark.parametrize("status", Status)
def test_what_lapsed_is_found_as_it_reads_now(acme: Tenant, status: Status) -> None:
    past = database_now() - timedelta(seconds=1)
    ask(acme, "ninja-reboot-device", device_id=43)
    Invocation.objects.update(expires_at=past)
    approve(acme, ask(acme, "ninja-reboot-device", device_id=44))
    Invocation.objects.filter(status=Status.QUEUED).update(release_by=past)
    for is_write in (True, False):
        invocation_make(acme, Status.DISPATCHING, lease_until=past, is_write=is_write)
    for each in (*FIRST, Status.SUCCEEDED, Status.UNKNOWN):
        invocation_make(acme, each)
    now = database_now()
    assert found(acme, status=status) == {row.pk for row in Invocation.objects.all() if status_now(row, now) is status}


def test_what_can_be_chosen_is_what_the_own_calls_are_about(acme: Tenant, calls: list[Invocation]) -> None:
    assert known_devices(acme.msp) == [(7, "ACME-WEB01"), (8, "ACME-SQL01")]
    assert known_organizations(acme.msp) == [(3, "Acme Ltd"), (4, "Bolt Ltd")]
    invocation_make(acme, Status.QUEUED, device_id=7, device_name="ACME-WWW")
    invocation_make(acme, Status.QUEUED)
    assert known_devices(acme.msp) == [(7, "ACME-WWW"), (8, "ACME-SQL01")]
    assert known_deciders(acme.msp) == []
    approve(acme, ask(acme, "ninja-reboot-device", device_id=43))
    assert known_deciders(acme.msp) == [(acme.approver.pk, "acme-approver")]


def test_a_new_msp_has_nothing_to_choose(northwind: Tenant) -> None:
    assert [*known_devices(northwind.msp), *known_organizations(northwind.msp)] == []
    assert known_deciders(northwind.msp) == []
