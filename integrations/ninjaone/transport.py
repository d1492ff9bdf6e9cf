"""Bytes out, bytes in: one pooled session per process and region that goes where it is told and nowhere else.

No redirects, proxies, netrc or cookies. What the socket is about to send is compared with what was asked for, and a
deadline ends every wait, dripping headers and bodies included.
"""

from __future__ import annotations

import http.client
import io
import os
import socket
import ssl
import threading
import time
from dataclasses import dataclass
from functools import lru_cache
from http.cookiejar import DefaultCookiePolicy
from typing import Any, Self

import certifi
import requests
from django.conf import settings
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from integrations.ninjaone.errors import EgressRefusedError

POOLED_CONNECTIONS = 32
# A kept connection that idled longer may be closed by the other side at any moment: a write on it could be lost.
IDLE_SECONDS = 15.0


_thread = threading.local()


@dataclass
class Exchange:
    """The request that this thread has on the wire, for the classes below that meet it: in its `with` block."""

    method: str
    base_url: str
    target: str
    deadline: float  # on the monotonic clock
    read_seconds: float
    is_connecting: bool = False
    is_sending: bool = False

    @property
    def is_unsent(self) -> bool:
        """Proven: a connection was being made, and no byte of the request was handed to it."""
        return self.is_connecting and not self.is_sending

    def __enter__(self) -> Self:
        _thread.exchange = self
        return self

    def __exit__(self, *_: object) -> None:
        del _thread.exchange

    def left(self) -> float:
        """Seconds until the deadline. Raises TimeoutError when it has passed."""
        seconds = self.deadline - time.monotonic()
        if seconds <= 0:
            raise TimeoutError("the deadline of the call has passed")
        return seconds


def _exchange() -> Exchange:
    exchange: Exchange | None = getattr(_thread, "exchange", None)
    if exchange is None:
        raise EgressRefusedError("A request was about to leave outside an exchange. Nothing was sent.")
    return exchange


class _DeadlineReader(io.RawIOBase):
    """Reads a socket, each time with no more patience than is left."""

    def __init__(self, sock: socket.socket, raw: io.RawIOBase, exchange: Exchange) -> None:
        self.sock, self.raw, self.exchange = sock, raw, exchange

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self.sock.settimeout(min(self.exchange.read_seconds, self.exchange.left()))
        return self.raw.readinto(buffer)

    def close(self) -> None:
        self.raw.close()
        super().close()


class _DeadlineResponse(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_DeadlineReader(sock, self.fp.detach(), _exchange()))


class WireConnection(HTTPConnection):
    """Notes how far a request came, and refuses one that is not the exchange's."""

    response_class = _DeadlineResponse

    def connect(self) -> None:
        _exchange().is_connecting = True
        super().connect()

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> None:
        exchange = _exchange()
        port = "" if self.port == self.default_port else f":{self.port}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        scheme = "https" if isinstance(self, HTTPSConnection) else "http"
        if (method, f"{scheme}://{host}{port}", url) != (exchange.method, exchange.base_url, exchange.target):
            raise EgressRefusedError("The request on the wire is not the one that was asked for. Nothing was sent.")
        super().request(method, url, *args, **kwargs)

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        _exchange().is_sending = True
        super().send(data)


class SecureWireConnection(WireConnection, HTTPSConnection):
    """The same over TLS."""


class _FreshPool(HTTPConnectionPool):
    ConnectionCls = WireConnection

    def _get_conn(self, timeout: float | None = None) -> Any:
        conn: Any = super()._get_conn(timeout)
        if time.monotonic() - getattr(conn, "idle_since", 0.0) > IDLE_SECONDS:
            conn.close()
        return conn

    def _put_conn(self, conn: Any) -> None:
        if conn is not None:
            conn.idle_since = time.monotonic()
        super()._put_conn(conn)


class _FreshSecurePool(_FreshPool, HTTPSConnectionPool):
    ConnectionCls = SecureWireConnection


class _WireAdapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        self._pools: dict[str, HTTPConnectionPool] = {}
        # One context for the life of the session: loading the CA bundle takes 17 ms.
        context = ssl.create_default_context(cafile=settings.NINJAONE_CA_BUNDLE or certifi.where())
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        super().init_poolmanager(*args, ssl_context=context, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _FreshPool, "https": _FreshSecurePool}

    def cert_verify(self, *args: Any, **kwargs: Any) -> None:
        """The context verifies already; the base class would have its CA bundle loaded for every connection."""

    def get_connection_with_tls_context(self, *args: Any, **kwargs: Any) -> HTTPConnectionPool:
        """The pool of the exchange's host, whatever a URL says. The base class works it out anew from every URL."""
        base_url = _exchange().base_url
        pool = self._pools.get(base_url)
        if pool is None:
            pool = self._pools[base_url] = self.poolmanager.connection_from_url(base_url)
        return pool

    def request_url(self, request: requests.PreparedRequest, proxies: object) -> str:
        """The request target: there are no proxies to name a host to."""
        return request.path_url

    def build_response(self, req: requests.PreparedRequest, resp: Any) -> requests.Response:
        """The answer without its cookies, which nobody keeps."""
        response = requests.Response()
        response.status_code, response.reason = resp.status, resp.reason
        # urllib3's own know names in any case, too.
        response.headers = resp.headers
        response.raw, response.request, response.url = resp, req, req.url or ""
        return response

    def close(self) -> None:
        """Forget the connections."""
        self._pools.clear()
        super().close()


class WireSession(requests.Session):
    """A session that knows no redirects, proxies, netrc, cookies or headers of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.trust_env = False
        self.headers.clear()
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self.wire = _WireAdapter(pool_connections=2, pool_maxsize=POOLED_CONNECTIONS)
        self.mount("https://", self.wire)
        self.mount("http://", self.wire)

    def send(self, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        """One request and the head of its answer. No redirects: even looking one step ahead reads without a limit."""
        response: requests.Response = self.wire.send(request, stream=True, timeout=kwargs["timeout"], proxies={})
        return response


def session_for(base_url: str) -> WireSession:
    """The session of this process for a region."""
    return _session(os.getpid(), base_url, settings.NINJAONE_CA_BUNDLE)


_making = threading.Lock()


def _session(pid: int, base_url: str, ca_bundle: str | None) -> WireSession:
    with _making:
        return _made(pid, base_url, ca_bundle)


@lru_cache(maxsize=16)
def _made(pid: int, base_url: str, ca_bundle: str | None) -> WireSession:
    return WireSession()
