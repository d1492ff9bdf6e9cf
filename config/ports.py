"""Whether a server can listen somewhere, asked before it tries, so that the answer is a sentence."""

from __future__ import annotations

import contextlib
import secrets
import socket

LOOPBACK = "127.0.0.1"
# Below what Linux (32768) and everybody else (49152) give to outgoing connections.
PICKED = range(12_000, 32_000)


class PortError(Exception):
    """Nobody can listen there; says why."""


def port_check(host: str, port: int) -> None:
    """Raises PortError when the port is taken, not allowed, or the host is not one of this machine."""
    if not 1 <= port <= 65535:  # the resolver would take it modulo 65536
        raise PortError(f"Cannot listen on {host}:{port}: ports are 1 to 65535.")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with contextlib.closing(socket.socket(family, kind, protocol)) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise PortError(f"Cannot listen on {host}:{port}: {error.strerror or error}.") from error


def free_port() -> int:
    """A port of loopback that nobody uses right now, and nobody is likely to take before it is used.

    Not one that the system picks: those also go to every outgoing connection, and to whoever else asks at that moment.
    """
    while True:
        port = PICKED.start + secrets.randbelow(len(PICKED))
        with contextlib.suppress(PortError):
            port_check(LOOPBACK, port)
            return port
