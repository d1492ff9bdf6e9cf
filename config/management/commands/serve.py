from __future__ import annotations

import logging
import os
import tempfile
from contextlib import ExitStack
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error, connection

from config import (
    environment,
    loaded,  # noqa: F401 - so that it is there when the processes part
    metrics,
)
from config.health import migrations_look
from config.ports import PortError, port_check
from config.server import fork_prepare, serve_until_stopped
from config.unsafe import serve_safely
from integrations.installation import KeysError
from integrations.starting import PackagesError, RestoredError, start_check

logger = logging.getLogger(__name__)

# A waiting agent holds a thread, and a thread keeps its database connection: PostgreSQL has 100 by default.
SQLITE_THREADS = 64
POSTGRESQL_THREADS = 40
POSTGRESQL_WORKERS = 2
# More than any proxy keeps a connection that nobody uses.
LONGEST_DRAIN = 300


class Command(BaseCommand):
    requires_system_checks: list[str] = []  # it imports everything anyway; once is enough
    help = "The server: granian with threads. On SQLite one process, which does the background work too."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1")
        parser.add_argument("--port", type=int, default=8800)
        parser.add_argument("--workers", type=int, help=f"processes; {POSTGRESQL_WORKERS} on PostgreSQL, 1 on SQLite")
        parser.add_argument(
            "--drain",
            type=float,
            default=0.0,
            metavar="SECONDS",
            help="after SIGTERM go on for so long and let connections end; longer than the proxy keeps them (0)",
        )
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
        if not 0 <= options["drain"] <= LONGEST_DRAIN:
            raise CommandError(f"--drain is 0 to {LONGEST_DRAIN} seconds.")
        try:
            port_check(options["host"], options["port"])
        except PortError as error:
            raise CommandError(f"{error} Choose another with --port.") from error
        try:
            start_check()
            migrations_look()
        except (KeysError, PackagesError, RestoredError) as error:
            raise CommandError(str(error)) from error
        except Error as error:
            # It may come up later; until then /readyz says so, and looks at the keys then.
            logger.warning("The keys could not be checked, for the database does not answer as it should: %s", error)
        _serve(options, workers, threads, works=is_sqlite)


def _serve(options: dict[str, Any], workers: int, threads: int, *, works: bool) -> None:
    """Until it is stopped. `works`: its one process does the background work, too."""
    with ExitStack() as until_stopped:
        if workers > 1:
            # Prometheus asks one of them for what all of them counted.
            metrics.count_together(os.environ.get(metrics.FOLDER) or until_stopped.enter_context(_folder()))
        # For this process's settings, which its workers have too, and for workers that have to load them anew.
        settings.SERVER_THREADS = threads
        os.environ[environment.THREADS] = str(threads)
        os.environ[environment.BACKGROUND] = "1" if works else "0"
        os.chdir(settings.BASE_DIR)
        fork_prepare()
        serve_until_stopped(
            "config.wsgi:application",
            host=options["host"],
            port=options["port"],
            workers=workers,
            threads=threads,
            drain_seconds=options["drain"],
            logs_are_json=settings.LOGS_ARE_JSON,
        )


def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="countersign-metrics-")
