"""The other way round: what our own NinjaOne user does there, and whether a call explains it.

Whoever holds our credentials, or uses the technician's account by hand, acts as the user that we act as. So the
activities of that user (known by a run that only we could have started) are read once a minute, and what no call of
this connection explains is an alarm. A technician's account that a person works with as well explains itself by that
person alone: give Countersign an account of its own.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from approvals.errors import GateError
from approvals.models import Alarm, Effect, EffectKind, Invocation, Lookout
from approvals.outcomes.activities import LIFE, code_of, id_of, moment_of, rows_of, text_of
from approvals.outcomes.alarms import alarm_raise
from approvals.outcomes.opening import consent_of
from approvals.outcomes.poll import PACE
from approvals.upstream import read_json
from integrations.clock import Now, database_now
from integrations.models import Connection
from tools.calls import JSON, get
from tools.errors import UpstreamNotFoundError

logger = logging.getLogger(__name__)

INTERVAL = timedelta(minutes=1)
MOST = 200
PAGES = 5
FEWEST = "10"
# How far a call and what NinjaOne says of it may be apart: clocks differ, and some things take a moment.
AROUND = timedelta(minutes=3)
# A call waits for people and for its release before it is sent.
BEFORE = timedelta(hours=3)
# What tells how something goes on whose beginning is judged, and what comes of our own consent.
FOLLOWS = {code for code in LIFE if code != "START_REQUESTED"} | {"CANCEL_REQUESTED", "SYSTEM_REBOOTED"}
FOLLOWS_LIKE = ("_SUCCESS", "_SUCESS", "_FAILED", "_COMPLETED")
OF_CONSENT = ("APP_USER_LOGGED_", "APP_USER_MFA_")
NAMED = 5


class Deed(NamedTuple):
    """One thing that our user began."""

    id: int
    series_uid: str
    device_id: int | None
    kind: str
    name: str
    where: str
    at: datetime

    @property
    def words(self) -> str:
        """What, where and when."""
        where = f" on {self.where}" if self.where else ""
        return f"{self.name or self.kind}{where} at {self.at:%Y-%m-%d %H:%M:%S} UTC"


def due(*, limit: int, but_not_of: Collection[UUID] = ()) -> list[UUID]:
    """Connections whose user's activities are to be read."""
    rows = Lookout.objects.filter(due_at__lte=Now(), user_id__isnull=False).exclude(connection_id__in=but_not_of)
    return list(rows.order_by("due_at").values_list("connection_id", flat=True)[:limit])


def deeds_look(connection_id: UUID) -> bool:
    """Read what our user did since the last time. False when it is not due, or somebody else reads it."""
    lookout = Lookout.objects.select_related("connection__msp").filter(pk=connection_id, due_at__lte=Now()).first()
    if lookout is None or lookout.user_id is None:
        return False
    now = database_now()
    mine = Lookout.objects.filter(pk=connection_id, due_at=lookout.due_at, next_read_at__lte=now)
    if not mine.update(due_at=now + INTERVAL, next_read_at=now + PACE):
        return False
    if lookout.origin != consent_of(lookout.connection):
        # Another NinjaOne, or somebody else's consent: who we are there is not known yet.
        Lookout.objects.filter(pk=connection_id).update(user_id=None, last_id=None, due_at=None)
        return True
    try:
        rows = _read(lookout)
    except (GateError, UpstreamNotFoundError) as error:
        logger.info("The activities of %s cannot be read: %s", connection_id, error)
        return True
    if lookout.last_id is not None and (unexplained := _unexplained(lookout, _deeds(rows, lookout.user_id))):
        _alarm(lookout.connection, unexplained)
    newest = max((row["id"] for row in rows), default=lookout.last_id or 0)
    Lookout.objects.filter(pk=connection_id, user_id=lookout.user_id).update(last_id=newest)
    return True


def _read(lookout: Lookout) -> list[dict[str, JSON]]:
    """The user's activities after the last one that was read; the first time only to know where to begin."""
    if lookout.last_id is None:
        return _page(lookout, [("pageSize", FEWEST)])
    rows: list[dict[str, JSON]] = []
    while len(rows) < MOST * PAGES:
        older = [("olderThan", str(min(row["id"] for row in rows)))] if rows else []
        page = _page(lookout, [("pageSize", str(MOST)), ("newerThan", str(lookout.last_id)), *older])
        rows += page
        if len(page) < MOST:
            break
    return rows


