"""Real threads against each other: one winner, and nothing is sent twice."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable

from django.db import connection, transaction

from approvals.decisions import invocation_cancel
from approvals.dispatch import dispatch_due
from approvals.errors import GateError
from approvals.models import Invocation, Status
from integrations.audit import Actor, audit_append
from integrations.models import AuditEvent
from integrations.ninjaone.sandbox import Sandbox
from tests.approvals.asking import again, approve, ask
from tests.cast import Tenant


def race(*runners: Callable[[], object]) -> int:
    """Run all at once; how many won, the others having been refused."""
    barrier = threading.Barrier(len(runners))
    won: list[bool] = []

    def one(runner: Callable[[], object]) -> None:
        try:
            barrier.wait()
            runner()
            won.append(True)
        except GateError:
            won.append(False)
        finally:
            connection.close()

    threads = [threading.Thread(target=one, args=(runner,)) for runner in runners]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(won)


def test_many_dispatchers_send_a_write_once(acme: Tenant, ninjaone: Sandbox) -> None:
    rows = [approve(acme, ask(acme, "ninja-reboot-device", device_id=device)) for device in (41, 43, 44)]
    race(*[dispatch_due] * 8)
    assert len(ninjaone.calls("POST")) == len(rows)
    assert {again(row.pk).status for row in rows} == {Status.SUCCEEDED}


def test_a_cancel_against_the_dispatcher_ends_as_one_or_the_other(acme: Tenant, ninjaone: Sandbox) -> None:
    for _ in range(5):
        row = approve(acme, ask(acme, "ninja-reboot-device", device_id=43))
        principal = acme.principal()
        before = len(ninjaone.calls("POST"))
        race(dispatch_due, lambda: invocation_cancel(principal=principal, invocation_id=row.pk))  # noqa: B023
        sent = len(ninjaone.calls("POST")) - before
        assert again(row.pk).status == (Status.SUCCEEDED if sent else Status.CANCELLED)


def test_audit_numbers_have_no_gaps_under_load(acme: Tenant) -> None:
    def append() -> None:
        for _ in range(5):
            with transaction.atomic():
                audit_append(msp=acme.msp, actor=Actor.system("test"), action="test.entry", subject="load")

    race(*[append] * 8)
    entries = list(AuditEvent.objects.for_msp(acme.msp).order_by("number"))
    assert [entry.number for entry in entries] == list(range(1, len(entries) + 1))
    for before, after in itertools.pairwise(entries):
        assert after.previous_hash == before.hash
    assert Invocation.objects.count() == 0
