"""When NinjaOne last answered a connection, and what last went wrong: for the people who look after it.

Written when it changes and else at most once a minute, so that calls do not pay a write each. What cannot be written is
left out: no note is worth a call, least of all one whose outcome is still to be stored.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from django.db import DatabaseError

from integrations.clock import likely_now
from integrations.models import Connection, ConnectionState
from integrations.ninjaone.complaints import describe
from integrations.ninjaone.errors import (
    EgressRefusedError,
    NeedsReauthorizationError,
    StoppedError,
    TooLargeError,
    WireError,
)
from integrations.ninjaone.wire import WireAnswer

logger = logging.getLogger(__name__)

EVERY = timedelta(minutes=1)
LONGEST = 300
NOT_SPOKEN: dict[str, Any] = {"answered_at": None, "failed_at": None, "failure": "", "rests_until": None}


def is_failing(connection: Connection) -> bool:
    """Whether the last thing heard of NinjaOne is a failure."""
    failed, answered = connection.failed_at, connection.answered_at
    return failed is not None and (answered is None or answered < failed)


def contact_answered(connection: Connection, answer: WireAnswer) -> None:
    """NinjaOne said something: a no is an answer too, an HTTP 5xx is not."""
    if answer.status >= 500:
        _failed(connection, f"NinjaOne answered {answer.status}: {describe(answer).message}", None)
        return
    now = likely_now()
    if is_failing(connection) or _is_old(connection.answered_at, now):
        _note(connection, {"answered_at": now, "rests_until": None})


def contact_failed(connection: Connection, error: WireError) -> None:
    """No answer came, for a reason that is NinjaOne's, the way's there, or our credentials'."""
    if isinstance(error, (EgressRefusedError, StoppedError, TooLargeError)):
        return
    if connection.state == ConnectionState.CONNECTED or isinstance(error, NeedsReauthorizationError):
        _failed(connection, error.message, error.retry_after)


def _failed(connection: Connection, message: str, rest_seconds: float | None) -> None:
    now = likely_now()
    rests = rest_seconds is not None and (connection.rests_until is None or connection.rests_until <= now)
    if rests or not is_failing(connection) or _is_old(connection.failed_at, now):
        until = now + timedelta(seconds=rest_seconds) if rest_seconds is not None else None
        _note(connection, {"failed_at": now, "failure": message[:LONGEST], "rests_until": until})


def _is_old(moment: datetime | None, now: datetime) -> bool:
    return moment is None or now - moment >= EVERY


def _note(connection: Connection, values: dict[str, Any]) -> None:
    try:
        # The epoch: what is heard of the former credentials says nothing about these.
        Connection.objects.filter(pk=connection.pk, epoch=connection.epoch).update(**values)
    except DatabaseError:
        logger.warning("Not noted when NinjaOne last answered %s", connection.pk, exc_info=True)
    for name, value in values.items():
        setattr(connection, name, value)
