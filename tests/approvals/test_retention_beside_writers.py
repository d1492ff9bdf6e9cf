"""Retention removes thousands of rows while agents call and people decide, and nobody waits for it."""

from __future__ import annotations

import threading
import time
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, connections, transaction

from approvals.models import Attempt, Invocation, Status
from approvals.retention import retain
from integrations.audit import Actor, audit_append
from integrations.clock import Now, database_now
from integrations.installation import installation_prove
from integrations.models import AuditEvent, Retention
from integrations.ninjaone.sandbox import ACME, Sandbox
from tests.aging import age, past_the_guards
from tests.approvals.sql import at
from tests.cast import Tenant, make_tenant
from tests.integrations.test_audit_tombstones import days_ago

OLD_CALLS, OLD_ENTRIES = 3_000, 1_500
WRITERS, WORKERS = 4, 3


@pytest.fixture
def acme(ninjaone: Sandbox, transactional_db: None) -> Tenant:
    """An MSP of long ago."""
    installation_prove()
    with days_ago(500):
        return make_tenant("acme", ACME, ninjaone)


def fill(tenant: Tenant) -> None:
    """Calls of the past with results and attempts, half of them past their time, and entries."""
    row = at(tenant, Status.FAILED)
    now = database_now()
    given: dict[str, Any] = {f.attname: getattr(row, f.attname) for f in Invocation._meta.concrete_fields}
    rows = []
    for number in range(OLD_CALLS):
        is_over = number % 2
        rows.append(
            Invocation(
                **{
                    **given,
                    "id": uuid.uuid4(),
                    "call_digest": uuid.uuid4().hex,
                    "result": '{"rows":"' + "x" * 2_000 + '"}',
                },
            )
        )
        rows[-1].created_at = now - timedelta(days=450 if is_over else 60)
    Invocation.objects.bulk_create(rows, batch_size=500)
    tries = [
        Attempt(msp=tenant.msp, invocation=one, number=1, is_write=True, started_at=one.created_at) for one in rows
    ]
    with past_the_guards("approvals_attempt"):
        Attempt.objects.bulk_create(tries, batch_size=500)
    with days_ago(500), transaction.atomic():
        for _ in range(OLD_ENTRIES):
            audit_append(msp=tenant.msp, actor=Actor.system("test"), action="test.entry", subject="old")
    age(Invocation.objects.filter(pk=row.pk), created_at=0)


class Writer(threading.Thread):
    """Writes what a call writes, an invocation with its entry, until it is told to stop."""

    def __init__(self, tenant: Tenant, stop: threading.Event) -> None:
        super().__init__()
        self.tenant = tenant
        self.stop = stop
        self.waits: list[float] = []
        self.template = at(tenant, Status.FAILED)

    def run(self) -> None:
        """In a thread with a connection of its own."""
        try:
            while not self.stop.is_set():
                row = self.template
                row.pk, row.call_digest, row.created_at = uuid.uuid4(), uuid.uuid4().hex, database_now()
                began = time.perf_counter()
                with transaction.atomic():
                    row.save(force_insert=True)
                    audit_append(msp=self.tenant.msp, actor=Actor.system("writer"), action="test.written", subject="x")
                self.waits.append(time.perf_counter() - began)
                time.sleep(0.01)
        finally:
            connections.close_all()


def work() -> None:
    """One of several workers that sweep at once. What it raises fails the test, as in any thread."""
    try:
        retain(seconds=120)
    finally:
        connections.close_all()


def test_no_writer_waits_and_no_worker_is_in_another_ones_way(acme: Tenant, record_property: Any) -> None:
    fill(acme)
    stop = threading.Event()
    writers = [Writer(acme, stop) for _ in range(WRITERS)]
    for writer in writers:
        writer.start()
    workers = [threading.Thread(target=work) for _ in range(WORKERS)]
    began = time.perf_counter()
    for worker in workers:
        # Each takes the MSP, as if whoever has it were dead.
        Retention.objects.filter(msp=acme.msp).update(due_at=Now())
        worker.start()
        time.sleep(0.3)
    for worker in workers:
        worker.join()
    took = time.perf_counter() - began
    stop.set()
    for writer in writers:
        writer.join()
    waits = [wait for writer in writers for wait in writer.waits]
    longest = max(waits)
    record_property("longest wait of a writer, ms", round(longest * 1000))
    print(f"{connection.vendor}: {len(waits)} writes in {took:.1f} s, longest wait {longest * 1000:.0f} ms")
    # What is removed and what is written take turns: each batch has its entry in the same chain.
    sweeps = AuditEvent.objects.filter(msp=acme.msp, action__startswith="retention.").order_by("number")
    first, last = (sweeps.values_list("number", flat=True)[place] for place in (0, sweeps.count() - 1))
    between = AuditEvent.objects.filter(msp=acme.msp, number__gt=first, number__lt=last)
    assert between.filter(action="test.written").count() > sweeps.count()
    assert not Invocation.objects.filter(created_at__lt=database_now() - timedelta(days=402)).exists()
    assert not Invocation.objects.filter(
        created_at__lt=database_now() - timedelta(days=32), result__isnull=False
    ).exists()
    assert not Attempt.objects.filter(started_at__lt=database_now() - timedelta(days=402)).exists()
    assert AuditEvent.objects.filter(msp=acme.msp, action="test.entry").count() == 0
    assert AuditEvent.objects.filter(msp=acme.msp, action="test.written").count() == len(waits)
    removed = AuditEvent.objects.filter(msp=acme.msp, action="retention.calls_removed")
    assert sum(int(one.record.split('"calls":')[1].split("}")[0].split(",")[0]) for one in removed) == OLD_CALLS // 2
    call_command("audit_verify")


def test_a_killed_batch_leaves_nothing_half_done(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    """The transaction is the batch: whatever happens before its end, it never was."""
    fill_one = at(acme, Status.FAILED)
    age(Invocation.objects.filter(pk=fill_one.pk), created_at=450)
    Retention.objects.filter(msp=acme.msp).update(due_at=Now())

    def die(*args: object, **kwargs: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("approvals.retention.audit_append", die)
        with pytest.raises(KeyboardInterrupt):
            retain()
    assert Invocation.objects.filter(pk=fill_one.pk).exists()
    Retention.objects.filter(msp=acme.msp).update(due_at=Now())
    retain()
    assert not Invocation.objects.filter(pk=fill_one.pk).exists()
