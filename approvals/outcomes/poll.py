"""The looks at NinjaOne: when each place is due, who takes it, and when it is due again.

A look is claimed by moving the place's due time on, in one conditional UPDATE: of many workers one reads, for all the
outcomes that wait there. A connection is looked at twice a second at most, by all workers together.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from approvals.errors import GateError
from approvals.models import Effect, EffectKind, Lookout, OutcomeState, Place, Status
from approvals.outcomes.finding import Finding, not_seen, trace_of
from approvals.outcomes.looking import is_offline, look
from approvals.outcomes.opening import origin_of
from approvals.outcomes.settling import finding_record
from integrations.clock import Now, database_now

logger = logging.getLogger(__name__)

# A connection's looks are that far apart. Calls have their own share of the five requests a second.
PACE = timedelta(seconds=0.5)
# Longer than a request may take: who died while looking holds a place up no longer.
LEASE = timedelta(seconds=90)
# (age of the youngest outcome that waits, time until the next look)
INTERVALS = (
    (timedelta(seconds=15), timedelta(seconds=2)),
    (timedelta(minutes=1), timedelta(seconds=5)),
    (timedelta(minutes=5), timedelta(seconds=15)),
    (timedelta(minutes=15), timedelta(seconds=30)),
)
LATER = timedelta(minutes=1)
# NinjaOne keeps what is for an offline device until it returns: looked for longer, and less often.
OFFLINE_INTERVAL = timedelta(minutes=10)
OFFLINE_FOR = timedelta(days=7)
# A run that was taken and has not started by then makes one ask whether the device is there.
SHOULD_HAVE_STARTED = timedelta(seconds=15)
UNASKED_FOR = timedelta(days=1)
OFFLINE = "The device is offline. NinjaOne keeps the call and runs it when the device returns."
RETURNED = "The device is back, and NinjaOne has not started the call yet."
UNCHANGED = "It stands unchanged in NinjaOne, long after the call was sent."
NO_END = "It started, but NinjaOne reported no end until its time to be looked for was over."
NOTHING = "NinjaOne's activities show nothing that could be this call until its time to be looked for was over."


def due(*, limit: int, but_not_of: Collection[UUID] = ()) -> list[tuple[UUID, UUID]]:
    """Ids of places that are due and their connections, the most overdue first."""
    rows = Place.objects.filter(due_at__lte=Now()).exclude(connection_id__in=but_not_of).order_by("due_at")
    return list(rows.values_list("pk", "connection_id")[:limit])


def place_look(place_id: UUID) -> bool:
    """Look at a place that is due, and write down what is there. False when it is somebody else's, or not its turn."""
    place = Place.objects.select_related("connection__msp").filter(pk=place_id, due_at__lte=Now()).first()
    if place is None:
        return False
    now = database_now()
    paced = Lookout.objects.filter(connection_id=place.connection_id, next_read_at__lte=now)
    if not paced.update(next_read_at=now + PACE):
        return False
    lease = now + LEASE
    if not Place.objects.filter(pk=place.pk, due_at=place.due_at).update(due_at=lease, read_at=now):
        return False
    waiting = Effect.objects.filter(msp_id=place.msp_id, place=place, closed_at=None)
    effects = list(waiting.select_related("invocation__msp", "msp"))
    _look(place, _answered(effects), now)
    # Whoever sent something meanwhile set a time of its own, which stands.
    Place.objects.filter(pk=place.pk, due_at=lease).update(due_at=_next(place, database_now()))
    return True


def _answered(effects: Sequence[Effect]) -> list[Effect]:
    """Those that are not being sent. While one is, what NinjaOne shows may be its own, and not a lost call's."""
    statuses = {effect.invocation.status for effect in effects}
    left_out: set[str] = {Status.DISPATCHING, Status.UNKNOWN} if Status.DISPATCHING in statuses else set()
    return [effect for effect in effects if effect.invocation.status not in left_out]


