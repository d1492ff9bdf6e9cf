"""Serves a sandbox over HTTP/1.1 on loopback: keep-alive, one thread a connection, one write an answer."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import BinaryIO, cast

from integrations.ninjaone.sandbox.app import Sandbox
from integrations.ninjaone.sandbox.messages import SandboxRequest, SandboxResponse

HOST = "127.0.0.1"
_HEAD_BYTES = 65_536
_BODY_BYTES = 16 * 1024 * 1024
_REASONS = {status.value: status.phrase for status in HTTPStatus}


class _BadHeadError(ValueError):
    """The request cannot be read: answer 400 and close."""


@dataclass(frozen=True, kw_only=True)
class _Head:
    method: str
    path: str
    query: str
    headers: dict[str, str]
    keeps_alive: bool

    @property
    def body_length(self) -> int:
        if "transfer-encoding" in self.headers:
            raise _BadHeadError("chunked bodies are not taken")
        text = self.headers.get("content-length", "0")
        if not (text.isascii() and text.isdecimal()) or int(text) > _BODY_BYTES:
            raise _BadHeadError("bad Content-Length")
        return int(text)


def _head_read(stream: BinaryIO) -> _Head | None:
    """None at the end of the connection."""
    line = stream.readline(_HEAD_BYTES)
    if not line.strip():
        return None
    words = line.decode("latin-1").split()
    if len(words) != 3 or not words[2].startswith("HTTP/1."):
        raise _BadHeadError("bad request line")
    headers: dict[str, str] = {}
    size = 0
    while (line := stream.readline(_HEAD_BYTES)) not in {b"\r\n", b"\n", b""}:
        size += len(line)
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon or size > _HEAD_BYTES:
            raise _BadHeadError("bad header")
        headers[name.strip().lower()] = value.strip()
    path, _, query = words[1].partition("?")
    closes = headers.get("connection", "").lower() == "close" or words[2] == "HTTP/1.0"
    return _Head(method=words[0], path=path, query=query, headers=headers, keeps_alive=not closes)


class _Handler(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True

    def handle(self) -> None:
        server = cast("SandboxServer", self.server)
        # A client may vanish at any moment; that ends its connection and nothing else.
        with contextlib.suppress(ConnectionError), server.connected(self.connection):
            try:
                while self._exchange(server.sandbox):
                    pass
            except _BadHeadError as error:
                answer = SandboxResponse(status=400, body=str(error).encode(), headers={"Content-Type": "text/plain"})
                self.connection.sendall(_head_bytes(answer, keeps_alive=False) + answer.body)

    def _exchange(self, sandbox: Sandbox) -> bool:
        """One request and its answer; False when the connection is to close."""
        head = _head_read(cast("BinaryIO", self.rfile))
        if head is None:
            return False
        length = head.body_length
        if head.headers.get("expect", "").lower() == "100-continue":
            self.connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        body = self.rfile.read(length) if length else b""
        if len(body) < length:
            return False
        answer = sandbox.handle(
            SandboxRequest(method=head.method, path=head.path, query=head.query, headers=head.headers, body=body)
        )
        return self._deliver(answer, keeps_alive=head.keeps_alive, is_head=head.method == "HEAD")

    def _deliver(self, answer: SandboxResponse, *, keeps_alive: bool, is_head: bool) -> bool:
        how = answer.delivery
        if how.delay:
            time.sleep(how.delay)
        if how.is_dropped:
            return False
        head = _head_bytes(answer, keeps_alive=keeps_alive)
        body = b"" if is_head else answer.body
        if how.is_cut:
            self.connection.sendall(head + body[: len(body) // 2])
            return False
        if not how.drip:
            self.connection.sendall(head + body)
            return keeps_alive
        self.connection.sendall(head)
        for byte in body:
            time.sleep(how.drip)
            self.connection.sendall(bytes([byte]))
        return keeps_alive


def _head_bytes(answer: SandboxResponse, *, keeps_alive: bool) -> bytes:
    lines = [f"HTTP/1.1 {answer.status} {_REASONS.get(answer.status, 'Unknown')}"]
    lines += [f"{name}: {value}" for name, value in answer.headers.items()]
    if answer.status != 204:
        lines.append(f"Content-Length: {len(answer.body)}")
    if not keeps_alive:
        lines.append("Connection: close")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


class SandboxServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, sandbox: Sandbox, port: int = 0) -> None:
        self.sandbox = sandbox
        self._connections: set[socket.socket] = set()
        self._connections_lock = threading.Lock()
        super().__init__((HOST, port), _Handler)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.server_address[1]}"

    @contextlib.contextmanager
    def connected(self, connection: socket.socket) -> Iterator[None]:
        with self._connections_lock:
            self._connections.add(connection)
        try:
            yield
        finally:
            with self._connections_lock:
                self._connections.discard(connection)

    def stop(self) -> None:
        """Stops listening and hangs up on everyone, kept-alive connections too."""
        self.shutdown()
        self.server_close()
        with self._connections_lock:
            for connection in self._connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)


@contextlib.contextmanager
def serve_in_thread(sandbox: Sandbox, port: int = 0) -> Iterator[SandboxServer]:
    """`with serve_in_thread(Sandbox()) as server: ... server.url`; port 0 takes a free one."""
    server = SandboxServer(sandbox, port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.stop()
        thread.join()
