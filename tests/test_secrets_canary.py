"""A whole life of a connection over real HTTP, with every error that can be forced, and every logger at DEBUG: no
secret is in an answer, a log line, a column of the database or an export."""

from __future__ import annotations

import io
import json
import re
from datetime import timedelta
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest
from django.conf import LazySettings
from django.core.management import call_command, get_commands
from django.utils.html import escape

from approvals.mcp import views as mcp_views
from approvals.models import Invocation, Status
from approvals.rest import views
from integrations.clock import database_now
from integrations.models import Connection, ConnectionState, Msp
from integrations.ninjaone.sandbox import ACME
from integrations.ninjaone.sandbox.faults import Fault, cut, dropped, garbage, html, status
from tests.approvals.asking import again, approve
from tests.canary_site import FORM, TOKEN_PATH, Caller, Site, database_text, log, site
from tests.cast import PASSWORD
from tests.config.test_background import wait_for

__all__ = ["log", "site"]
BASE = "/dashboard/integrations/"
DEAD_TOKEN = {"error": "not_authenticated", "error_description": "Invalid credentials", "error_code": 10}
DEVICE = "/v2/device/43"


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


def set_up_an_app(site: Site) -> str:
    """An authenticator app, as far as its picture and its key, which this one page shows."""
    text = site.browser("GET", "/dashboard/account/app/")[2]
    site.browser.answers.pop()
    found = re.search(r'id="totp-key">([A-Z2-7]+)<', text)
    assert found is not None
    return found[1]


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
            site.sandbox.faults.add(method, path, fault, times=times)
            site.mcp("ninja-get-device", {"device_id": 43})
            site.mcp("ninja-create-ticket", {**subject})
    site.sandbox.faults.clear()
    for key in ("cs_00000000_" + "x" * 43, site.key[:-1], f"{site.key}x", site.tenant.key_text):
        site.ask("ninja-get-device", "{}", key=key)
        site.mcp("ninja-get-device", {}, key=key)
    with monkeypatch.context() as broken:
        for door in (views, mcp_views):
            broken.setattr(door, "invocation_submit", lambda **_: 1 / 0)
        assert site.read()[0] == 500
        assert site.mcp("ninja-get-device", {"device_id": 43})[0] == 500


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
    site.sandbox.faults.add("GET", DEVICE, status(400))
    assert '"isError":true' in site.mcp("ninja-get-device", {"device_id": 43})[2]
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
    for row in rows:
        site.mcp("get-invocation", {"invocation_id": str(row)})


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
    app = set_up_an_app(site)
    printed = "".join(capfd.readouterr())
    site.browser.post(f"{BASE}ninjaone/disconnect")

    secrets = {**site.sandbox.heard, "agent key": {site.key, site.tenant.key_text}, "password": {PASSWORD}}
    secrets["server key"] = {settings.SECRET_KEY, *settings.FERNET_KEYS, *settings.AUDIT_KEYS}
    secrets["session"] = {site.browser.cookies["sessionid"]}
    secrets["app"] = {app}
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
    assert any("axes.handlers" in text for place, text in places if place == "log")
    found = {
        f"{kind} in {place}: {text[:200] if place == 'log' else ''}"
        for kind, values in secrets.items()
        for value in values
        for place, text in places
        if any(form in text for form in forms_of(value))
    }
    assert sorted(found) == []
