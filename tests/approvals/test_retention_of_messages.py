from __future__ import annotations

from datetime import timedelta

from approvals.models import Delivery, Destination, Status
from integrations.audit import Actor
from integrations.clock import database_now
from integrations.models import AuditEvent
from integrations.retention import retention_change
from tests.approvals.notices.places import destination
from tests.approvals.sql import at
from tests.approvals.test_retention import again
from tests.cast import Tenant


def test_messages_about_no_call_go_with_the_calls_of_their_time(acme: Tenant, northwind: Tenant) -> None:
    longer = {"results_days": 30, "invocations_days": 800, "audit_days": 800}
    retention_change(msp=northwind.msp, actor=Actor.system("test"), wanted=longer)
    row, now = at(acme, Status.FAILED), database_now()
    for tenant in (acme, northwind):
        to = destination(tenant, f"https://127.0.0.1:9/{tenant.msp.slug}")
        dead, waits = {"dead_at": now}, {"due_at": now + timedelta(hours=1)}
        for event, days, ended in (
            ("old dead", 402, dead),
            ("old", 402, waits),
            ("dead", 398, dead),
            ("new", 0, waits),
        ):
            created = now - timedelta(days=days)
            Delivery.objects.create(msp=tenant.msp, destination=to, event=event, created_at=created, **ended)
    Delivery.objects.create(
        msp=acme.msp, destination=Destination.objects.get(msp=acme.msp), invocation=row, event="of a call",
        created_at=now - timedelta(days=402), dead_at=now,
    )  # fmt: skip
    for tenant in (acme, northwind):
        again(tenant)
    left = Delivery.objects.filter(msp=acme.msp).values_list("event", flat=True)
    assert sorted(left) == ["dead", "new", "of a call"]
    assert Delivery.objects.filter(msp=northwind.msp).count() == 4
    assert AuditEvent.objects.filter(msp=acme.msp, action="retention.messages_removed").count() == 2
