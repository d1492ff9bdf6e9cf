"""What an MSP no longer keeps: results, calls with all that hangs on them, seen alarms, messages, and audit entries.

First the periods are looked up in the audit: where the columns say something else, nothing is removed.

A few hundred rows a transaction and a pause after each, so that writers never wait long. Idempotent; any number of
workers may do it at once and be killed at any moment. What may go is also said by the database's guards.

Never removed: what is open, what NinjaOne is still asked about, calls with an alarm that nobody has looked at, and
writes whose outcome is unknown. Whether one of those happened is an open question, and it stays until a person answers
it.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from approvals.models import Alarm, Attempt, Decision, Delivery, Destination, Effect, IdempotencyKey, Invocation
from approvals.models.invocations import InvocationQuerySet
from approvals.models.states import ENDED, OPEN
from integrations.audit import audit_append
from integrations.audit.trimming import audit_bury, audit_remove
from integrations.audit_verifier import BrokenError, UncheckedError
from integrations.clock import Now, database_now
from integrations.models import Retention
from integrations.retention import (
    RETENTION,
    PeriodsChangedError,
    day_begun,
    over_before,
    retention_confirm,
    retention_hold,
)

logger = logging.getLogger(__name__)

BATCH = 200
CALLS = 50  # each with some four rows that hang on it
PAUSE_SECONDS = 0.05
# Of one round of the sweeper, which has deadlines to look after.
ROUND_SECONDS = 5.0
# A worker that died is replaced after this time.
LEASE = timedelta(minutes=5)
CANDIDATES = 20
# Nobody looked for so long: all was switched off, or the clock jumped. Then a day passes before anything is removed.
LONGEST_GAP = timedelta(days=3)

Step = Callable[[], int]
STILL_LOOKED_FOR = Q(effect__isnull=False, effect__closed_at=None)
UNENDED = Q(status__in=OPEN) | STILL_LOOKED_FOR
HANGING_ON = (IdempotencyKey, Decision, Attempt, Delivery, Alarm, Effect)
HAS_RESULT = Q(result__isnull=False) | Q(effect__output__isnull=False)


def retain(*, seconds: float = ROUND_SECONDS, pause: float = PAUSE_SECONDS) -> None:
    """Remove what no MSP keeps any more, for as long as `seconds` allows; the next round goes on with it."""
    stop_at = time.monotonic() + seconds
    while time.monotonic() < stop_at:
        row = _taken()
        if row is None:
            return
        _retain(row, stop_at, pause)


def _taken() -> Retention | None:
    """An MSP whose turn it is, now this worker's."""
    # A time far ahead is left from a clock that was wrong.
    due = Retention.objects.filter(Q(due_at__lte=Now()) | Q(due_at__gt=Now() + LONGEST_GAP))
    for row in due.select_related("msp").order_by("due_at")[:CANDIDATES]:
        if due.filter(pk=row.pk).update(due_at=Now() + LEASE):
            return row
    return None


def _retain(row: Retention, stop_at: float, pause: float) -> None:
    now = database_now()
    if now - row.due_at > LONGEST_GAP:
        logger.warning(
            "What %s no longer keeps was last looked for before %s. Is the clock right? Nothing is removed for a day.",
            row.msp.slug,
            row.due_at,
        )
        Retention.objects.filter(pk=row.pk).update(due_at=now + timedelta(days=1))
        return
    try:
        is_over = all(_exhausted(step, stop_at, pause) for step in _steps(row, now))
    except PeriodsChangedError:
        # What was lengthened meanwhile holds from here on.
        logger.info("The periods of %s were changed meanwhile. It is looked through anew.", row.msp.slug)
        is_over = False
    if not is_over:
        Retention.objects.filter(pk=row.pk).update(due_at=Now())
        return
    tomorrow = day_begun(now + timedelta(days=1))
    row.refresh_from_db(fields=["shortens_at"])
    Retention.objects.filter(pk=row.pk).update(due_at=min(tomorrow, row.shortens_at or tomorrow))


def _exhausted(step: Step, stop_at: float, pause: float) -> bool:
    """Whether it found nothing any more before the time was over."""
    while _done(step, pause):
        if time.monotonic() >= stop_at:
            return False
    return True


def _done(step: Step, pause: float) -> int:
    """One batch, and a pause at least four times as long: SQLite lets one write at a time, and this is not urgent."""
    began = time.monotonic()
    count = step()
    if count:
        time.sleep(max(pause, 4 * (time.monotonic() - began)))
    return count


def _steps(row: Retention, now: datetime) -> Iterator[Step]:
    """Each is done until it finds nothing any more."""
    audited = Audited(row)
    yield audited.follow
    if not audited.agrees:
        return
    results = over_before(now=now, days=row.results_days)
    calls = over_before(now=now, days=row.invocations_days)
    audit = over_before(now=now, days=row.audit_days)
    yield partial(calls_remove, row, calls)
    yield partial(alarms_remove, row, calls)
    yield partial(messages_remove, row, calls)
    yield Results(row, results).remove
    yield partial(audit_bury, msp=row.msp, before=audit, hold=partial(retention_hold, row))
    yield partial(audit_remove, msp=row.msp, before=audit, hold=partial(retention_hold, row))


