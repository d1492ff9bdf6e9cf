"""What a worker tells Prometheus, on a port of its own: it serves nothing else."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

from prometheus_client import REGISTRY, make_wsgi_app
from prometheus_client.exposition import ThreadingWSGIServer

from config.metrics import FORWARDING, ThisProcess, may_read

Start = Callable[[str, list[tuple[str, str]]], Any]


class _Six(ThreadingWSGIServer):
    address_family = socket.AF_INET6


class _Quiet(WSGIRequestHandler):
    """Writes no log, and waits for nobody for long."""

    timeout = 10

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
        """None."""


def worker_metrics_start(*, host: str, port: int) -> None:
    """Answer there from now on, with the same door as a web process. Raises OSError where that cannot be opened."""
    REGISTRY.register(ThisProcess())
    tell = make_wsgi_app(REGISTRY)

    def app(environ: dict[str, Any], start_response: Start) -> Iterable[bytes]:
        is_forwarded = any(f"HTTP_{name.upper().replace('-', '_')}" in environ for name in FORWARDING)
        if may_read(environ.get("HTTP_AUTHORIZATION", ""), environ["REMOTE_ADDR"], is_forwarded=is_forwarded):
            told: Iterable[bytes] = tell(environ, start_response)
            return told
        start_response("401 Unauthorized", [("Content-Type", "text/plain"), ("WWW-Authenticate", "Bearer")])
        return [b"Metrics are for loopback, or for METRICS_TOKEN.\n"]

    server = make_server(host, port, app, _Six if ":" in host else ThreadingWSGIServer, handler_class=_Quiet)
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
