from __future__ import annotations

import signal
import threading
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error
from prometheus_client import REGISTRY, start_http_server

from approvals.wake import WAKE
from config import background
from config.metrics import ThisProcess
from config.unsafe import serve_safely
from integrations.installation import KeysError
from integrations.starting import RestoredError, start_check
from integrations.traces import traces_start


class Command(BaseCommand):
    help = "Sends what was approved and lets deadlines pass, until SIGTERM. Start as many as you like on PostgreSQL."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--metrics-port", type=int, help="tell Prometheus there, on this machine, what it did")

    def handle(self, *args: Any, **options: Any) -> None:
        serve_safely(settings.START)
        try:
            start_check()
        except (KeysError, RestoredError) as error:
            raise CommandError(str(error)) from error
        except Error as error:
            self.stderr.write(f"The keys could not be checked, for the database does not answer as it should: {error}")
        if options["metrics_port"]:
            REGISTRY.register(ThisProcess())
            try:
                start_http_server(options["metrics_port"], addr="127.0.0.1")
            except OSError as error:
                raise CommandError(f"Port {options['metrics_port']} is taken. Choose another one.") from error
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
