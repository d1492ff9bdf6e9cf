"""One look at one place of NinjaOne, and what it says of the outcomes that wait for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from approvals.models import Effect, EffectKind, OutcomeState, Place, Status
from approvals.outcomes.activities import rows_of, series_of
from approvals.outcomes.finding import Finding, Trace, not_seen, trace_of
from approvals.outcomes.judging import judge
from approvals.outcomes.own_user import own_user_of
from approvals.outcomes.tickets import has_what_was_sent, has_words_that_were_sent
from approvals.outcomes.traces import alert_trace, service_rows, service_trace, ticket_trace
from approvals.upstream import read_json
from integrations.models import Connection
from tools.calls import JSON, get
from tools.errors import UpstreamNotFoundError
from tools.schema import INT32_MAX

MOST_ACTIVITIES = "200"
# NinjaOne says how a service stands, not since when: so long after a restart it has been stopped and started.
RESTARTED = timedelta(seconds=15)
# By then NinjaOne has told who did what. An outcome that does not say who is not the last word before.
TOLD = timedelta(minutes=1)
# Whose reset is asked for one by one.
MOST_ASKED = 5


def look(connection: Connection, place: Place, effects: Sequence[Effect], now: datetime) -> dict[UUID, Finding]:
    """What NinjaOne says now. Raises GateError when it cannot be asked."""
    kind, _, rest = place.name.partition("/")
    match kind:
        case "device":
            return _device(connection, place, int(rest), effects, now)
        case "service":
            return _service(connection, int(rest.partition("/")[0]), effects, now)
        case "alerts":
            return _alerts(connection, effects, now)
    return _ticket(connection, int(rest), effects, now)


def is_offline(connection: Connection, device_id: int) -> bool | None:
    """Whether NinjaOne calls the device offline; None where it does not say. Raises GateError."""
    try:
        row: JSON = read_json(connection=connection, call=get("/v2/device/{}", device_id))
    except UpstreamNotFoundError:
        return None
    offline = row.get("offline") if isinstance(row, dict) else None
    return offline if isinstance(offline, bool) else None


def _is_gone(connection: Connection, device_id: int) -> bool:
    """Whether NinjaOne does not know the device. Raises GateError."""
    try:
        read_json(connection=connection, call=get("/v2/device/{}", device_id))
    except UpstreamNotFoundError:
        return True
    return False


def _device(
    connection: Connection, place: Place, device_id: int, effects: Sequence[Effect], now: datetime
) -> dict[UUID, Finding]:
    """The device's activities since the oldest of the calls."""
    query = [("pageSize", MOST_ACTIVITIES)]
    known = [effect.after_id for effect in effects if effect.after_id is not None]
    # Ids have 64 bits, and this parameter has 32: what it cannot name is left out when the rows are judged.
    if len(known) == len(effects) and min(known) <= INT32_MAX:
        query.append(("newerThan", str(min(known))))
    if not any(effect.kind == EffectKind.REBOOT for effect in effects):
        query.append(("activityType", "ACTION"))
    try:
        page: JSON = read_json(connection=connection, call=get("/v2/device/{}/activities", device_id, query=query))
    except UpstreamNotFoundError:
        if not _is_gone(connection, device_id):
            return {}
        return {effect.pk: not_seen("The device is not in NinjaOne any more.") for effect in effects}
    rows = rows_of(page)
    taken = Effect.objects.filter(msp_id=place.msp_id, place=place).exclude(series_uid="")
    return judge(
        effects,
        series_of(rows),
        taken=list(taken.values_list("series_uid", flat=True)),
        own_user=own_user_of(connection),
        now=now,
        # Of a full page it is not known on which side something is missing.
        is_whole=len(rows) < int(MOST_ACTIVITIES),
    )


def _service(connection: Connection, device_id: int, effects: Sequence[Effect], now: datetime) -> dict[UUID, Finding]:
    name = effects[0].source_name
    try:
        page: JSON = read_json(
            connection=connection,
            call=get("/v2/device/{}/windows-services", device_id, query=[("name", name)]),
        )
        done = service_rows(connection, device_id) if any(map(_is_lost, effects)) else []
    except UpstreamNotFoundError:
        return {}
    rows = [row for row in page if isinstance(row, dict)] if isinstance(page, list) else []
    service = next((row for row in rows if str(row.get("name")).lower() == name.lower()), {})
    names = {name.lower(), str(service.get("displayName", name)).lower()}
    found = {}
    for effect in effects:
        trace = service_trace(effect, done, names) if _is_lost(effect) else trace_of(effect)
        if seen := _service_control(effect, str(service.get("state")), trace, now):
            found[effect.pk] = seen
    return found


