"""How long an MSP keeps results, calls and audit entries, and how it changes that.

Longer holds at once. Shorter destroys what was kept, so it is announced: on record, to whoever is told of alarms, and
on the page, where any admin takes it back for a week. The database keeps to that week, too.
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Least

from integrations.audit import Actor, audit_append
from integrations.audit.periods import Periods, periods_follow, periods_in_words
from integrations.audit_verifier import BrokenError, UncheckedError
from integrations.clock import Now, database_now
from integrations.models import Msp, Retention
from integrations.models.retention import PERIODS
from integrations.signals import retention_shortened

logger = logging.getLogger(__name__)

ANNOUNCED_DAYS = 7
UNSAID = (
    "Nothing is removed of %s: its results, calls and audit are kept for %s days by the database, for %s by the audit. "
    "Somebody changed that past Countersign. Look into it; then let an admin save the longer ones under Settings, and "
    "after that whatever is right."
)
RETENTION = Actor.system("retention")


class PeriodsChangedError(Exception):
    """Somebody changed the periods meanwhile."""


def day_begun(at: datetime) -> datetime:
    """The beginning of its day, in UTC."""
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)


def over_before(*, now: datetime, days: int) -> datetime:
    """What is older than this has been kept for `days` days. Whole days, so that each is cleared once."""
    return day_begun(now - timedelta(days=days))


def shorter_holds_from() -> datetime:
    """When a shorter period that is asked for now comes into force."""
    # A minute more: asked for right before midnight it would be a moment short of a week when it is written down.
    return day_begun(database_now() + timedelta(days=ANNOUNCED_DAYS + 1, minutes=1))


def retention_change(*, msp: Msp, actor: Actor, wanted: dict[str, int]) -> Retention:
    """Ask for these three periods (PERIODS). Raises IntegrityError for what the bounds do not allow."""
    with transaction.atomic():
        row = Retention.objects.select_for_update().get(msp=msp)
        if row.wanted == wanted and (row.in_force == wanted or row.shortens_at is not None) and _is_said(row):
            return row
        before = periods_in_words(row)
        is_announced = any(wanted[name] < row.wanted[name] for name in PERIODS)
        for name in PERIODS:
            setattr(row, name, max(row.in_force[name], wanted[name]))
            setattr(row, f"wanted_{name}", wanted[name])
        row.shortens_at = _shortens_at(row, is_announced=is_announced)
        names = [*PERIODS, *(f"wanted_{name}" for name in PERIODS), "shortens_at"]
        row.save(update_fields=names)
        if row.shortens_at is not None:
            Retention.objects.filter(pk=row.pk).update(due_at=Least("due_at", row.shortens_at))
        data = {"before": before, "after": periods_in_words(row)}
        audit_append(msp=msp, actor=actor, action="retention.changed", subject=f"MSP {msp.name}", data=data)
        if row.shortens_at is not None and is_announced:
            retention_shortened.send(Retention, msp=msp, retention=row, actor=actor)
    return row


def _is_said(row: Retention) -> bool:
    """Whether the audit says the same. Where it cannot tell, another entry would not help."""
    try:
        return periods_follow(row) in (None, Periods.of(row))
    except (BrokenError, UncheckedError):
        return True


def retention_confirm(row: Retention) -> bool | None:
    """Whether the periods are what the audit says, and now in force; None where that takes another step to say.

    What was announced comes into force here. Raises BrokenError, UncheckedError.
    """
    if periods_follow(row) is None:
        return None
    with transaction.atomic():
        # Whoever changes them waits here. What else was written since is followed: a moment's entries.
        held = Retention.objects.select_for_update().get(pk=row.pk)
        held.msp = row.msp
        said = periods_follow(held)
        if said is None:
            return None
        if said != Periods.of(held):
            logger.critical(UNSAID, row.msp.slug, Periods.of(held), said)
            return False
        retention_come_due(held)
    row.refresh_from_db()
    return True


def retention_hold(row: Retention) -> None:
    """In a transaction: the periods stay as they are in `row` until its end. Raises PeriodsChangedError."""
    held = Retention.objects.select_for_update().get(pk=row.pk)
    if held.in_force != row.in_force:
        raise PeriodsChangedError


def retention_come_due(row: Retention) -> bool:
    """Let what was announced come into force; False when its time has not come, or somebody was faster."""
    announced = Retention.objects.filter(pk=row.pk, shortens_at__lte=Now())
    with transaction.atomic():
        before = periods_in_words(row)
        if not announced.update(shortens_at=None, **{name: F(f"wanted_{name}") for name in PERIODS}):
            return False
        row.refresh_from_db()
        data = {"before": before, "after": periods_in_words(row)}
        subject = f"MSP {row.msp.name}"
        audit_append(msp=row.msp, actor=RETENTION, action="retention.shortened", subject=subject, data=data)
    return True


def _shortens_at(row: Retention, *, is_announced: bool) -> datetime | None:
    """When shorter periods come into force; None where none is."""
    if row.wanted == row.in_force:
        return None
    if not is_announced and row.shortens_at is not None:
        return row.shortens_at
    return shorter_holds_from()
