"""Before a write is sent: where to look for its outcome, and what stood there before. Written with its attempt."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple, cast

from django.conf import settings
from django.db.models import Q

from approvals.errors import GateError
from approvals.models import Effect, Invocation, Lookout, Place
from approvals.outcomes.activities import id_of, rows_of
from approvals.outcomes.sought import Sought, sought_of
from approvals.upstream import read_json
from integrations.models import Connection
from tools.calls import JSON, get
from tools.errors import UpstreamNotFoundError

# The first look after a call was sent.
FIRST_LOOK = timedelta(seconds=2)
FEWEST = "10"  # activities that NinjaOne gives at least


class Watch(NamedTuple):
    """What to look for after a call, and the device's last activity before it; None where that is not known."""

    sought: Sought
    after_id: int | None


def watch_of(row: Invocation) -> Watch | None:
    """What to look for after this call is sent. Reads the device's last activity, so never inside a transaction."""
    sought = sought_of(row)
    if sought is None:
        return None
    device_id = sought.device_id
    return Watch(sought, None if device_id is None else _last_id(cast(Connection, row.connection), device_id))


def effect_open(row: Invocation, watch: Watch | None, now: datetime) -> None:
    """Write down what to look for, in the transaction of the attempt: whoever is killed after it, it is looked for."""
    if watch is None:
        return
    connection, sought = cast(Connection, row.connection), watch.sought
    first_look = now + FIRST_LOOK
    Lookout.objects.bulk_create(
        [Lookout(connection=connection, msp_id=row.msp_id, next_read_at=now)], ignore_conflicts=True
    )
    Place.objects.bulk_create(
        [Place(msp_id=row.msp_id, connection=connection, name=sought.place)], ignore_conflicts=True
    )
    place = Place.objects.get(msp_id=row.msp_id, connection=connection, name=sought.place)
    Place.objects.filter(Q(due_at=None) | Q(due_at__gt=first_look), pk=place.pk).update(due_at=first_look)
    Effect.objects.create(
        invocation=row,
        msp_id=row.msp_id,
        connection=connection,
        place=place,
        kind=sought.kind,
        origin=origin_of(connection),
        consent=consent_of(connection),
        source_name=sought.source_name,
        wanted=sought.wanted,
        nonce=sought.nonce,
        after_id=watch.after_id,
        sent_at=now,
        give_up_at=now + timedelta(seconds=settings.OUTCOME_SECONDS),
    )


def effect_drop(row: Invocation) -> None:
    """NinjaOne said no, or the call was provably never sent: there is nothing to look for. What was found stays."""
    Effect.objects.filter(msp_id=row.msp_id, invocation_id=row.pk, closed_at=None).delete()


def origin_of(connection: Connection) -> str:
    """Which NinjaOne a connection leads to."""
    return f"{connection.region} {connection.client_id}"[:300]


def consent_of(connection: Connection) -> str:
    """Whose consent, in which NinjaOne: with the next consent we may be somebody else there."""
    return f"{connection.epoch} {origin_of(connection)}"[:300]


def _last_id(connection: Connection, device_id: int) -> int | None:
    call = get("/v2/device/{}/activities", device_id, query=[("pageSize", FEWEST)])
    try:
        page: JSON = read_json(connection=connection, call=call)
    except (GateError, UpstreamNotFoundError):
        return None  # the times of the activities have to do
    if not isinstance(page, dict):
        return None
    found = [id_of(page, "lastNodeActivityId"), *(id_of(row) for row in rows_of(page))]
    return max((each for each in found if each is not None), default=0)
