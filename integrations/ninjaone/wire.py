"""One request to NinjaOne as bytes, and its answer."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any, NoReturn

from integrations.ninjaone.errors import UnusableAnswerError


@dataclass(frozen=True, slots=True)
class WireRequest:
    """What is sent: `query` without "?" and already percent-encoded, `body` as JSON text or None for none."""

    method: str
    base_url: str
    path: str
    query: str = ""
    body: str | None = None

    @property
    def target(self) -> str:
        """The request target, as it stands on the request line."""
        return f"{self.path}?{self.query}" if self.query else self.path

    @property
    def url(self) -> str:
        """The whole address."""
        return self.base_url + self.target


@dataclass(frozen=True, slots=True)
class WireAnswer:
    """What came back, whatever its status. `content_type` is lower case, without parameters, "" for none."""

    status: int
    content_type: str
    body: bytes = field(repr=False)
    request_id: str | None = None  # x-nj-request-id
    retry_after: float | None = None  # seconds

    @property
    def is_html(self) -> bool:
        """A web page where JSON belongs: how NinjaOne throttles, and how gateways apologise."""
        return self.content_type in {"text/html", "application/xhtml+xml"}

    def without(self, *secrets: str) -> WireAnswer:
        """The answer with what was sent in confidence struck out: some servers quote it in their complaints."""
        body = self.body
        for secret in secrets:
            body = body.replace(secret.encode(), b"[hidden]")
        return self if body == self.body else replace(self, body=body)

    def json(self) -> Any:
        """The body as JSON. Raises UnusableAnswerError."""
        if self.is_html:
            raise UnusableAnswerError("it is a web page instead of JSON")
        try:
            return json.loads(self.body, parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            raise UnusableAnswerError("it is not JSON" if self.body.strip() else "it is empty") from error


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