class Audited:
    """Whether the periods are what the audit says, which is followed to its end for that."""

    def __init__(self, row: Retention) -> None:
        self.row = row
        self.agrees = False

    def follow(self) -> int:
        """Some thousand entries; 0 when it is known."""
        try:
            found = retention_confirm(self.row)
        except (BrokenError, UncheckedError) as error:
            logger.critical("Nothing is removed of %s: in its audit, %s. Run audit_verify.", self.row.msp.slug, error)
            return 0
        self.agrees = bool(found)
        return int(found is None)


class Results:
    """Results, and what scripts printed, of an MSP's calls before a moment, oldest first. The calls themselves stay."""

    def __init__(self, row: Retention, before: datetime) -> None:
        self.row = row
        self.before = before
        self.reached = row.results_removed_to

    def remove(self) -> int:
        """Those of a few hundred calls; how many."""
        with transaction.atomic():
            retention_hold(self.row)
            found = self._calls(self.reached, self.before).filter(HAS_RESULT).exclude(UNENDED)
            held = found.order_by("created_at", "id").select_for_update(skip_locked=True, of=("self",))
            batch = list(held.values_list("pk", "created_at")[:BATCH])
            if batch:
                ids = [pk for pk, _ in batch]
                Invocation.objects.filter(pk__in=ids).update(result=None, result_removed_at=Now())
                Effect.objects.filter(pk__in=ids, output__isnull=False).update(output=None)
                _record(self.row, "retention.results_removed", calls=len(ids), before=self.before)
        self._note(batch[-1][1] if batch else self.before)
        return len(batch)

    def _note(self, reached: datetime) -> None:
        """Remember how far it is done. Those that somebody holds, or that have no end yet, are looked for again."""
        left = self._calls(self.row.results_removed_to, reached).filter(HAS_RESULT | UNENDED)
        oldest = left.order_by("created_at", "id").values_list("created_at", flat=True).first()
        self.row.results_removed_to = oldest or reached
        Retention.objects.filter(pk=self.row.pk).update(results_removed_to=self.row.results_removed_to)
        self.reached = reached

    def _calls(self, since: datetime | None, before: datetime) -> InvocationQuerySet:
        calls = Invocation.objects.for_msp(self.row.msp).filter(created_at__lt=before)
        return calls if since is None else calls.filter(created_at__gte=since)


def calls_remove(row: Retention, before: datetime) -> int:
    """Some calls that have ended, with keys, votes, attempts, outcomes, alarms and messages."""
    alarms = Alarm.objects.filter(invocation=OuterRef("pk")).filter(Q(seen_at=None) | Q(raised_at__gte=before))
    ended = Invocation.objects.for_msp(row.msp).filter(status__in=ENDED, created_at__lt=before)
    with transaction.atomic():
        retention_hold(row)
        oldest = ended.exclude(STILL_LOOKED_FOR).exclude(Exists(alarms)).order_by("created_at", "id")
        # Those that somebody else holds are left out.
        held = oldest.select_for_update(skip_locked=True, of=("self",))
        ids = list(held.values_list("pk", flat=True)[:CALLS])
        if not ids:
            return 0
        for rows in HANGING_ON:
            rows.objects.filter(invocation__in=ids).delete()
        Invocation.objects.filter(pk__in=ids).delete()
        _record(row, "retention.calls_removed", calls=len(ids), before=before)
    return len(ids)


def alarms_remove(row: Retention, before: datetime) -> int:
    """Alarms that are about no call, and that somebody has looked at."""
    old = Alarm.objects.for_msp(row.msp).filter(invocation=None, seen_at__isnull=False, raised_at__lt=before)
    with transaction.atomic():
        retention_hold(row)
        ids = list(old.values_list("pk", flat=True)[:BATCH])
        if not ids or not (count := old.filter(pk__in=ids).delete()[0]):
            return 0
        _record(row, "retention.alarms_removed", alarms=count, before=before)
    return count


def messages_remove(row: Retention, before: datetime) -> int:
    """Messages about no call that were given up, or that no destination has taken since."""
    to = Destination.objects.for_msp(row.msp).values("pk")
    old = Delivery.objects.for_msp(row.msp).filter(invocation=None, destination__in=to, created_at__lt=before)
    with transaction.atomic():
        retention_hold(row)
        # One index has those that were given up, another those that wait.
        for rows in (old.filter(dead_at__isnull=False), old.filter(due_at__isnull=False)):
            ids = list(rows.order_by("destination", "id").values_list("pk", flat=True)[:BATCH])
            if ids and (count := Delivery.objects.filter(pk__in=ids).delete()[0]):
                _record(row, "retention.messages_removed", messages=count, before=before)
                return count
    return 0


def _record(row: Retention, action: str, *, before: datetime, **counts: int) -> None:
    data = {**counts, "before": before.isoformat(timespec="seconds")}
    audit_append(msp=row.msp, actor=RETENTION, action=action, subject=f"MSP {row.msp.slug}", data=data)
