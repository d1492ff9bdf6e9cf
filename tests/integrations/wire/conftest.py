from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from django.conf import LazySettings

from integrations.models import Connection
from integrations.ninjaone import retry, transport
from integrations.ninjaone.client import send
from integrations.ninjaone.sandbox import ACME, Sandbox
from integrations.ninjaone.sandbox.server import serve_in_thread
from integrations.ninjaone.wire import WireAnswer, WireRequest
from tests.cast import Tenant, make_tenant
from tests.integrations.wire.raw_server import RawServer


@dataclass
class Live:
    """A tenant whose NinjaOne listens on a real socket."""

    tenant: Tenant
    sandbox: Sandbox
    url: str

    def send(self, path: str = "/v2/organizations", *, is_write: bool = False, method: str = "") -> WireAnswer:
        request = WireRequest(method or ("POST" if is_write else "GET"), self.url, path)
        return send(connection=self.tenant.connection, request=request, is_write=is_write)


@dataclass
class Raw:
    """A tenant whose NinjaOne answers exactly the bytes that a test scripts."""

    connection: Connection
    server: RawServer
    answers: list[bytes] = field(default_factory=list)

    def send(
        self,
        path: str = "/v2/organizations",
        *,
        is_write: bool = False,
        query: str = "",
        body: str | None = None,
        method: str = "",
    ) -> WireAnswer:
        method = method or ("POST" if is_write else "GET")
        request = WireRequest(method, self.server.url, path, query, body)
        return send(connection=self.connection, request=request, is_write=is_write)


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The waits before retries, noted instead of waited."""
    noted: list[float] = []
    monkeypatch.setattr(retry, "pause", noted.append)
    return noted


@pytest.fixture
def live(sandbox: Sandbox, settings: LazySettings, transactional_db: None, pauses: list[float]) -> Iterator[Live]:
    with serve_in_thread(sandbox) as server:
        settings.NINJAONE_SANDBOX_URL = server.url
        yield Live(make_tenant("acme", ACME, sandbox), sandbox, server.url)
        transport.lines_to(server.url).close()


@pytest.fixture
def raw(sandbox: Sandbox, settings: LazySettings, transactional_db: None, pauses: list[float]) -> Iterator[Raw]:
    with RawServer() as server:
        settings.NINJAONE_SANDBOX_URL = server.url
        yield Raw(make_tenant("acme", ACME, sandbox).connection, server)
        transport.lines_to(server.url).close()


@pytest.fixture
def raw_port_closed(sandbox: Sandbox, settings: LazySettings, transactional_db: None) -> Tenant:
    """A tenant whose NinjaOne does not listen."""
    settings.NINJAONE_SANDBOX_URL = "http://127.0.0.1:9"
    return make_tenant("acme", ACME, sandbox)
