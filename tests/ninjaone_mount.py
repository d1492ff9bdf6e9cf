"""Puts a sandbox behind `responses`, so that a test's calls reach the code that the demo runs, without a socket."""

from __future__ import annotations

import http.client
import io
import re
import time
from collections.abc import Callable
from typing import Any
from unittest import mock
from urllib.parse import urlsplit

import requests
import responses
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import ProtocolError
from urllib3.response import HTTPResponse

from integrations.ninjaone.sandbox import Sandbox, SandboxRequest, SandboxResponse
from integrations.ninjaone.transport import CarryError, Lines, Message, Reply


class NinjaMock(responses.RequestsMock):
    """Also answers what leaves for NinjaOne: that goes through `requests` as long as this lasts."""

    def start(self) -> None:
        """Begin."""
        self._carry = mock.patch("integrations.ninjaone.transport.Lines.carry", _carried)
        self._carry.start()
        super().start()

    def stop(self, allow_assert: bool = True) -> None:
        """End. Raises AssertionError like the base class."""
        self._carry.stop()
        super().stop(allow_assert)


def _carried(lines: Lines, message: Message, largest: int) -> Reply:
    """What `Lines.carry` does, by `requests`."""
    prepared = requests.PreparedRequest()
    prepared.method, prepared.url, prepared.body = message.method, lines.base_url + message.target, message.body
    named = (line.partition(":") for line in message.headers)
    prepared.headers = CaseInsensitiveDict({name: value.strip() for name, _, value in named if value})
    try:
        times = (message.connect_seconds, message.silent_seconds)
        answer = requests.Session().send(prepared, timeout=times, allow_redirects=False)
    except requests.Timeout as error:
        raise CarryError("no answer in time", is_unsent=False) from error
    except requests.exceptions.ChunkedEncodingError as error:
        raise CarryError("it broke off", is_unsent=False) from error
    except requests.RequestException as error:
        raise CarryError("the connection failed", is_unsent=False) from error
    headers = {name.lower(): value for name, value in answer.headers.items()}
    return Reply(answer.status_code, headers, answer.content[: largest + 1], len(answer.content) > largest)


METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")


def mount(
    rsps: responses.RequestsMock,
    sandbox: Sandbox,
    base_url: str,
    *,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Answers every method and path under `base_url`. Slowness calls `sleep`, or raises a timeout."""
    rsps.assert_all_requests_are_fired = False  # a sandbox is a place, not an expectation
    anything = re.compile(re.escape(base_url.rstrip("/")) + r"/.*")
    for method in METHODS:
        rsps.add(_Mounted(method, anything, sandbox, sleep))


class _Mounted(responses.BaseResponse):
    def __init__(self, method: str, url: re.Pattern[str], sandbox: Sandbox, sleep: Callable[[float], None]) -> None:
        super().__init__(method, url)
        self.sandbox = sandbox
        self.sleep = sleep

    def get_response(self, request: requests.PreparedRequest) -> HTTPResponse:
        answer = self.sandbox.handle(_request_read(request))
        _delivery_check(request, answer, self.sleep)
        headers = dict(answer.headers)
        if answer.status != 204:
            headers["Content-Length"] = str(len(answer.body))
        return HTTPResponse(
            status=answer.status,
            reason=http.client.responses.get(answer.status),
            body=_Body(answer, self.sleep),
            headers=headers,
            preload_content=False,
            request_method=request.method,
        )


def _request_read(prepared: requests.PreparedRequest) -> SandboxRequest:
    parts = urlsplit(prepared.url or "")
    body = prepared.body or b""
    return SandboxRequest(
        method=prepared.method or "GET",
        path=parts.path or "/",
        query=parts.query,
        headers=dict(prepared.headers),
        body=body.encode() if isinstance(body, str) else body,
    )


def _delivery_check(
    prepared: requests.PreparedRequest, answer: SandboxResponse, sleep: Callable[[float], None]
) -> None:
    """Raises what `requests` raises when no answer comes, or none in time."""
    timeout: Any = getattr(prepared, "req_kwargs", {}).get("timeout")
    read_timeout = timeout[1] if isinstance(timeout, tuple) else timeout
    how = answer.delivery
    if how.delay and read_timeout is not None and how.delay >= read_timeout:
        raise requests.ReadTimeout(f"Read timed out. (read timeout={read_timeout})", request=prepared)
    if how.delay:
        sleep(how.delay)
    if how.is_dropped:
        gone = http.client.RemoteDisconnected("Remote end closed connection without response")
        raise requests.ConnectionError(ProtocolError("Connection aborted.", gone), request=prepared)


class _Body(io.RawIOBase):
    """The body as the wire gives it: whole, byte by byte, or only the first half of it."""

    def __init__(self, answer: SandboxResponse, sleep: Callable[[float], None]) -> None:
        super().__init__()
        self.delivery = answer.delivery
        self.sleep = sleep
        self.rest = memoryview(answer.body)
        self.given = 0
        self.allowed = len(answer.body) // 2 if answer.delivery.is_cut else len(answer.body)

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1) -> bytes:
        wanted = self.allowed if size is None or size < 0 else size
        if self.delivery.drip and self.given < self.allowed:
            self.sleep(self.delivery.drip)
            wanted = min(wanted, 1)
        piece = bytes(self.rest[self.given : min(self.given + wanted, self.allowed)])
        self.given += len(piece)
        if not piece and self.delivery.is_cut:
            raise http.client.IncompleteRead(b"", len(self.rest) - self.given)
        return piece
