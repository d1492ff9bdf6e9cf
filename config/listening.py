"""Hears what other processes make due: PostgreSQL's NOTIFY rings the bells of this one.

It makes things faster and nothing else. Whoever hears nothing finds what is due within a second, by looking.
"""

from __future__ import annotations

import logging
import threading
from typing import Any

import psycopg
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, connections

from approvals.wake import CHANNEL, NOTICES, WAKE

logger = logging.getLogger(__name__)

# So often it looks whether it should stop.
PATIENCE_SECONDS = 1.0
# What is rung within this long is one round of the loops.
GATHERED_SECONDS = 0.02
LONGEST_PAUSE_SECONDS = 30.0
# A server that vanished without a word is missed after a minute, not after the system's two hours.
LINE: dict[str, Any] = {
    "autocommit": True,
    "application_name": "countersign bell",
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
}


def listen_forever(stop: threading.Event) -> None:
    """Rings until `stop` is set, through a connection of its own. Outlives a database that is away."""
    failures = 0
    while not stop.is_set():
        try:
            with psycopg.connect(**_address()) as line:
                if not _is_the_server(line):
                    logger.warning(
                        "A pooler stands between this worker and PostgreSQL, and hands on no NOTIFY: what is approved "
                        "may be sent a second later. DATABASE_LISTEN_URL can name PostgreSQL itself."
                    )
                    stop.wait()
                    return
                failures = 0
                _listen(line, stop)
        except psycopg.Error as error:
            failures += 1
            pause = min(2.0 ** (failures - 1), LONGEST_PAUSE_SECONDS)
            logger.warning("The database rings no bell (%s). Listening again in %.0f s.", str(error).strip(), pause)
            stop.wait(pause)


def _listen(line: psycopg.Connection[Any], stop: threading.Event) -> None:
    line.execute(f"LISTEN {CHANNEL}")
    # What became due while nobody listened.
    is_rung = True
    while not stop.is_set():
        if is_rung:
            for bell in (WAKE, NOTICES):
                bell.set()
            stop.wait(GATHERED_SECONDS)
        is_rung = bool(list(line.notifies(timeout=PATIENCE_SECONDS, stop_after=1)))


def _is_the_server(line: psycopg.Connection[Any]) -> bool:
    """False behind a pooler, which makes up the process number that it tells its clients."""
    [number] = line.execute("SELECT pg_backend_pid()").fetchone() or [0]
    return bool(number == line.info.backend_pid)


def _address() -> dict[str, Any]:
    url: str = settings.DATABASE_LISTEN_URL
    # DATABASE_URL may say some of it, too: `?connect_timeout=5`.
    return {**({"conninfo": url} if url else connections[DEFAULT_DB_ALIAS].get_connection_params()), **LINE}
