"""A NinjaOne that answers at once, or as late as is wished: `python -m bench.upstream PORT SANDBOX_PORT`.

What reads the sandbox answered once is answered from memory; everything else is passed on to it. The sandbox itself
takes longer for an answer than what is measured here.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import re
import sys
import time
from typing import ClassVar, cast

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
TOKEN = re.compile(rb"\r\nauthorization: *([^\r\n]+)", re.IGNORECASE)
CONTENT_TYPE = re.compile(rb"\r\ncontent-type: *([^\r\n]+)", re.IGNORECASE)
# What a device did stands there the next time.
CHANGING = b"activities"


class Upstream(asyncio.Protocol):
    """One connection. `GET /bench/delay/100` sets the milliseconds, `GET /bench/last-write` tells when one came."""

    sandbox_port: ClassVar[int]
    delay: ClassVar[float] = 0.0  # seconds
    last_write: ClassVar[float] = 0.0  # on the monotonic clock, which all processes share
    memory: ClassVar[dict[tuple[bytes, bytes], bytes]] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A client."""
        self.transport = cast(asyncio.Transport, transport)
        self.received = b""

    def data_received(self, data: bytes) -> None:
        """Answer each request that has arrived whole."""
        self.received += data
        while (end := self.received.find(b"\r\n\r\n")) >= 0:
            length = LENGTH.search(self.received, 0, end)
            stop = end + 4 + (int(length[1]) if length else 0)
            if len(self.received) < stop:
                return
            head, body, self.received = self.received[:end], self.received[end + 4 : stop], self.received[stop:]
            answer = self._answer(head, body)
            if self.delay and not head.startswith(b"GET /bench/"):
                asyncio.get_running_loop().call_later(self.delay, self.transport.write, answer)
            else:
                self.transport.write(answer)

    def _answer(self, head: bytes, body: bytes) -> bytes:
        method, target, _ = head.split(b" ", 2)
        if target.startswith(b"/bench/delay/"):
            Upstream.delay = int(target.rpartition(b"/")[2]) / 1000
            return _response(200, b"application/json", b"{}")
        if target == b"/bench/last-write":
            return _response(200, b"application/json", json.dumps(self.last_write).encode())
        if method != b"GET":
            Upstream.last_write = time.monotonic()
            return self._passed_on(head, body)
        token = TOKEN.search(head)
        key = target, token[1] if token else b""
        answer = self.memory.get(key) or self._passed_on(head, body)
        if answer.startswith(b"HTTP/1.1 200") and CHANGING not in target:
            self.memory[key] = answer
        return answer

    def _passed_on(self, head: bytes, body: bytes) -> bytes:
        method, target, _ = head.decode().split(" ", 2)
        headers = {
            name: found[1].decode()
            for name, pattern in (("Authorization", TOKEN), ("Content-Type", CONTENT_TYPE))
            if (found := pattern.search(head))
        }
        sandbox = http.client.HTTPConnection("127.0.0.1", self.sandbox_port, timeout=30)
        sandbox.request(method, target, body, headers)
        answer = sandbox.getresponse()
        content_type = answer.getheader("Content-Type") or "application/json"
        made = _response(answer.status, content_type.encode(), answer.read())
        sandbox.close()
        return made


def _response(status: int, content_type: bytes, body: bytes) -> bytes:
    has_body = status != 204
    headers = b"Content-Type: %b\r\nContent-Length: %d\r\n" % (content_type, len(body)) if has_body else b""
    return b"HTTP/1.1 %d x\r\n%b\r\n%b" % (status, headers, body if has_body else b"")


async def _serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    Upstream.sandbox_port = int(sys.argv[2])
    asyncio.run(_serve(int(sys.argv[1])))
