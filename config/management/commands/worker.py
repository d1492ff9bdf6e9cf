from __future__ import annotations

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand

from approvals.wake import WAKE
from config import background


class Command(BaseCommand):
    help = "Sends what was approved and lets deadlines pass, until SIGTERM. Start as many as you like on PostgreSQL."

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()

        def end(*_: object) -> None:
            stop.set()
            WAKE.set()

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, end)
        self.stdout.write("Background work runs. Stop it with SIGTERM or Ctrl-C.")
        self.stdout.flush()
        background.keep_running(stop)
