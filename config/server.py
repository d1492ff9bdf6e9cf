"""The server: granian, which starts worker processes, watches them and replaces those that die."""

from __future__ import annotations

import gc
import json
import multiprocessing
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings

from integrations.pooled import connections_end
from integrations.stopping import is_stopping, stop_announce

# How long a stop waits for calls that are under way, seconds.
GRACE_SECONDS = 30
JSON_LOGS = Path(__file__).with_name("granian_logs.json")


class Server(Granian):  # type: ignore[misc,valid-type] # it is one of two classes, by how Python was built
    """One that is first left by those who keep connections open to it, and then stops."""

    drain_seconds = 0.0

    def signal_handler_interrupt(self, *arguments: Any) -> None:
        """SIGTERM or SIGINT. Stop at once, or after the time to drain; a second signal means now."""
        is_second = is_stopping()
        stop_announce()
        stop = super().signal_handler_interrupt
        if self.drain_seconds and not is_second and arguments[:1] == (signal.SIGTERM,):
            later = threading.Timer(self.drain_seconds, stop)
            later.daemon = True
            later.start()
        else:
            stop()


def serve_until_stopped(
    application: str,
    *,
    host: str,
    port: int,
    workers: int,
    threads: int,
    drain_seconds: float = 0.0,
    logs_are_json: bool = False,
) -> None:
    """Serve `application`, which each worker imports, until SIGTERM or SIGINT.

    After SIGTERM it goes on for `drain_seconds`, and says with each answer that the connection ends: a proxy that may
    send a request only once must not send it on a connection that closes at that moment.
    """
    server = Server(
        application,
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=threads,
        respawn_failed_workers=True,
        workers_kill_timeout=GRACE_SECONDS,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(),
        websockets=False,
        log_dictconfig=json.loads(JSON_LOGS.read_bytes()) if logs_are_json else None,
    )
    server.drain_seconds = drain_seconds
    server.serve()


def fork_prepare() -> None:
    """Let workers begin with what this process has loaded, and hold it in memory together.

    They must not share what only one may use: a connection to the database, or a lock that some thread holds.
    """
    connections_end()
    if sys.platform == "linux":
        multiprocessing.set_start_method("fork", force=True)  # Python's own choice until 3.13
    # A collection writes to every object that it looks at, and memory that is written to is shared no more.
    gc.freeze()
