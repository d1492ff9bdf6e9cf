"""Time as the database tells it: every deadline is set and judged by one clock, whatever a host's says."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any, cast

from django.db import connection
from django.db.models import functions
from django.utils import timezone
from django.utils.dateparse import parse_datetime

__all__ = ["SQLITE_NOW", "Now", "database_now", "likely_now", "now_seen"]

# With as many digits as moments have that are stored: texts are compared, and one that is shorter comes first.
SQLITE_NOW = "STRFTIME('%Y-%m-%d %H:%M:%f000', 'NOW')"


class Now(functions.Now):
    """The database's time of the statement. On SQLite Django's own is a millisecond before moments that equal it."""

    def as_sqlite(self, compiler: Any, connection: Any, **extra: Any) -> Any:
        """The function's SQL."""
        # Doubled for the parameters, and doubled again for the template.
        return self.as_sql(compiler, connection, template=SQLITE_NOW.replace("%", "%%%%"), **extra)


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
            cursor.execute(f"SELECT {SQLITE_NOW}")
            text = parse_datetime(cursor.fetchone()[0])
            return timezone.make_aware(cast(datetime, text), timezone.get_default_timezone())
        cursor.execute("SELECT STATEMENT_TIMESTAMP()")
        return cast(datetime, cursor.fetchone()[0])
