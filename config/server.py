"""The server: granian, which starts worker processes, watches them and replaces those that die."""

from __future__ import annotations

import gc
import json
import multiprocessing
import sys
from pathlib import Path

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings

from integrations.pooled import connections_end

# How long a stop waits for calls that are under way, seconds.
GRACE_SECONDS = 30
JSON_LOGS = Path(__file__).with_name("granian_logs.json")


def serve_until_stopped(
    application: str, *, host: str, port: int, workers: int, threads: int, logs_are_json: bool = False
) -> None:
    """Serve `application`, which each worker imports, until SIGTERM or SIGINT."""
    server = Granian(
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
