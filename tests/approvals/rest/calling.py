"""An agent's HTTP client; every answer is held against the OpenAPI document."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from openapi_core import OpenAPI
from openapi_core.contrib.django import DjangoOpenAPIRequest, DjangoOpenAPIResponse

from approvals.rest.schema import document
from tests.cast import Tenant

WEB, DC = 43, 45


@dataclass(frozen=True)
class Answer:
    """A response, read."""

    response: HttpResponse

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.response.status_code

    @property
    def body(self) -> Any:
        """The JSON."""
        return json.loads(self.response.content)

    @property
    def error(self) -> Any:
        """The error object."""
        return self.body["error"]

    def header(self, name: str) -> str | None:
        """A header, None without it."""
        return self.response.headers.get(name)

    def __repr__(self) -> str:
        return f"{self.status} {self.response.content.decode(errors='replace')[:2000]}"


class Caller:
    """Somebody with a key, or without."""

    def __init__(self, key: str | None) -> None:
        self.client = Client(raise_request_exception=False)
        self.authorization = {} if key is None else {"Authorization": f"Bearer {key}"}

    def get(self, path: str, **headers: str) -> Answer:
        """GET under /api/v1/."""
        return self._checked(self.client.get(f"/api/v1/{path}", headers={**self.authorization, **headers}))

    def post(self, path: str, body: Any = None, *, content_type: str = "application/json", **headers: str) -> Answer:
        """POST under /api/v1/; bytes go as they are."""
        raw = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        response = self.client.post(
            f"/api/v1/{path}",
            data=raw,
            content_type=content_type,
            headers={**self.authorization, **{name.replace("_", "-"): value for name, value in headers.items()}},
        )
        return self._checked(response)

    def invoke(self, tool: str, arguments: Any = None, *, key: str | None = None, **options: Any) -> Answer:
        """Call a tool."""
        headers = {} if key is None else {"Idempotency_Key": key}
        return self.post(f"tools/{tool}/invoke", {"arguments": arguments or {}, **options}, **headers)

    def _checked(self, response: Any) -> Answer:
        checked(response)
        return Answer(response)


def caller_of(tenant: Tenant) -> Caller:
    """The tenant's agent."""
    return Caller(tenant.key_text)


def checked(response: Any) -> None:
    """Hold a response against the document; raises where they differ."""
    assert response.headers["Content-Type"] == "application/json"
    response.wsgi_request._body = b""  # read by the view; the document is only asked about the response
    contract().validate_response(DjangoOpenAPIRequest(response.wsgi_request), DjangoOpenAPIResponse(response))


def contract() -> OpenAPI:
    """The server's own document."""
    return _contract(settings.PUBLIC_URL)


@cache
def _contract(url: str) -> OpenAPI:
    return OpenAPI.from_dict(document())
