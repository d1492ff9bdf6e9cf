"""Time as the database tells it: every deadline is set and judged by one clock, whatever a host's says."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import cast

from django.db import connection
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.dateparse import parse_datetime

__all__ = ["Now", "database_now", "likely_now", "now_seen"]


class Seen:
    """How many seconds the database's clock is ahead of this process's monotonic one; None before it was seen."""

    ahead: float | None = None


def database_now() -> datetime:
    """The database's time of this statement, aware, in UTC."""
    now = _asked()
    now_seen(now)
    return now


def now_seen(now: datetime) -> None:
    """Remember the database's time that a statement has just told."""
    Seen.ahead = now.timestamp() - time.monotonic()


def likely_now() -> datetime:
    """The database's time without asking it, from when it was last seen: right to a moment, for margins of seconds."""
    ahead = Seen.ahead
    return database_now() if ahead is None else datetime.fromtimestamp(time.monotonic() + ahead, UTC)


def _asked() -> datetime:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT STRFTIME('%Y-%m-%d %H:%M:%f', 'NOW')")
            text = parse_datetime(cursor.fetchone()[0])
            return timezone.make_aware(cast(datetime, text), timezone.get_default_timezone())
        cursor.execute("SELECT STATEMENT_TIMESTAMP()")
        return cast(datetime, cursor.fetchone()[0])