def _service_control(effect: Effect, state: str, trace: Trace | None, now: datetime) -> Finding | None:
    action, _, wanted = effect.wanted.partition(" ")
    is_due = action != "RESTART" or now >= effect.sent_at + RESTARTED
    if wanted and state == wanted and is_due and not _may_be_told(effect, trace, now):
        # It may have been so before: that alone says nothing about a call whose answer was lost.
        return _verified(f"NinjaOne says that the service is {state} now.", trace)
    if trace is None:
        return None
    return Finding(state=OutcomeState.SUBMITTED, series_uid=trace.uid, trace=trace)


def _alerts(connection: Connection, effects: Sequence[Effect], now: datetime) -> dict[UUID, Finding]:
    """NinjaOne has no route for one alert: it stands in the list, or it does not."""
    page: JSON = read_json(connection=connection, call=get("/v2/alerts"))
    if not isinstance(page, list):
        return {}
    standing = {str(row.get("uid")).lower() for row in page if isinstance(row, dict)}
    found = {effect.pk: _unchanged() for effect in effects if effect.wanted in standing}
    gone = [effect for effect in effects if effect.wanted not in standing]
    lost = [effect for effect in gone if _is_lost(effect)]
    for effect in [*lost[:MOST_ASKED], *(effect for effect in gone if effect not in lost)]:
        trace = alert_trace(connection, effect) if _is_lost(effect) else None
        if not _may_be_told(effect, trace, now):
            # Whoever dismissed it: that alone is no evidence for a call that may never have left.
            found[effect.pk] = _verified("The alert is not in NinjaOne's list any more.", trace)
    return found


def _ticket(connection: Connection, ticket_id: int, effects: Sequence[Effect], now: datetime) -> dict[UUID, Finding]:
    """A ticket's version rises by one with each update, and an update names the version that it was made for."""
    try:
        ticket: JSON = read_json(connection=connection, call=get("/v2/ticketing/ticket/{}", ticket_id))
    except UpstreamNotFoundError:
        return {effect.pk: not_seen("The ticket is not in NinjaOne any more.") for effect in effects}
    version = ticket.get("version") if isinstance(ticket, dict) else None
    if type(version) is not int:
        return {}
    found = {effect.pk: _unchanged() for effect in effects if version == int(effect.wanted)}
    for effect in effects:
        if version <= int(effect.wanted):
            continue
        if not has_words_that_were_sent(ticket, effect.invocation.body):
            words = f"The ticket has version {version} by now, but not what was sent: somebody else changed it."
            found[effect.pk] = not_seen(words)
            continue
        is_next = version == int(effect.wanted) + 1 and has_what_was_sent(ticket, effect.invocation.body)
        trace = ticket_trace(connection, effect, ticket_id) if is_next and _is_lost(effect) else None
        if not _may_be_told(effect, trace, now):
            # Whoever wrote it: an update of somebody else's may look the same.
            found[effect.pk] = _verified(f"The ticket has version {version} and what was sent.", trace)
    return found


def _is_lost(effect: Effect) -> bool:
    """Whether the answer was lost, so that it matters who did what."""
    return effect.invocation.status == Status.UNKNOWN


def _may_be_told(effect: Effect, trace: Trace | None, now: datetime) -> bool:
    """Whether NinjaOne may still tell who it was, so that what is seen is not the last word."""
    return trace is None and _is_lost(effect) and now < min(effect.sent_at + TOLD, effect.give_up_at)


def _verified(words: str, trace: Trace | None) -> Finding:
    """It is as it was to be, whoever made it so."""
    uid = trace.uid if trace else ""
    return Finding(state=OutcomeState.VERIFIED, reason=words, series_uid=uid, trace=trace)


def _unchanged() -> Finding:
    """It stands there as it did before the call."""
    return Finding(state=OutcomeState.SUBMITTED, is_unchanged=True)
