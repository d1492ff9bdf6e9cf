"""Looking at an invocation, and waiting for its end."""

from __future__ import annotations

import threading
import time
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from pytest_django import DjangoAssertNumQueries

from approvals import ledger
from approvals.decisions import invocation_cancel
from approvals.errors import GateError
from approvals.ledger import invocation_wait
from approvals.models import Invocation, Status
from approvals.waiting import WAITS
from integrations.clock import database_now
from tests.approvals.asking import ask
from tests.approvals.rest.calling import Caller
from tests.cast import Tenant


def test_without_wait_the_answer_comes_at_once(agent: Caller) -> None:
    asked = agent.invoke("ninja-reboot-device", {"device_id": 43}).body
    started = time.monotonic()
    answer = agent.get(f"invocations/{asked['id']}")
    assert (answer.status, answer.body) == (200, asked)
    assert time.monotonic() - started < 5


def test_a_wait_for_something_that_has_ended_answers_at_once(agent: Caller) -> None:
    done = agent.invoke("ninja-get-device", {"device_id": 43}).body
    started = time.monotonic()
    assert agent.get(f"invocations/{done['id']}?wait=55").body["status"] == "succeeded"
    assert time.monotonic() - started < 5


def test_a_wait_is_over_when_its_time_is_over(agent: Caller) -> None:
    asked = agent.invoke("ninja-reboot-device", {"device_id": 43}).body
    started = time.monotonic()
    assert agent.get(f"invocations/{asked['id']}?wait=1").body["status"] == "pending_approval"
    assert 0.9 < time.monotonic() - started < 5


def test_a_deadline_that_passes_while_waiting_ends_the_wait_before_any_sweeper(acme: Tenant, agent: Caller) -> None:
    row = ask(acme, "ninja-reboot-device", device_id=43)
    Invocation.objects.filter(pk=row.pk).update(expires_at=database_now() + timedelta(seconds=0.6))
    started = time.monotonic()
    body = agent.get(f"invocations/{row.pk}?wait=10").body
    assert (body["status"], body["next"]) == ("expired", None)
    assert 0.4 < time.monotonic() - started < 8
    assert Invocation.objects.get().status == Status.PENDING_APPROVAL


def test_nobody_waits_longer_than_the_longest_wait(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    row = ask(acme, "ninja-reboot-device", device_id=43)
    monkeypatch.setattr(ledger, "LONGEST_WAIT", 0.5)
    started = time.monotonic()
    assert invocation_wait(principal=acme.principal(), invocation_id=row.pk, seconds=10_000)[0].status == row.status
    assert 0.4 < time.monotonic() - started < 8


def test_no_transaction_is_open_while_somebody_waits(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    row = ask(acme, "ninja-reboot-device", device_id=43)
    seen = []
    waited = WAITS.until_changed

    def look(*args: Any) -> None:
        seen.append(transaction.get_connection().in_atomic_block)
        waited(*args)

    monkeypatch.setattr(WAITS, "until_changed", look)
    invocation_wait(principal=acme.principal(), invocation_id=row.pk, seconds=0.3)
    assert seen == [False]


def test_a_look_costs_one_query(acme: Tenant, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    row, principal = ask(acme, "ninja-reboot-device", device_id=43), acme.principal()
    with django_assert_num_queries(1):
        invocation_wait(principal=principal, invocation_id=row.pk, seconds=0)


def test_a_wait_in_one_thread_sees_what_another_commits(acme: Tenant) -> None:
    row, principal = ask(acme, "ninja-reboot-device", device_id=43), acme.principal()
    seen: list[Invocation] = []

    def wait() -> None:
        seen.append(invocation_wait(principal=principal, invocation_id=row.pk, seconds=20)[0])
        connection.close()

    thread = threading.Thread(target=wait)
    thread.start()
    time.sleep(0.3)
    invocation_cancel(principal=principal, invocation_id=row.pk)
    thread.join(timeout=10)
    assert [each.status for each in seen] == [Status.CANCELLED]


def test_there_is_nothing_to_wait_for_where_there_is_nothing(acme: Tenant) -> None:
    with pytest.raises(GateError) as caught:
        invocation_wait(principal=acme.principal(), invocation_id=uuid.uuid4(), seconds=55)
    assert caught.value.code == "not_found"