def _page(lookout: Lookout, query: list[tuple[str, str]]) -> list[dict[str, JSON]]:
    call = get("/v2/activities", query=[("user", str(lookout.user_id)), *query])
    page: JSON = read_json(connection=lookout.connection, call=call)
    return [row for row in rows_of(page) if id_of(row) is not None]


def _deeds(rows: Sequence[dict[str, JSON]], user_id: int) -> list[Deed]:
    """What began by that user, oldest first. That NinjaOne filtered by the user is not relied upon."""
    found = []
    for row in sorted(rows, key=lambda each: int(each["id"])):
        code, at = code_of(row), moment_of(row)
        if at is None or row.get("userId") != user_id:
            continue
        if code in FOLLOWS or code.endswith(FOLLOWS_LIKE) or code.startswith(OF_CONSENT):
            continue
        found.append(
            Deed(
                id=row["id"],
                series_uid=text_of(row, "seriesUid")[:64],
                device_id=id_of(row, "deviceId"),
                kind=text_of(row, "activityType"),
                name=text_of(row, "sourceName") or code.replace("_", " ").lower(),
                where=text_of(row, "subject"),
                at=at,
            )
        )
    return found


def _unexplained(lookout: Lookout, deeds: list[Deed]) -> list[Deed]:
    """The deeds that no call of the connection explains. A run explains one series, and no second one."""
    if not deeds:
        return []
    effects = Effect.objects.filter(msp_id=lookout.msp_id, connection_id=lookout.connection_id)
    known = set(
        effects.filter(series_uid__in=[deed.series_uid for deed in deeds if deed.series_uid]).values_list(
            "series_uid", flat=True
        )
    )
    left = [deed for deed in deeds if deed.series_uid not in known]
    earliest, latest = deeds[0].at - AROUND, max(deed.at for deed in deeds) + AROUND
    runs = list(
        effects.filter(
            series_uid="", sent_at__range=(earliest, latest), kind__in=[EffectKind.BASH, EffectKind.SCRIPT, "reboot"]
        ).select_related("place")
    )
    left = [deed for deed in left if deed.kind != "ACTION" or not _take(runs, deed)]
    writes = Invocation.objects.filter(
        msp_id=lookout.msp_id,
        connection_id=lookout.connection_id,
        is_write=True,
        created_at__range=(earliest - BEFORE, latest),
        dispatch_started_at__range=(earliest, latest),
    )
    times = list(writes.values_list("device_id", "dispatch_started_at"))
    return [deed for deed in left if deed.kind == "ACTION" or not _is_explained(deed, times)]


def _take(runs: list[Effect], deed: Deed) -> bool:
    """Whether one of the calls that wait for their run is the deed's; it is no other's then."""
    for run in runs:
        is_named = run.source_name in {"", deed.name} or (
            run.kind == EffectKind.REBOOT and "reboot" in deed.name.lower()
        )
        if run.place.name == f"device/{deed.device_id}" and is_named and abs(run.sent_at - deed.at) <= AROUND:
            runs.remove(run)
            return True
    return False


def _is_explained(deed: Deed, writes: Sequence[tuple[int | None, datetime | None]]) -> bool:
    """Whether a call that changes something was sent around that time, for the device if it is about one."""
    return any(
        sent_at is not None and abs(sent_at - deed.at) <= AROUND and deed.device_id in {None, device_id}
        for device_id, sent_at in writes
    )


def _alarm(connection: Connection, deeds: list[Deed]) -> None:
    more = f" and {len(deeds) - NAMED} more" if len(deeds) > NAMED else ""
    words = (
        f"Our NinjaOne user did what no call of Countersign explains: {'; '.join(deed.words for deed in deeds[:NAMED])}"
        f"{more}. Either somebody works with that account by hand, or somebody else has its credentials: then revoke "
        "the app's tokens in NinjaOne and renew its secret."
    )
    alarm_raise(connection.msp, what=Alarm.What.UNEXPLAINED, cause=str(deeds[0].id), words=words)
