"""Who did what a service, an alert or a ticket shows. Read only for calls whose answer was lost.

That a service stands as wished, an alert is gone or a ticket has what was sent does not say who did that. Where
NinjaOne names a user, in an activity or in the ticket's log, this finds the only thing that could be the call's.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence

from approvals.errors import GateError
from approvals.models import Effect
from approvals.outcomes.activities import Series, code_of, id_of, moment_of, rows_of, series_of, text_of
from approvals.outcomes.finding import Trace
from approvals.outcomes.judging import SKEW, run_trace
from approvals.upstream import read_json
from integrations.models import Connection
from tools.calls import JSON, Call, get
from tools.errors import UpstreamNotFoundError

logger = logging.getLogger(__name__)

MOST = 200
MOST_ENTRIES = 500
CONTROLLED = "REMOTE_TOOLS_SERVICE_CONTROL_INITIATED"


def service_rows(connection: Connection, device_id: int) -> list[dict[str, JSON]]:
    """What was done with remote tools on a device, newest first."""
    query = [("activityType", "REMOTE_TOOLS"), ("pageSize", str(MOST))]
    return rows_of(_read(connection, get("/v2/device/{}/activities", device_id, query=query)))


def service_trace(effect: Effect, rows: Sequence[dict[str, JSON]], names: Collection[str]) -> Trace | None:
    """The only control of a service by one of these names, in small letters, that could be the call's."""
    few = [each for each in series_of(rows) if _is_control(effect, each, names)]
    return run_trace(effect, few[0]) if len(few) == 1 and _reaches_back(effect, rows) else None


def alert_trace(connection: Connection, effect: Effect) -> Trace | None:
    """The only reset of the alert that could be the call's."""
    query = [("seriesUid", effect.wanted), ("pageSize", str(MOST))]
    rows = rows_of(_read(connection, get("/v2/activities", query=query)))
    # That NinjaOne filtered by the alert is not relied upon.
    resets = [
        row for row in rows if text_of(row, "seriesUid").lower() == effect.wanted and code_of(row).startswith("RESET")
    ]
    few = [row for row in resets if _is_around(effect, row, "activityTime")]
    if len(few) != 1 or code_of(few[0]) != "RESET" or not _reaches_back(effect, rows):
        return None
    return _trace(few[0], "activityTime", "userId", "activity")


def ticket_trace(connection: Connection, effect: Effect, ticket_id: int) -> Trace | None:
    """The only save of the ticket around the time of the call."""
    query = [("type", "SAVE"), ("pageSize", str(MOST_ENTRIES))]
    page = _read(connection, get("/v2/ticketing/ticket/{}/log-entry", ticket_id, query=query))
    rows = [row for row in page if isinstance(row, dict)] if isinstance(page, list) else []
    few = [row for row in rows if text_of(row, "type") == "SAVE" and _is_around(effect, row, "createTime")]
    # Which end of a long log comes first is not known.
    if len(few) != 1 or len(rows) >= MOST_ENTRIES or text_of(few[0], "appUserContactType") != "TECHNICIAN":
        return None
    return _trace(few[0], "createTime", "appUserContactId", "log entry")


def _read(connection: Connection, call: Call) -> JSON:
    """What NinjaOne says; None where it cannot be asked, which proves nothing and holds nothing else up."""
    try:
        return read_json(connection=connection, call=call)
    except (GateError, UpstreamNotFoundError) as error:
        logger.info("Who did something cannot be read for %s: %s", connection.pk, error)
        return None


def _is_control(effect: Effect, series: Series, names: Collection[str]) -> bool:
    """Whether it could be the call's: a beginning that does not say what was done, or says the same."""
    action = effect.wanted.partition(" ")[0]
    return (
        series.begun == CONTROLLED
        and series.code in {CONTROLLED, *(f"REMOTE_TOOLS_{action}_SERVICE_{end}" for end in ("SUCCESS", "FAILED"))}
        and series.source_name.lower() in names
        and abs(series.requested_at - effect.sent_at) <= SKEW
    )


def _is_around(effect: Effect, row: dict[str, JSON], key: str) -> bool:
    at = moment_of(row, key)
    return at is not None and abs(at - effect.sent_at) <= SKEW


def _reaches_back(effect: Effect, rows: Sequence[dict[str, JSON]]) -> bool:
    """Whether the newest activities, of which these are a page, go back to before the call."""
    times = [at for row in rows if (at := moment_of(row)) is not None]
    return len(rows) < MOST or (bool(times) and min(times) < effect.sent_at - SKEW)


def _trace(row: dict[str, JSON], time_key: str, user_key: str, what: str) -> Trace | None:
    at, user, number = moment_of(row, time_key), id_of(row, user_key), id_of(row)
    if at is None or user is None or number is None:
        return None
    return Trace(f"{what} {number}", number, at, user)