def _look(place: Place, effects: Sequence[Effect], now: datetime) -> None:
    """`place` is as it was before this look."""
    connection = place.connection
    here = [effect for effect in effects if effect.origin == origin_of(connection)]
    for effect in effects:
        if effect not in here:
            finding_record(effect, not_seen("The connection leads to another NinjaOne by now."))
    if not here:
        return
    try:
        found = look(connection, place, here, now)
        unstarted = {effect.pk for effect in here if _may_be_offline(effect, found.get(effect.pk), place.read_at, now)}
        offline = is_offline(connection, device_of(place)) if unstarted else None
    except GateError as error:
        _unasked(place, here, error, now)
        return
    for effect in here:
        seen = found.get(effect.pk)
        finding = _unstarted(effect, seen, now, offline) if effect.pk in unstarted else _finding(effect, seen, now)
        if finding is not None:
            finding_record(effect, finding)


def _unasked(place: Place, effects: Sequence[Effect], error: GateError, now: datetime) -> None:
    """NinjaOne cannot be asked: that says nothing about a call, for a day."""
    logger.info("The outcomes at %s of %s wait: %s", place.name, place.connection_id, error.message)
    for effect in effects:
        if now >= effect.give_up_at + UNASKED_FOR:
            finding_record(effect, not_seen(f"NinjaOne could not be asked. {error.message}"))


def _may_be_offline(effect: Effect, found: Finding | None, read_at: datetime | None, now: datetime) -> bool:
    """Whether one should ask if the device is there: once early, and again when the time is over."""
    if not EffectKind(effect.kind).is_run or (found is not None and found.state is not OutcomeState.SUBMITTED):
        return False
    late = effect.sent_at + SHOULD_HAVE_STARTED
    return now >= effect.give_up_at or (now >= late and (read_at is None or read_at < late))


def _unstarted(effect: Effect, found: Finding | None, now: datetime, offline: bool | None) -> Finding | None:
    """What is written down of a call that no device started: NinjaOne keeps it for one that is away."""
    if offline and now >= effect.sent_at + OFFLINE_FOR:
        return _given_up(effect, found)
    kept = found or Finding(state=OutcomeState.SUBMITTED, series_uid=effect.series_uid, trace=trace_of(effect))
    if offline:
        return replace(kept, reason=OFFLINE, is_offline=True)
    if effect.is_offline:
        return replace(kept, reason=RETURNED)
    return _finding(effect, found, now)


def _finding(effect: Effect, found: Finding | None, now: datetime) -> Finding | None:
    """What is written down: what was seen, or that the time is over."""
    if found is not None and not found.state.is_open:
        return found
    if now >= effect.give_up_at and not effect.is_offline:
        return _given_up(effect, found)
    if found is not None and found.state is OutcomeState.SUBMITTED:
        return replace(found, reason=effect.reason, is_offline=effect.is_offline)
    return found


def _given_up(effect: Effect, found: Finding | None) -> Finding:
    if found is not None and found.is_unchanged:
        # What was to change stands there unchanged, long after: that shows that it did not happen.
        return Finding(state=OutcomeState.NOT_SEEN, reason=UNCHANGED, is_evidence=True)
    given_up = not_seen(NO_END if effect.state == OutcomeState.RUNNING else NOTHING, effect)
    return replace(given_up, series_uid=found.series_uid, trace=found.trace) if found else given_up


def device_of(place: Place) -> int:
    """The device of a place that is one."""
    return int(place.name.removeprefix("device/"))


def _next(place: Place, now: datetime) -> datetime | None:
    """When to look again; None when nobody waits any more."""
    waiting = Effect.objects.filter(place=place, closed_at=None).values_list("sent_at", "give_up_at", "is_offline")
    times = [_next_for(sent_at, give_up_at, offline, now) for sent_at, give_up_at, offline in waiting]
    return min(times, default=None)


def _next_for(sent_at: datetime, give_up_at: datetime, offline: bool, now: datetime) -> datetime:
    if offline and now >= give_up_at:
        return now + OFFLINE_INTERVAL
    age = now - sent_at
    return now + next((interval for until, interval in INTERVALS if age < until), LATER)
