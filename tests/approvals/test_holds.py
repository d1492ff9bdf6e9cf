"""What is queued is checked by one process at a time, and by another one when that one dies."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from django.db import connections

from approvals.decisions import invocation_cancel
from approvals.dispatch import dispatch_due, dispatch_one
from approvals.holds import due, hold, let_go
from approvals.models import Invocation, Status
from integrations.clock import database_now
from integrations.ninjaone.sandbox import Sandbox
from integrations.ninjaone.sandbox.faults import status
from tests.approvals.asking import again, approve, ask
from tests.cast import Tenant
from tests.config.rows import invocation_make

DEVICE = "/v2/device/45"
REBOOT = f"{DEVICE}/reboot/NORMAL"


def queued(tenant: Tenant) -> Invocation:
    return approve(tenant, ask(tenant, "ninja-reboot-device", device_id=45))


def test_of_many_that_come_at_once_one_asks_ninjaone_and_sends(acme: Tenant, ninjaone: Sandbox) -> None:
    row = queued(acme)
    before = len(ninjaone.calls("GET", DEVICE))

    def dispatch(_: int) -> bool:
        try:
            return dispatch_one(row.pk)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(dispatch, range(8)))
    assert again(row.pk).status == Status.SUCCEEDED
    assert (len(ninjaone.calls("GET", DEVICE)) - before, len(ninjaone.calls("POST", REBOOT))) == (1, 1)
    assert again(row.pk).lease_until is None


def test_what_somebody_checks_is_not_due_to_others(acme: Tenant) -> None:
    mine, other = invocation_make(acme, Status.QUEUED).pk, invocation_make(acme, Status.QUEUED).pk
    until = hold(mine)
    assert until is not None
    assert hold(mine) is None
    assert [row for row, _ in due(limit=9)] == [other]
    let_go(mine, until - timedelta(seconds=1))  # not this one's to let go
    assert hold(mine) is None
    let_go(mine, until)
    assert hold(mine) is not None


def test_who_dies_over_a_check_is_replaced(acme: Tenant) -> None:
    row = queued(acme)
    hold(row.pk)
    assert dispatch_due() == 0
    Invocation.objects.filter(pk=row.pk).update(lease_until=database_now() - timedelta(seconds=1))
    assert dispatch_due() == 1
    assert again(row.pk).status == Status.SUCCEEDED


def test_what_waits_for_ninjaone_is_free_at_once(acme: Tenant, ninjaone: Sandbox) -> None:
    row = queued(acme)
    ninjaone.faults.add("GET", DEVICE, status(503), times=9)
    assert dispatch_one(row.pk) is False
    assert [found for found, _ in due(limit=9)] == [row.pk]
    assert again(row.pk).lease_until is None


def test_an_agent_withdraws_what_is_being_checked(acme: Tenant, ninjaone: Sandbox) -> None:
    row = queued(acme)
    hold(row.pk)
    cancelled = invocation_cancel(principal=acme.principal(), invocation_id=row.pk)
    assert (cancelled.status, cancelled.lease_until) == (Status.CANCELLED, None)
    assert not ninjaone.calls("POST", REBOOT)
