"""Makes the sandbox fail in the ways that NinjaOne, a gateway or a wire can."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from integrations.ninjaone.sandbox.messages import (
    PLAIN,
    Delivery,
    Json,
    SandboxResponse,
    html_response,
    json_response,
)
from integrations.ninjaone.sandbox.refusals import failure

_HTML = "<!DOCTYPE html><html><head><title>{0}</title></head><body><h1>{0}</h1><hr>nginx</body></html>"
_TITLES = {
    200: "NinjaOne",
    429: "Too Many Requests",
    502: "Bad Gateway",
    503: "Service Temporarily Unavailable",
}
_MESSAGES: dict[int, str] = {
    403: "HTTP 403 Forbidden",
    404: "HTTP 404 Not Found",
    429: "HTTP 429 Too Many Requests",
    500: "NullPointerException",
    502: "HTTP 502 Bad Gateway",
    503: "HTTP 503 Service Unavailable",
}


@dataclass(frozen=True, kw_only=True)
class Fault:
    """Takes the place of an answer, or spoils its delivery.

    `is_after_effect` lets the request do its work first: the write happened, and the answer is lost.
    """

    response: SandboxResponse | None = None
    delivery: Delivery = PLAIN
    is_after_effect: bool = True

    def spoil(self, answer: SandboxResponse) -> SandboxResponse:
        return replace(self.response or answer, delivery=self.delivery)


def status(code: int, *, body: Json | None = None, retry_after: str | None = None) -> Fault:
    """An error as NinjaOne words it; the request has no effect."""
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    if body is None:
        body = failure(_MESSAGES.get(code, f"HTTP {code}"))
    return Fault(response=json_response(body, status=code, headers=headers), is_after_effect=False)


def html(code: int = 200, *, retry_after: str | None = None) -> Fault:
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    page = _HTML.format(f"{code} {_TITLES.get(code, 'Error')}")
    return Fault(response=html_response(page, status=code, headers=headers), is_after_effect=False)


def garbage(code: int = 200) -> Fault:
    """Says it is JSON, and is not."""
    answer = SandboxResponse(status=code, body=b'[{"id": 41, "displ', headers={"Content-Type": "application/json"})
    return Fault(response=answer, is_after_effect=False)


def empty(code: int = 200) -> Fault:
    return Fault(response=SandboxResponse(status=code), is_after_effect=False)


def raw(code: int, body: bytes, content_type: str) -> Fault:
    answer = SandboxResponse(status=code, body=body, headers={"Content-Type": content_type})
    return Fault(response=answer, is_after_effect=False)


def slow(seconds: float) -> Fault:
    return Fault(delivery=Delivery(delay=seconds))


def dropped(*, is_after_effect: bool = True) -> Fault:
    """The connection closes without an answer."""
    return Fault(delivery=Delivery(is_dropped=True), is_after_effect=is_after_effect)


def cut() -> Fault:
    """The connection closes in the middle of the body."""
    return Fault(delivery=Delivery(is_cut=True))


def dripping(seconds_per_byte: float) -> Fault:
    return Fault(delivery=Delivery(drip=seconds_per_byte))


@dataclass(kw_only=True)
class _Planned:
    method: str
    pattern: re.Pattern[str]
    fault: Fault
    times: int


class FaultPlan:
    def __init__(self) -> None:
        self._planned: list[_Planned] = []

    def add(self, method: str, path_pattern: str, fault: Fault, times: int = 1) -> None:
        """`method` may be "*"; `path_pattern` is a regular expression over the whole path, as sent."""
        self._planned.append(
            _Planned(method=method.upper(), pattern=re.compile(path_pattern), fault=fault, times=times)
        )

    def clear(self) -> None:
        self._planned.clear()

    def take(self, method: str, path: str) -> Fault | None:
        """The first planned fault that fits, which counts down by one."""
        for planned in self._planned:
            if planned.method in {"*", method} and planned.pattern.fullmatch(path):
                planned.times -= 1
                if planned.times <= 0:
                    self._planned.remove(planned)
                return planned.fault
        return None
