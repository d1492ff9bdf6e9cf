"""A whole life of a connection over real HTTP, with every error that can be forced, and every logger at DEBUG: no
secret is in an answer, a log line, a column of the database or an export."""

from __future__ import annotations

import http.client
import io
import json
import logging
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.cookies import SimpleCookie
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest
from django.conf import LazySettings
from django.core.management import call_command, get_commands
from django.db import connection as database
from django.utils.html import escape
from pytest_django.live_server_helper import LiveServer

from approvals.models import Invocation, Status
from approvals.rest import views
from approvals.wake import WAKE
from config.background import keep_running
from integrations.clock import database_now
from integrations.models import Agent, Connection, ConnectionState, Msp
from integrations.ninjaone import retry
from integrations.ninjaone.sandbox import ACME, Sandbox, SandboxRequest, SandboxResponse
from integrations.ninjaone.sandbox.faults import Fault, cut, dropped, garbage, html, status
from integrations.ninjaone.sandbox.server import serve_in_thread
from tests.approvals.asking import again, approve
from tests.cast import PASSWORD, Tenant, make_tenant
from tests.config.test_background import wait_for

BASE = "/dashboard/integrations/"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}
DEAD_TOKEN = {"error": "not_authenticated", "error_description": "Invalid credentials", "error_code": 10}
TOKEN_PATH = "/ws/oauth/token"
DEVICE = "/v2/device/43"


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
        self.answers.append(f"{method} {path.partition('?')[0]} {answer.status}\n{answer.headers}\n{text}")
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


def sign_in(site: Site) -> None:
    site.browser("GET", "/dashboard/login/")
    wrong = site.browser.post("/dashboard/login/", username="acme-admin", password=f"{PASSWORD} not")
    assert wrong[0] == 200
    assert site.browser.post("/dashboard/login/", username="acme-admin", password=PASSWORD)[0] == 302


def issue_key(site: Site) -> None:
    """The one page that shows a key is the one answer that is not kept."""
    address = f"/dashboard/integrations/agent/{site.tenant.agent.pk}/keys/"
    text = site.browser.post(address)[2]
    found = re.search(r"cs_\w{8}_[\w-]{43}", text)
    assert found is not None
    site.key = found[0]
    site.browser.answers.pop()


def consent(site: Site, decision: str = "allow") -> str:
    """Authorize, and what a person does in NinjaOne's window; where NinjaOne sends the browser."""
    text = site.browser.post(f"{BASE}ninjaone/authorize")[2]
    # This page alone carries the state, to NinjaOne.
    site.browser.answers.pop()
    found = re.search(r"http://127[^\"' <]*/ws/oauth/authorize\?[^\"' <]*", text)
    assert found is not None, text
    asked = {name: values[0] for name, values in parse_qs(urlsplit(found[0].replace("&amp;", "&")).query).items()}
    site.sandbox.heard.setdefault("state", set()).add(asked["state"])
    link = Caller(site.ninjaone_host)
    body = urlencode({**asked, "decision": decision})
    back = link("POST", "/ws/oauth/consent", body, Content_Type=FORM["Content-Type"])[1]["Location"]
    site.sandbox.heard.setdefault("code", set()).update(parse_qs(urlsplit(back).query).get("code", []))
    return back.removeprefix(site.url)


def connect(site: Site) -> None:
    """Every way in which a consent fails, and then the one in which it works."""
    save = f"{BASE}ninjaone/connection"
    site.browser.post(save, region="sandbox", client_id=ACME, client_secret="a-wrong-client-secret-0123")
    assert site.browser("GET", consent(site))[0] == 400
    site.browser.post(save, region="nowhere", client_id="", client_secret=f"{ACME}-secret")
    site.browser.post(save, region="sandbox", client_id=ACME, client_secret=f"{ACME}-secret")
    assert site.browser("GET", consent(site, "deny"))[0] == 400
    for fault in (status(500), html(200), garbage(200), dropped(), cut(), status(400, body={"error": "invalid_grant"})):
        site.sandbox.faults.add("POST", TOKEN_PATH, fault)
        assert site.browser("GET", consent(site))[0] == 400
    back = consent(site)
    Caller(site.browser.host)("GET", back)
    assert site.browser("GET", back)[0] == 200
    assert site.browser("GET", back)[0] == 400


ERRORS: list[tuple[Fault, int]] = [
    (status(401, body=DEAD_TOKEN), 1), (status(401, body=DEAD_TOKEN), 9), (status(403), 1), (status(404), 1),
    (status(429, retry_after="60"), 1), (status(500), 9), (html(200), 9), (garbage(200), 1), (dropped(), 9), (cut(), 9),
]  # fmt: skip
MALFORMED: list[str | bytes] = [
    "", "{", "[]", '{"arguments": {"device_id": 43}, "arguments": {}}', '{"arguments": {"device_id": NaN}}',
    b"\xff\xfe{}", "[" * 40 + "]" * 40, '{"arguments": {"device_id": "43"}}', '{"arguments": {"nothing": 1}}',
]  # fmt: skip


