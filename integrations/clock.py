"""Time as the database tells it: every deadline is set and judged by one clock, whatever a host's says."""

from __future__ import annotations

from datetime import datetime
from typing import cast

from django.db import connection
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.dateparse import parse_datetime

__all__ = ["Now", "database_now"]


def database_now() -> datetime:
    """The database's time of this statement, aware, in UTC."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("SELECT STRFTIME('%Y-%m-%d %H:%M:%f', 'NOW')")
            text = parse_datetime(cursor.fetchone()[0])
            return timezone.make_aware(cast(datetime, text), timezone.get_default_timezone())
        cursor.execute("SELECT STATEMENT_TIMESTAMP()")
        return cast(datetime, cursor.fetchone()[0])
