from __future__ import annotations

import signal
import threading
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error

from approvals.wake import WAKE
from config import background
from config.metrics import is_loopback
from config.unsafe import serve_safely
from config.worker_metrics import worker_metrics_start
from integrations.installation import KeysError
from integrations.starting import PackagesError, RestoredError, start_check
from integrations.traces import traces_start


class Command(BaseCommand):
    requires_system_checks: list[str] = []  # they would load every page, and it shows none
    help = "Sends what was approved and lets deadlines pass, until SIGTERM. Start as many as you like on PostgreSQL."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--metrics-port", type=int, help="tell Prometheus there what it did")
        parser.add_argument(
            "--metrics-host",
            default="127.0.0.1",
            help="the address for that; who asks from another machine shows METRICS_TOKEN",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        serve_safely(settings.START)
        try:
            start_check()
        except (KeysError, PackagesError, RestoredError) as error:
            raise CommandError(str(error)) from error
        except Error as error:
            self.stderr.write(f"The keys could not be checked, for the database does not answer as it should: {error}")
        if options["metrics_port"]:
            self._tell(options["metrics_host"], options["metrics_port"])
        traces_start()
        stop = threading.Event()

        def end(*_: object) -> None:
            stop.set()
            WAKE.set()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, end)
        self.stdout.write("Background work runs. Stop it with SIGTERM or Ctrl-C.")
        self.stdout.flush()
        background.keep_running(stop)

    def _tell(self, host: str, port: int) -> None:
        if not (is_loopback(host) or settings.METRICS_TOKEN):
            raise CommandError(f"Nobody could read the metrics on {host}: set METRICS_TOKEN, which who asks must show.")
        try:
            worker_metrics_start(host=host, port=port)
        except OSError as error:
            raise CommandError(
                f"The metrics cannot be told on {host}, port {port}: {error.strerror or error}. Choose another one."
            ) from error