def call(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Good calls, bad bodies, NinjaOne's errors, and one of ours."""
    assert site.read()[0] == 200
    for body in MALFORMED:
        assert 400 <= site.ask("ninja-get-device", body)[0] < 500
    for fault, times in ERRORS:
        for method, path in (("GET", DEVICE), ("POST", "/v2/ticketing/ticket")):
            site.sandbox.faults.clear()
            site.sandbox.faults.add(method, path, fault, times=times)
            site.read()
            subject = {"organization_id": 2, "ticket_form_id": 1, "subject": "Printer"}
            site.ask("ninja-create-ticket", json.dumps({"arguments": subject}))
    site.sandbox.faults.clear()
    for key in ("cs_00000000_" + "x" * 43, site.key[:-1], f"{site.key}x", site.tenant.key_text):
        site.ask("ninja-get-device", "{}", key=key)
    with monkeypatch.context() as broken:
        broken.setattr(views, "invocation_submit", lambda **_: 1 / 0)
        assert site.read()[0] == 500


def ask_for_approval(site: Site) -> None:
    body = json.dumps({"arguments": {"device_id": 43}})
    answer = site.ask("ninja-reboot-device", body)
    assert answer[0] == 202, answer
    row = again(json.loads(answer[2])["id"])
    site.browser("GET", f"/dashboard/approvals/approvalrequest/{row.pk}/")
    approve(site.tenant, row)
    wait_for(lambda: again(row.pk).status == Status.SUCCEEDED)


def expire_the_token() -> None:
    Connection.objects.update(access_expires_at=database_now() - timedelta(seconds=1))


def renew(site: Site) -> None:
    """Refreshes that fail, one that works, and the end of the grant."""
    for fault in (status(500), html(200), garbage(200), dropped(is_after_effect=False), status(429, retry_after="5")):
        expire_the_token()
        site.sandbox.faults.add("POST", TOKEN_PATH, fault)
        assert site.read()[0] == 503
    expire_the_token()
    assert site.read()[0] == 200
    site.browser.post(f"{BASE}ninjaone/test")
    site.sandbox.quotes = True
    site.sandbox.faults.add("GET", DEVICE, status(400))
    assert site.read()[0] == 502
    site.sandbox.faults.add("GET", DEVICE, status(401), times=2)
    site.read()
    expire_the_token()
    site.sandbox.faults.add("POST", TOKEN_PATH, status(400))
    site.read()
    assert site.browser("GET", consent(site).replace("code=", "code=x"))[0] == 400
    site.sandbox.quotes = False
    site.sandbox.revoke_grants(ACME)
    expire_the_token()
    assert site.read()[0] == 503
    assert Connection.objects.get(client_id=ACME).state == ConnectionState.NEEDS_REAUTHORIZATION


def look_everywhere(site: Site) -> None:
    rows = [row.pk for row in Invocation.objects.all()]
    pages = [
        "/dashboard/", BASE, f"{BASE}ninjaone/", f"{BASE}ninjaone/state", "/dashboard/integrations/agent/",
        f"/dashboard/integrations/agent/{site.tenant.agent.pk}/change/", "/dashboard/integrations/auditevent/",
        "/dashboard/approvals/invocation/", "/dashboard/approvals/approvalrequest/", "/healthz", "/readyz", "/metrics",
        "/nowhere", f"{BASE}ninjaone/disconnect",
        *(f"/dashboard/approvals/invocation/{row}/change/" for row in rows),
    ]  # fmt: skip
    for page in pages:
        site.browser("GET", page)
    bearer = f"Bearer {site.key}"
    for path in ("me", "tools", "invocations?limit=100", "schema", "nowhere", *(f"invocations/{row}" for row in rows)):
        site.agent("GET", f"/api/v1/{path}", Authorization=bearer)


def database_text() -> dict[str, str]:
    """Every column of every table, as text."""
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
    return found


def exports() -> str:
    if "audit_export" not in get_commands():
        return ""
    output = io.StringIO()
    for msp in Msp.objects.all():
        call_command("audit_export", "--msp", msp.slug, stdout=output)
    return output.getvalue()


def forms_of(secret: str) -> set[str]:
    """A secret as it may be written: plain, in a URL, in HTML, in JSON."""
    return {secret, quote(secret, safe=""), escape(secret), json.dumps(secret)[1:-1]}


def test_no_secret_is_seen_anywhere(
    site: Site,
    log: io.StringIO,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    settings: LazySettings,
) -> None:
    sign_in(site)
    issue_key(site)
    connect(site)
    call(site, monkeypatch)
    ask_for_approval(site)
    renew(site)
    assert site.browser("GET", consent(site))[0] == 200
    assert site.read()[0] == 200
    look_everywhere(site)
    printed = "".join(capfd.readouterr())
    site.browser.post(f"{BASE}ninjaone/disconnect")

    secrets = {**site.sandbox.heard, "agent key": {site.key, site.tenant.key_text}, "password": {PASSWORD}}
    secrets["server key"] = {settings.SECRET_KEY, *settings.FERNET_KEYS, *settings.AUDIT_KEYS}
    names = {"bearer", "client_secret", "code", "code_verifier", "refresh_token", "state", "agent key"}
    assert names <= set(secrets)
    assert len(secrets["bearer"]) >= 3
    assert len(secrets["new refresh_token"]) >= 3
    places = [
        *((answer.splitlines()[0], answer) for answer in (*site.browser.answers, *site.agent.answers)),
        *((f"table {name}", text) for name, text in database_text().items()),
        *(("log", line) for line in log.getvalue().splitlines()),
        ("output", printed),
        ("export", exports()),
    ]
    assert any("urllib3" in text for place, text in places if place == "log")
    found = {
        f"{kind} in {place}: {text[:200] if place == 'log' else ''}"
        for kind, values in secrets.items()
        for value in values
        for place, text in places
        if any(form in text for form in forms_of(value))
    }
    assert sorted(found) == []
