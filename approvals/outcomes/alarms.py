"""What should never happen, on record and before people."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F

from approvals.models import Alarm, Invocation
from approvals.notices import events
from integrations.audit import Actor, audit_append
from integrations.clock import Now, database_now
from integrations.models import Msp, User

WATCH = Actor.system("watch")
TOGETHER = timedelta(hours=1)


def alarm_different(row: Invocation, words: str) -> None:
    """Something else ran than people approved."""
    alarm_raise(row.msp, what=Alarm.What.DIFFERENT, cause=str(row.pk), words=words, invocation=row)


def alarm_raise(msp: Msp, *, what: Alarm.What, cause: str, words: str, invocation: Invocation | None = None) -> bool:
    """Raise an alarm once for each cause, and tell people; False when it was raised before."""
    if what is Alarm.What.UNEXPLAINED and _add(msp, words):
        return False
    alarm = Alarm(
        msp=msp, what=what, cause=cause[:100], words=words[:1000], invocation=invocation, raised_at=database_now()
    )
    with transaction.atomic():
        if Alarm.objects.filter(msp=msp, what=what, cause=alarm.cause).exists():
            return False
        alarm.save(force_insert=True)
        # With its audit entry, and a notice to whoever wants alarms.
        events.alarm(msp=msp, what=alarm.words, invocation=invocation)
    return True


def _add(msp: Msp, words: str) -> bool:
    """Add to an alarm of the last hour that nobody has looked at: a person at work there is one alarm, not hundreds."""
    recent = Alarm.objects.for_msp(msp).filter(
        what=Alarm.What.UNEXPLAINED, seen_at=None, raised_at__gt=database_now() - TOGETHER
    )
    with transaction.atomic():
        newest = recent.values_list("pk", flat=True).first()
        if newest is None or not recent.filter(pk=newest).update(count=F("count") + 1, words=words[:1000]):
            return False
        audit_append(msp=msp, actor=WATCH, action="alarm.added", subject=f"alarm {newest}", data={"what": words[:1000]})
    return True


def alarm_see(*, user: User, msp: Msp, alarm_id: UUID) -> bool:
    """A person has looked at it; False when there is no such alarm, or somebody was faster."""
    unseen = Alarm.objects.for_msp(msp).for_user(user).filter(pk=alarm_id, seen_at=None)
    with transaction.atomic():
        if not unseen.update(seen_at=Now()):
            return False
        audit_append(msp=msp, actor=Actor.user(user), action="alarm.seen", subject=f"alarm {alarm_id}")
    return True
