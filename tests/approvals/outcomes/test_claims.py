"""Of many workers one looks; a device is read once an interval for all that wait; a connection twice a second."""

from __future__ import annotations

import itertools
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from django.conf import LazySettings
from django.db import connections

from approvals.models import Effect, EffectKind, Invocation, Lookout, Place, Status
from approvals.outcomes import poll
from approvals.outcomes.opening import origin_of
from approvals.outcomes.poll import due, place_look
from integrations.clock import database_now
from integrations.models import Agent, AgentKey, Connection, Msp
from integrations.ninjaone.sandbox import ACME, Sandbox
from tests.approvals.crowd import crowd_of
from tests.approvals.outcomes.looking import bash, effect, ended, make_due
from tests.cast import Tenant, connect

MSPS, DEVICES, ON_EACH = 50, (41, 42, 43, 44, 45), 4
WORKERS = 4


def test_of_a_crowd_one_looks(acme: Tenant, ninjaone: Sandbox) -> None:
    row = bash(acme)
    ended(ninjaone)
    place = Place.objects.get()
    before = len(ninjaone.calls("GET", "/v2/device/43/activities"))
    make_due()
    with crowd_of(16) as crowd:
        answers = crowd.at_once([lambda: place_look(place.pk)] * 16)
    assert answers.count(True) == 1
    assert answers.count(False) == 15
    assert len(ninjaone.calls("GET", "/v2/device/43/activities")) == before + 1
    assert effect(row.pk).state == "verified"


def test_who_died_while_looking_holds_a_place_up_for_a_moment_only(
    acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    bash(acme)
    place = Place.objects.get()
    make_due()

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(poll, "_look", killed)
        with pytest.raises(KeyboardInterrupt):
            place_look(place.pk)
    left = Place.objects.get().due_at
    assert left is not None
    assert timedelta() < left - database_now() <= poll.LEASE
    assert not place_look(place.pk)
    make_due()
    assert place_look(place.pk)


def test_what_is_sent_while_somebody_looks_is_looked_for_soon(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    bash(acme, "echo one")
    place = Place.objects.get()
    make_due()
    look = poll._look

    def meanwhile(*arguments: Any) -> None:
        look(*arguments)
        bash(acme, "echo two")

    monkeypatch.setattr(poll, "_look", meanwhile)
    assert place_look(place.pk)
    due_at = Place.objects.get().due_at
    assert due_at is not None
    assert due_at <= database_now() + timedelta(seconds=2)


def test_no_transaction_is_open_while_ninjaone_is_asked(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    bash(acme)
    look, seen = poll._look, []

    def watched(*arguments: Any) -> None:
        seen.append(connections["default"].in_atomic_block)
        look(*arguments)

    monkeypatch.setattr(poll, "_look", watched)
    make_due()
    assert place_look(Place.objects.get().pk)
    assert seen == [False]


def test_a_thousand_outcomes_of_fifty_msps_are_read_no_faster_than_allowed(
    ninjaone: Sandbox, transactional_db: None, monkeypatch: pytest.MonkeyPatch, settings: LazySettings
) -> None:
    settings.NINJAONE_LIMIT_SANDBOX = True
    for number in range(MSPS):
        _msp_with_outcomes(number, ninjaone)
    assert Effect.objects.filter(closed_at=None).count() == 1_000
    looks: list[tuple[UUID, str, datetime]] = []
    look, lock = poll._look, threading.Lock()

    def counted(place: Place, effects: list[Effect], now: datetime) -> None:
        assert len(effects) == ON_EACH
        with lock:
            looks.append((place.connection_id, place.name, now))
        look(place, effects, now)

    monkeypatch.setattr(poll, "_look", counted)
    ninjaone.received.clear()
    work(until=lambda: len(looks) >= 3 * MSPS)
    reads = [call for call in ninjaone.calls("GET") if call.path.endswith("/activities")]
    assert len(reads) == len(looks)  # one for all that wait on a device
    by_device, by_connection = defaultdict(list), defaultdict(list)
    for connection, place, now in sorted(looks, key=lambda one: one[2]):
        by_device[connection, place].append(now)
        by_connection[connection].append(now)
    assert len(by_connection) == MSPS
    assert all(gap >= timedelta(seconds=1.99) for gap in gaps(by_device.values()))
    assert all(gap >= timedelta(seconds=0.49) for gap in gaps(by_connection.values()))


def gaps(times: Any) -> list[timedelta]:
    """How long after each other, wherever there are two."""
    return [later - earlier for each in times for earlier, later in itertools.pairwise(each)]


def work(*, until: Callable[[], bool]) -> None:
    """Several workers at once, each looking at whatever is due, as those of several machines would."""
    deadline = time.monotonic() + 120

    def worker() -> None:
        try:
            while not until():
                assert time.monotonic() < deadline, "It did not happen in time"
                for place, _ in due(limit=1_000):
                    place_look(place)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=worker) for _ in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _msp_with_outcomes(number: int, sandbox: Sandbox) -> None:
    msp = Msp.objects.create(name=f"MSP {number}", slug=f"msp-{number}")
    agent = Agent.objects.create(msp=msp, name="bot")
    key = AgentKey.objects.create(msp=msp, agent=agent, prefix=f"k{number:07d}", digest=f"{number:064d}")
    connection = connect(msp, None, ACME, sandbox)  # type: ignore[arg-type]
    now = database_now()
    Lookout.objects.create(msp=msp, connection=connection, next_read_at=now)
    for device in DEVICES:
        place = Place.objects.create(msp=msp, connection=connection, name=f"device/{device}", due_at=now)
        rows = [_sent(msp, agent, key, connection, now) for _ in range(ON_EACH)]
        Invocation.objects.bulk_create(rows)
        Effect.objects.bulk_create(
            Effect(
                invocation=row, msp=msp, connection=connection, place=place, kind=EffectKind.BASH,
                nonce=f"{index:032x}",
                origin=origin_of(connection), after_id=0, sent_at=now, give_up_at=now + timedelta(minutes=30),
            )
            for index, row in enumerate(rows)
        )  # fmt: skip
    Invocation.objects.filter(msp=msp).update(status=Status.SUCCEEDED, lease_until=None, finished_at=now)


def _sent(msp: Msp, agent: Agent, key: AgentKey, connection: Connection, now: datetime) -> Invocation:
    return Invocation(
        msp=msp, agent=agent, agent_key=key, connection=connection, tool="ninjaone:ninja-run-bash", tool_version="1",
        policy="auto", is_write=True, status=Status.DISPATCHING, arguments="{}", created_at=now, attempt_count=1,
        dispatch_started_at=now, lease_until=now + timedelta(minutes=1),
    )  # fmt: skip
