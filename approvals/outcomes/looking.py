"""One look at one place of NinjaOne, and what it says of the outcomes that wait for it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from approvals.models import Effect, EffectKind, OutcomeState, Place
from approvals.outcomes.activities import series_of
from approvals.outcomes.finding import Finding, not_seen
from approvals.outcomes.judging import judge
from approvals.outcomes.own_user import own_user_of
from approvals.upstream import read_json
from integrations.models import Connection
from tools.calls import JSON, get
from tools.errors import UpstreamNotFoundError

MOST_ACTIVITIES = "200"
# NinjaOne says how a service stands, not since when: so long after a restart it has been stopped and started.
RESTARTED = timedelta(seconds=15)
# Fields of a ticket that are text on both sides. The status is an object in one and a text in the other.
TICKET_TEXTS = ("subject", "type", "priority", "severity")


def look(connection: Connection, place: Place, effects: Sequence[Effect], now: datetime) -> dict[UUID, Finding]:
    """What NinjaOne says now. Raises GateError when it cannot be asked."""
    kind, _, rest = place.name.partition("/")
    match kind:
        case "device":
            return _device(connection, place, int(rest), effects, now)
        case "service":
            device, _, name = rest.partition("/")
            return _service(connection, int(device), name, effects, now)
        case "alerts":
            return _alerts(connection, effects)
    return _ticket(connection, int(rest), effects)


def is_offline(connection: Connection, device_id: int) -> bool | None:
    """Whether NinjaOne calls the device offline; None where it does not say. Raises GateError."""
    try:
        row: JSON = read_json(connection=connection, call=get("/v2/device/{}", device_id))
    except UpstreamNotFoundError:
        return None
    offline = row.get("offline") if isinstance(row, dict) else None
    return offline if isinstance(offline, bool) else None


def _device(
    connection: Connection, place: Place, device_id: int, effects: Sequence[Effect], now: datetime
) -> dict[UUID, Finding]:
    """The device's activities since the oldest of the calls."""
    query = [("pageSize", MOST_ACTIVITIES)]
    known = [effect.after_id for effect in effects if effect.after_id is not None]
    if len(known) == len(effects):
        query.append(("newerThan", str(min(known))))
    if not any(effect.kind == EffectKind.REBOOT for effect in effects):
        query.append(("activityType", "ACTION"))
    try:
        page: JSON = read_json(connection=connection, call=get("/v2/device/{}/activities", device_id, query=query))
    except UpstreamNotFoundError:
        return {effect.pk: not_seen("The device is not in NinjaOne any more.") for effect in effects}
    rows = page.get("activities") if isinstance(page, dict) else None
    taken = Effect.objects.filter(msp_id=place.msp_id, place=place).exclude(series_uid="")
    return judge(
        effects,
        series_of(rows if isinstance(rows, list) else []),
        taken=list(taken.values_list("series_uid", flat=True)),
        own_user=own_user_of(connection),
        now=now,
    )


def _service(
    connection: Connection, device_id: int, name: str, effects: Sequence[Effect], now: datetime
) -> dict[UUID, Finding]:
    try:
        page: JSON = read_json(
            connection=connection,
            call=get("/v2/device/{}/windows-services", device_id, query=[("name", name)]),
        )
    except UpstreamNotFoundError:
        return {}
    rows = [row for row in page if isinstance(row, dict)] if isinstance(page, list) else []
    state = next((str(row.get("state")) for row in rows if str(row.get("name")).lower() == name.lower()), "")
    found = {}
    for effect in effects:
        action, _, wanted = effect.wanted.partition(" ")
        is_due = action != "RESTART" or now >= effect.sent_at + RESTARTED
        if wanted and state == wanted and is_due:
            words = f"NinjaOne says that the service is {state} now."
            # It may have been so before: that says nothing about a call whose answer was lost.
            found[effect.pk] = Finding(state=OutcomeState.VERIFIED, reason=words, is_evidence=False)
    return found


def _alerts(connection: Connection, effects: Sequence[Effect]) -> dict[UUID, Finding]:
    """NinjaOne has no route for one alert: it stands in the list, or it does not."""
    page: JSON = read_json(connection=connection, call=get("/v2/alerts"))
    if not isinstance(page, list):
        return {}
    standing = {str(row.get("uid")).lower() for row in page if isinstance(row, dict)}
    # Whoever dismissed it: that is no evidence for a call that may never have left.
    words = "The alert is not in NinjaOne's list any more."
    gone = Finding(state=OutcomeState.VERIFIED, reason=words, is_evidence=False)
    return {effect.pk: gone for effect in effects if effect.wanted not in standing}


def _ticket(connection: Connection, ticket_id: int, effects: Sequence[Effect]) -> dict[UUID, Finding]:
    """A ticket's version rises by one with each update, and an update names the version that it was made for."""
    try:
        ticket: JSON = read_json(connection=connection, call=get("/v2/ticketing/ticket/{}", ticket_id))
    except UpstreamNotFoundError:
        return {effect.pk: not_seen("The ticket is not in NinjaOne any more.") for effect in effects}
    version = ticket.get("version") if isinstance(ticket, dict) else None
    if type(version) is not int:
        return {}
    return {effect.pk: _ticket_update(effect, ticket, version) for effect in effects if version > int(effect.wanted)}


def _ticket_update(effect: Effect, ticket: dict[str, Any], version: int) -> Finding:
    sent = json.loads(effect.invocation.body or "{}")
    if all(ticket.get(name) == sent[name] for name in TICKET_TEXTS if name in sent):
        words = f"The ticket has version {version} and what was sent."
        # Whoever wrote it: an update of somebody else's may look the same.
        return Finding(state=OutcomeState.VERIFIED, reason=words, is_evidence=False)
    return not_seen(f"The ticket has version {version} by now, but not what was sent: somebody else changed it.")
