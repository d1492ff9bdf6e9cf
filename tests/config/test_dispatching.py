"""Many calls at once, few of them of one MSP, and none that waits for another MSP's NinjaOne."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator

import pytest
from django.db import OperationalError

from approvals.models import Status
from config import dispatching
from config.dispatching import Dispatching
from tests.approvals.asking import again, approve, ask
from tests.cast import Tenant
from tests.config.rows import invocation_make
from tests.config.test_background import wait_for


class Wire:
    """In place of `dispatch_one`: what was started, which waits until it is let go."""

    def __init__(self) -> None:
        self.started: list[uuid.UUID] = []
        self.go = threading.Event()

    def __call__(self, row: uuid.UUID) -> bool:
        self.started.append(row)
        self.go.wait(10)
        return True


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Iterator[Wire]:
    wire = Wire()
    monkeypatch.setattr(dispatching, "dispatch_one", wire)
    yield wire
    wire.go.set()


def test_one_msp_takes_only_its_share_of_the_room(acme: Tenant, northwind: Tenant, wire: Wire) -> None:
    mine = {invocation_make(acme, Status.QUEUED).pk for _ in range(30)}
    other = invocation_make(northwind, Status.QUEUED).pk
    dispatcher = Dispatching()
    for _ in range(3):
        dispatcher.round()
    wait_for(lambda: len(wire.started) == dispatching.AT_ONCE_PER_MSP + 1)
    assert other in wire.started
    assert len(mine & set(wire.started)) == dispatching.AT_ONCE_PER_MSP
    wire.go.set()
    dispatcher.finish()


def test_there_is_an_end_to_how_many_are_sent_at_once(
    acme: Tenant, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatching, "AT_ONCE", 2)
    for _ in range(5):
        invocation_make(acme, Status.QUEUED)
    dispatcher = Dispatching()
    for _ in range(3):
        dispatcher.round()
    wait_for(lambda: len(wire.started) == 2)
    wire.go.set()
    dispatcher.finish()
    assert len(set(wire.started)) == 2


def test_an_msp_whose_ninjaone_cannot_be_asked_rests_and_nobody_else(
    acme: Tenant, northwind: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[uuid.UUID] = []

    def dispatch_one(row: uuid.UUID) -> bool:
        tried.append(row)
        return False

    monkeypatch.setattr(dispatching, "dispatch_one", dispatch_one)
    mine = invocation_make(acme, Status.QUEUED).pk
    dispatcher = Dispatching()
    dispatcher.round()
    dispatcher.finish()
    other = invocation_make(northwind, Status.QUEUED).pk
    dispatcher.round()
    dispatcher.finish()
    assert tried == [mine, other]
    now = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: now + dispatching.REST_SECONDS + 1)
    dispatcher.round()
    dispatcher.finish()
    assert sorted(tried[2:]) == sorted([mine, other])


def test_a_database_that_refuses_one_row_costs_a_rest(
    acme: Tenant, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def dispatch_one(row: uuid.UUID) -> bool:
        raise OperationalError("locked")

    monkeypatch.setattr(dispatching, "dispatch_one", dispatch_one)
    invocation_make(acme, Status.QUEUED)
    dispatcher = Dispatching()
    for _ in range(2):
        dispatcher.round()
        dispatcher.finish()
    assert [
        record.getMessage().partition(" (")[2] for record in caplog.records if record.name == dispatching.__name__
    ] == ["locked). It is tried again."]


def test_it_waits_for_what_is_on_the_wire(acme: Tenant) -> None:
    row = approve(acme, ask(acme, "ninja-reboot-device", device_id=43))
    dispatcher = Dispatching()
    dispatcher.round()
    dispatcher.finish()
    assert again(row.pk).status == Status.SUCCEEDED
