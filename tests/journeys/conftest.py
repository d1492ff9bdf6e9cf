"""The whole product over real HTTP: server, background thread and NinjaOne sandbox on loopback."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from playwright.sync_api import Browser, BrowserContext
from pytest_django.live_server_helper import LiveServer

from approvals.wake import WAKE
from config.background import keep_running
from integrations.models import User
from integrations.ninjaone.sandbox import ACME, Sandbox
from integrations.ninjaone.sandbox.server import serve_in_thread
from tests.browser import PATIENCE_MS, PHONE, WIDE, complaints_of
from tests.cast import Tenant, make_tenant


@dataclass
class Product:
    """A running Countersign with one connected MSP."""

    url: str
    tenant: Tenant
    sandbox: Sandbox

    def request(self, method: str, path: str, **options: Any) -> requests.Response:
        """An agent's HTTP call."""
        headers = {"Authorization": f"Bearer {self.tenant.key_text}", **options.pop("headers", {})}
        return requests.request(method, f"{self.url}{path}", headers=headers, timeout=70, **options)

    def invoke(self, tool: str, /, **arguments: Any) -> requests.Response:
        """Call a tool."""
        return self.request("POST", f"/api/v1/tools/{tool}/invoke", json={"arguments": arguments})

    def outcome(self, invocation_id: str, wait: int = 20) -> dict[str, Any]:
        """The envelope once it is no longer open."""
        envelope: dict[str, Any] = self.request("GET", f"/api/v1/invocations/{invocation_id}?wait={wait}").json()
        return envelope


@contextmanager
def window_of(chromium: Browser, product: Product, user: User, *, is_phone: bool = False) -> Iterator[BrowserContext]:
    """A browser in which `user` is signed in; a phone is dark. Afterwards its console has complained of nothing."""
    context = chromium.new_context(viewport=PHONE if is_phone else WIDE, color_scheme="dark" if is_phone else "light")
    context.set_default_timeout(PATIENCE_MS)
    complaints = complaints_of(context, product.url)
    cookie = product.tenant.signed_in(user).cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": cookie, "url": product.url}])
    yield context
    context.close()
    assert complaints == []


@pytest.fixture
def unsent(live_server: LiveServer, transactional_db: None, settings: Any) -> Iterator[Product]:
    """Started and connected. Nothing is sent, and no outcome is looked for, but by the test."""
    sandbox = Sandbox()
    with serve_in_thread(sandbox) as ninjaone:
        settings.NINJAONE_SANDBOX_URL = ninjaone.url
        settings.PUBLIC_URL = live_server.url
        settings.CSRF_TRUSTED_ORIGINS = [live_server.url]
        yield Product(live_server.url, make_tenant("acme", ACME, sandbox), sandbox)


@pytest.fixture
def product(unsent: Product) -> Iterator[Product]:
    """Started, connected, and stopped again."""
    stop = threading.Event()
    thread = threading.Thread(target=keep_running, args=(stop,))
    thread.start()
    yield unsent
    stop.set()
    WAKE.set()
    thread.join()
    WAKE.clear()
