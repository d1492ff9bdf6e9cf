"""What the secrets canary runs: the product over HTTP, a NinjaOne that notes secrets, clients that keep answers."""

from __future__ import annotations

import http.client
import io
import json
import logging
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from urllib.parse import urlencode, urlsplit

import pytest
from django.conf import LazySettings
from django.contrib.sessions.backends.db import SessionStore as DjangosStore
from django.contrib.sessions.models import Session
from django.db import connection as database
from pytest_django.live_server_helper import LiveServer

from approvals.wake import WAKE
from config.background import keep_running
from integrations.models import Agent
from integrations.ninjaone import retry
from integrations.ninjaone.sandbox import ACME, Sandbox, SandboxRequest, SandboxResponse
from integrations.ninjaone.sandbox.server import serve_in_thread
from tests.cast import Tenant, make_tenant

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}
TOKEN_PATH = "/ws/oauth/token"


class ListeningSandbox(Sandbox):
    """Notes every secret that passes it, and quotes them in its errors where it is told to, as some servers do."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: dict[str, set[str]] = {}
        self.quotes = False

    def handle(self, request: SandboxRequest) -> SandboxResponse:
        """Listen to both directions."""
        sent = {"bearer": (request.header("authorization") or "").removeprefix("Bearer ")}
        if request.path == TOKEN_PATH:
            sent |= request.form()
        answer = super().handle(request)
        if request.path == TOKEN_PATH and answer.status == 200:
            sent |= {f"new {name}": str(value) for name, value in json.loads(answer.body).items()}
        for name, value in sent.items():
            if value and name not in {"client_id", "grant_type", "redirect_uri"} and not name.startswith("new "):
                self.heard.setdefault(name, set()).add(value)
        for name in ("new access_token", "new refresh_token"):
            if name in sent:
                self.heard.setdefault(name, set()).add(sent[name])
        if self.quotes and answer.status >= 400:
            words = " ".join(f"{name}: {value}" for name, value in sent.items())
            body = json.dumps({"error": "quoted", "error_description": f"I do not like {words}"}).encode()
            return SandboxResponse(status=answer.status, body=body, headers={"Content-Type": "application/json"})
        return answer


@dataclass
class Caller:
    """A client without a log of its own, which keeps every answer whole."""

    host: str
    answers: list[str] = field(default_factory=list)
    cookies: dict[str, str] = field(default_factory=dict)

    def __call__(
        self, method: str, path: str, body: str | bytes | None = None, **headers: str
    ) -> tuple[int, dict[str, str], str]:
        """Status, headers and body."""
        link = http.client.HTTPConnection(self.host, timeout=60)
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        link.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = link.getresponse()
        text = answer.read().decode("utf-8", "replace")
        link.close()
        for line in answer.headers.get_all("Set-Cookie", []):
            self.cookies |= {name: morsel.value for name, morsel in SimpleCookie(line).items()}
        # A cookie is its own browser's; nobody else is shown it.
        kept = "\n".join(f"{name}: {value}" for name, value in answer.headers.items() if name != "Set-Cookie")
        self.answers.append(f"{method} {path.partition('?')[0]} {answer.status}\n{kept}\n{text}")
        return answer.status, dict(answer.headers), text

    def post(self, path: str, **form: str) -> tuple[int, dict[str, str], str]:
        """A form of the dashboard."""
        token = self.cookies.get("csrftoken", "")
        return self("POST", path, urlencode(form), X_CSRFToken=token, Content_Type=FORM["Content-Type"])


@dataclass
class Site:
    """What runs."""

    tenant: Tenant
    sandbox: ListeningSandbox
    url: str
    ninjaone_host: str
    browser: Caller
    agent: Caller
    key: str = ""
    state: str = ""

    def ask(self, tool: str, body: str | bytes, *, key: str = "") -> tuple[int, dict[str, str], str]:
        """An agent's call."""
        bearer = f"Bearer {key or self.key}"
        return self.agent(
            "POST", f"/api/v1/tools/{tool}/invoke", body, Authorization=bearer, Content_Type=JSON["Content-Type"]
        )

    def read(self) -> tuple[int, dict[str, str], str]:
        """The same read each time."""
        return self.ask("ninja-get-device", json.dumps({"arguments": {"device_id": 43}}))

    def mcp(self, tool: str, arguments: dict[str, object], *, key: str = "") -> tuple[int, dict[str, str], str]:
        """An agent's call over MCP."""
        params = {"name": tool, "arguments": arguments}
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params})
        bearer = f"Bearer {key or self.key}"
        return self.agent("POST", "/mcp", body, Authorization=bearer, Content_Type=JSON["Content-Type"])


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> Iterator[io.StringIO]:
    """Every line of every logger, whatever level somebody set, formatted as an operator would read it."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s %(pathname)s %(message)s %(args)s"))
    root = logging.getLogger()
    # Loggers that do not exist yet inherit the root's level.
    loggers = [root, *(logging.getLogger(name) for name in root.manager.loggerDict)]
    levels = [(one, one.level) for one in loggers]
    for one in loggers:
        one.setLevel(logging.DEBUG)
    root.addHandler(handler)
    yield stream
    root.removeHandler(handler)
    for one, level in levels:
        one.setLevel(level)


@pytest.fixture
def site(
    live_server: LiveServer, transactional_db: None, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Site]:
    sandbox = ListeningSandbox()
    stop = threading.Event()
    monkeypatch.setattr(retry, "pause", lambda seconds: None)
    with serve_in_thread(sandbox) as ninjaone:
        settings.NINJAONE_SANDBOX_URL = ninjaone.url
        settings.PUBLIC_URL = live_server.url
        settings.CSRF_TRUSTED_ORIGINS = [live_server.url]
        thread = threading.Thread(target=keep_running, args=(stop,))
        thread.start()
        host = urlsplit(live_server.url).netloc
        tenant = make_tenant("acme", ACME, sandbox)
        # More than an agent may do in a minute is forced here.
        Agent.objects.update(calls_per_minute=1000, writes_per_minute=1000)
        yield Site(tenant, sandbox, live_server.url, urlsplit(ninjaone.url).netloc, Caller(host), Caller(host))
        stop.set()
        WAKE.set()
        thread.join()


def database_text() -> dict[str, str]:
    """Every column of every table, as text; of sessions also what Django makes of them."""
    found = {}
    with database.cursor() as cursor:
        for table in database.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - the database's own names
            rows = cursor.fetchall()
            found[table] = "\n".join(
                (bytes(value).decode("latin-1") if isinstance(value, bytes | memoryview) else str(value))
                for row in rows
                for value in row
            )
    sessions = Session.objects.values_list("session_data", flat=True)
    found["django_session, unpacked"] = "\n".join(str(DjangosStore().decode(data)) for data in sessions)
    return found
