from __future__ import annotations

import logging
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error, connection

from config import environment, metrics
from config.ports import PortError, port_check
from config.unsafe import serve_safely
from integrations.installation import KeysError
from integrations.starting import RestoredError, start_check

logger = logging.getLogger(__name__)

# How long a stop waits for calls that are under way, seconds.
GRACE_SECONDS = 30
# A waiting agent holds a thread, and a thread keeps its database connection: PostgreSQL has 100 by default.
SQLITE_THREADS = 64
POSTGRESQL_THREADS = 40
POSTGRESQL_WORKERS = 2


class Command(BaseCommand):
    requires_system_checks: list[str] = []  # its processes import everything anyway; once is enough
    help = "The server: granian with threads. On SQLite one process, which does the background work too."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8800)
        parser.add_argument("--workers", type=int, help=f"processes; {POSTGRESQL_WORKERS} on PostgreSQL, 1 on SQLite")
        parser.add_argument("--threads", type=int, help="per process: so many calls run or wait at the same time")

    def handle(self, *args: Any, **options: Any) -> None:
        serve_safely(settings.START)
        is_sqlite = connection.vendor == "sqlite"
        workers = options["workers"] or (1 if is_sqlite else POSTGRESQL_WORKERS)
        threads = options["threads"] or (SQLITE_THREADS if is_sqlite else POSTGRESQL_THREADS)
        if is_sqlite and workers != 1:
            raise CommandError("On SQLite the server is one process. Use PostgreSQL (DATABASE_URL) for more.")
        if min(workers, threads) < 1:
            raise CommandError("--workers and --threads are at least 1.")
        try:
            port_check(options["host"], options["port"])
        except PortError as error:
            raise CommandError(f"{error} Choose another with --port.") from error
        try:
            start_check()
        except (KeysError, RestoredError) as error:
            raise CommandError(str(error)) from error
        except Error as error:
            # It may come up later; until then /readyz says so, and looks at the keys then.
            logger.warning("The keys could not be checked, for the database does not answer as it should: %s", error)
        if workers > 1:
            # Prometheus asks one of them for what all of them counted.
            os.environ.setdefault(metrics.FOLDER, tempfile.mkdtemp(prefix="countersign-metrics-"))
        os.environ[environment.THREADS] = str(threads)
        os.environ[environment.BACKGROUND] = "1" if is_sqlite else "0"
        os.chdir(settings.BASE_DIR)
        # A process of its own kind from here on: the server's main process holds no Django and no connection.
        os.execv(sys.executable, granian_command(options["host"], options["port"], workers, threads))  # noqa: S606 - no shell is the point


def granian_command(host: str, port: int, workers: int, threads: int) -> list[str]:
    """The command line of the server."""
    return [
        *(sys.executable, "-m", "granian", "config.wsgi:application", "--interface", "wsgi"),
        *("--host", host, "--port", str(port), "--workers", str(workers), "--blocking-threads", str(threads)),
        *("--respawn-failed-workers", "--workers-kill-timeout", str(GRACE_SECONDS)),
        *("--http", "1", "--no-ws"),
        *(("--log-config", str(Path(__file__).parents[2] / "granian_logs.json")) if settings.LOGS_ARE_JSON else ()),
    ]
