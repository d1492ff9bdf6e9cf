"""However many wait, one look a second is for all of them, and threads for other calls are left."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Collection
from typing import Any
from uuid import UUID

import pytest
from django.conf import LazySettings
from django.db import OperationalError, connection, connections

from approvals import waiting
from approvals.decisions import invocation_cancel
from approvals.errors import GateError
from approvals.ledger import invocation_wait
from approvals.models import Invocation
from approvals.waiting import WAITS, Mark, marks_of
from tests.approvals.asking import approved_and_sent, ask
from tests.approvals.rest.calling import Caller
from tests.cast import Tenant


def together(count: int, one: Callable[[int], None]) -> list[threading.Thread]:
    def run(number: int) -> None:
        try:
            one(number)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    return threads


def arrived(count: int) -> None:
    deadline = time.monotonic() + 20
    while len(WAITS._waiters) < count and time.monotonic() < deadline:
        time.sleep(0.02)
    assert len(WAITS._waiters) == count


def test_many_waits_share_one_look_a_second_and_each_ends_with_its_own(
    acme: Tenant, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.SERVER_THREADS = 200
    rows = [ask(acme, "ninja-reboot-device", device_id=43, reason=f"number {number}") for number in range(8)]
    looks: list[tuple[float, int]] = []

    def counted(ids: Collection[UUID]) -> dict[UUID, Mark]:
        looks.append((time.monotonic(), len(ids)))
        return marks_of(ids)

    monkeypatch.setattr(waiting, "marks_of", counted)
    ended: dict[int, str] = {}

    def wait(number: int) -> None:
        row, _ = invocation_wait(principal=acme.principal(), invocation_id=rows[number % 8].pk, seconds=30)
        ended[number] = row.status

    threads = together(24, wait)
    arrived(24)
    invocation_cancel(principal=acme.principal(), invocation_id=rows[0].pk)
    for thread in (threads[0], threads[8], threads[16]):
        thread.join(20)
    assert ended == {0: "cancelled", 8: "cancelled", 16: "cancelled"}
    for row in rows[1:]:
        invocation_cancel(principal=acme.principal(), invocation_id=row.pk)
    for thread in threads:
        thread.join(20)
    assert set(ended.values()) == {"cancelled"}
    assert len(ended) == 24
    times = [at for at, _ in looks]
    assert all(later - earlier > 0.9 for earlier, later in itertools.pairwise(times))
    assert max(size for _, size in looks) == 8


def test_one_look_is_one_statement(
    acme: Tenant, sent: Invocation, django_assert_num_queries: Callable[[int], Any]
) -> None:
    rows = [ask(acme, "ninja-reboot-device", device_id=43, reason=str(number)) for number in range(3)]
    with django_assert_num_queries(1):
        marks = marks_of([*(row.pk for row in rows), sent.pk])
    assert [marks[row.pk] for row in rows] == [Mark("pending_approval", "", is_offline=False)] * 3
    assert len(marks) == 4


def test_a_wait_sees_that_the_outcome_goes_on_although_the_status_stands(acme: Tenant) -> None:
    row = approved_and_sent(acme, ask(acme, "ninja-reboot-device", device_id=43))
    before = marks_of([row.pk])[row.pk]
    assert (before.status, before.outcome) == ("succeeded", "submitted")
    done = threading.Event()

    def wait(_: int) -> None:
        WAITS.until_changed(row.pk, before, 20)
        done.set()

    [thread] = together(1, wait)
    arrived(1)
    row.effect.__class__.objects.filter(pk=row.pk).update(state="running")
    thread.join(20)
    assert done.is_set()


def test_an_agent_that_waits_too_often_is_told_to_come_back_and_others_still_wait(
    acme: Tenant, northwind: Tenant, agent: Caller, settings: LazySettings
) -> None:
    settings.SERVER_THREADS = 16
    row = ask(acme, "ninja-reboot-device", device_id=43)
    other = ask(northwind, "ninja-reboot-device", device_id=43)
    key = agent
    threads = together(
        2, lambda _: invocation_wait(principal=acme.principal(), invocation_id=row.pk, seconds=30) and None
    )
    arrived(2)
    refused = key.get(f"invocations/{row.pk}?wait=20")
    assert (refused.status, refused.error["code"]) == (429, "wait_saturated")
    assert refused.header("Retry-After") == "5"
    assert key.get(f"invocations/{row.pk}").status == 200
    found, _ = invocation_wait(principal=northwind.principal(), invocation_id=other.pk, seconds=0.3)
    assert found.pk == other.pk
    invocation_cancel(principal=acme.principal(), invocation_id=row.pk)
    for thread in threads:
        thread.join(20)
    assert not WAITS._agents


def test_of_all_threads_half_may_wait(acme: Tenant, settings: LazySettings) -> None:
    settings.SERVER_THREADS = 8
    agents = [UUID(int=number) for number in range(5)]
    places = [WAITS.place(agent) for agent in agents]
    for place in places[:4]:
        place.__enter__()
    with pytest.raises(GateError) as caught, places[4]:
        pass
    assert (caught.value.code, caught.value.http_status, caught.value.is_retryable) == ("wait_saturated", 429, True)
    for place in places[:4]:
        place.__exit__(None, None, None)
    with WAITS.place(agents[4]):
        assert WAITS._agents.total() == 1


def test_waits_outlive_a_database_that_is_away_for_a_moment(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    row = ask(acme, "ninja-reboot-device", device_id=43)
    failures = iter([OperationalError("gone"), OperationalError("gone")])

    def broken(ids: Collection[UUID]) -> dict[UUID, Mark]:
        if error := next(failures, None):
            raise error
        return marks_of(ids)

    monkeypatch.setattr(waiting, "marks_of", broken)
    seen: list[str] = []
    [thread] = together(
        1,
        lambda _: seen.append(invocation_wait(principal=acme.principal(), invocation_id=row.pk, seconds=30)[0].status),
    )
    arrived(1)
    invocation_cancel(principal=acme.principal(), invocation_id=row.pk)
    thread.join(20)
    assert seen == ["cancelled"]


def test_the_thread_goes_when_nobody_waits_and_comes_back(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    row = ask(acme, "ninja-reboot-device", device_id=43)
    monkeypatch.setattr(waiting, "LINGERING", 0.2)
    for _ in range(2):
        invocation_wait(principal=acme.principal(), invocation_id=row.pk, seconds=0.4)
        deadline = time.monotonic() + 10
        while WAITS._thread is not None and time.monotonic() < deadline:
            time.sleep(0.05)
        assert WAITS._thread is None
    assert connection.is_usable()
