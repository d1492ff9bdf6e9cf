from __future__ import annotations

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from integrations.ninjaone.sandbox import Sandbox
from integrations.ninjaone.sandbox.seeds import BASH_RUNNER_IDS
from integrations.ninjaone.sandbox.server import HOST, SandboxServer

DEFAULT_PORT = 8801


class Command(BaseCommand):
    help = "Serves a local NinjaOne with two made-up MSPs, to try Countersign without an account."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=DEFAULT_PORT)
        parser.add_argument("--host", default=HOST, help=f"only {HOST}: the sandbox gives its tokens to anybody")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["host"] != HOST:
            raise CommandError(f"The sandbox listens on {HOST} alone: everybody who reaches it may use it.")
        try:
            server = SandboxServer(Sandbox(), options["port"])
        except (OSError, OverflowError) as error:
            raise CommandError(
                f"Port {options['port']} cannot be used: {error}. Choose another with --port."
            ) from error
        stopping = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopping.set())
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        self._introduce(server)
        stopping.wait()
        server.stop()
        thread.join()

    def _introduce(self, server: SandboxServer) -> None:
        self.stdout.write(f"NinjaOne sandbox on {server.url}")
        for client in server.sandbox.clients.values():
            self.stdout.write(
                f"  {client.world.name}: client id {client.client_id}, secret {client.secret}, "
                f"bash runner {BASH_RUNNER_IDS[client.client_id]}"
            )
        self.stdout.write(
            f"Start Countersign with NINJAONE_SANDBOX_URL={server.url} and connect with the region Sandbox."
        )
        self.stdout.flush()  # into a pipe or a log file, too, at once
