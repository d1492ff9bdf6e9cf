"""What became of a message, written down: taken, to be tried again, or given up."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Coalesce

from approvals.models import Delivery, Destination
from approvals.notices.events import alarm
from approvals.notices.schedule import PATIENCE, pause_after, webhook_pause_after
from integrations.audit import Actor, audit_append
from integrations.clock import Now, database_now
from integrations.courier.answers import Answer
from integrations.tenancy import TenantQuerySet

DELIVERER = Actor.system("notices")
LONGEST_REST = timedelta(minutes=5)
GONE = "It says that it is gone for good (410)."


def delivery_taken(destination: Destination, delivery: Delivery) -> None:
    """The other side has it."""
    with transaction.atomic():
        _waiting(delivery).update(due_at=None, delivered_at=Now(), attempts=F("attempts") + 1, last_error="")
        Destination.objects.filter(pk=destination.pk).update(
            failures=0, failing_since=None, last_error="", last_error_at=None, last_delivered_at=Now()
        )


def delivery_failed(destination: Destination, delivery: Delivery, answer: Answer) -> None:
    """It was not taken. A destination that took nothing for days is switched off; what waits there stays."""
    error, now = answer.error[:300], database_now()
    with transaction.atomic():
        tries = delivery.attempts + 1
        pause: timedelta | None = pause_after(destination.failures + 1)
        if destination.agent_id is not None:
            pause = None if answer.is_gone else webhook_pause_after(tries)
        end = {"due_at": None, "dead_at": now} if pause is None else {"due_at": now + pause}
        _waiting(delivery).update(attempts=tries, last_error=error, **end)
        if destination.agent_id is not None:
            # One that fails gives others of its MSP their turn before it fails again.
            rest = now + min(pause_after(destination.failures + 1), LONGEST_REST)
            Delivery.objects.filter(destination=destination, due_at__lt=rest).exclude(pk=delivery.pk).update(
                due_at=rest
            )
        Destination.objects.filter(pk=destination.pk).update(
            failures=F("failures") + 1,
            failing_since=Coalesce("failing_since", now),
            last_error=error,
            last_error_at=now,
        )
        _give_up(destination, GONE if answer.is_gone else error, is_gone=answer.is_gone)


def _give_up(destination: Destination, error: str, *, is_gone: bool) -> None:
    """Switch it off when it is gone, or has failed for too long."""
    hopeless = Q() if is_gone else Q(failing_since__lte=Now() - PATIENCE)
    why = error if is_gone else f"It took nothing for {PATIENCE.days} days. The last time: {error}"
    rows = Destination.objects.filter(hopeless, pk=destination.pk, is_enabled=True)
    if not rows.update(is_enabled=False, disabled_because=why[:300]):
        return
    audit_append(
        msp=destination.msp,
        actor=DELIVERER,
        action="destination.switched_off",
        subject=f"destination {destination}",
        data={"id": str(destination.pk), "why": why},
    )
    if destination.agent_id is None:
        alarm(msp=destination.msp, what=f"Messages to “{destination}” are switched off. {why}")


def _waiting(delivery: Delivery) -> TenantQuerySet[Delivery]:
    return Delivery.objects.filter(pk=delivery.pk, due_at__isnull=False)
