"""What a hostile website, network or page can try by way of a technician's browser."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from django.apps import apps
from django.test import Client

from approvals.models import Invocation, Status
from integrations.encryption import Sealed
from tests.approvals.asking import ask
from tests.cast import Tenant
from tests.config.processes import ROOT, environment_of
from tests.config.test_unsafe_starts import PRODUCTION
from tests.every_page import every_page, onlookers

QUEUE = "/dashboard/approvals/approvalrequest/"
# What production answers on https, and on http: run in a process of its own, for settings are read once.
PROBE = """
import django, json
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from django.test import Client
from integrations.models import User
client = Client(SERVER_NAME="countersign.msp.example")
secure = {"HTTP_X_FORWARDED_PROTO": "https"}
page = client.get("/dashboard/login/", **secure)
User.objects.create_superuser("root", password="a long enough secret")
client.post("/dashboard/login/", {"username": "root", "password": "a long enough secret"}, **secure)
cookies = {n: [c["secure"], c["httponly"], c["samesite"], c["path"], c["domain"]] for n, c in client.cookies.items()}
plain = Client(SERVER_NAME="countersign.msp.example").get("/dashboard/login/")
forged = Client(SERVER_NAME="evil.example").get("/dashboard/login/", **secure)
print(json.dumps({"headers": dict(page.headers), "cookies": cookies, "plain": [plain.status_code, plain["Location"]],
                  "forged": forged.status_code}))
"""


def test_a_network_in_between_gets_no_cookie_and_no_page_over_http(tmp_path: Path) -> None:
    env = {**environment_of(tmp_path, **PRODUCTION), "DJANGO_SETTINGS_MODULE": "config.settings"}
    run = subprocess.run([sys.executable, "-c", PROBE], cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    said = json.loads(run.stdout.splitlines()[-1])
    assert set(said["cookies"]) == {"__Host-session", "__Host-csrf"}
    assert all(cookie == [True, True, "Lax", "/", ""] for cookie in said["cookies"].values())
    assert said["headers"]["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    assert said["headers"]["Cross-Origin-Opener-Policy"] == "same-origin"
    assert said["plain"] == [301, "https://countersign.msp.example/dashboard/login/"]
    assert said["forged"] == 400


def test_a_link_or_an_image_elsewhere_changes_nothing_for_no_get_does(acme: Tenant) -> None:
    ask(acme, "ninja-run-bash", device_id=43, script="uptime")
    urls = every_page(acme)
    clients = [acme.signed_in(user) for user in onlookers(acme)]
    before = rows()
    statuses = [(url, client.get(url).status_code) for url in urls for client in clients]
    assert rows() == before
    assert len({url for url, status in statuses if status == 200}) >= 30, statuses
    assert not [url for url, status in statuses if status >= 500]


def test_a_form_of_another_site_is_refused_on_every_page(acme: Tenant) -> None:
    urls = every_page(acme)
    clients = [Client(enforce_csrf_checks=True) for _ in range(2)]
    for client, user in zip(clients, onlookers(acme), strict=True):
        client.force_login(user)
    before = rows()
    for url in urls:
        assert {client.post(url, {}).status_code for client in clients} <= {403, 404}, url
    assert rows() == before


def test_many_requests_are_not_approved_at_once(acme: Tenant) -> None:
    requests = [ask(acme, "ninja-reboot-device", device_id=device) for device in (41, 43)]
    client = acme.signed_in(acme.approver)
    page = client.get(QUEUE).content.decode()
    # Nothing among the requests can be ticked; what can is the switch for the keys.
    assert 'type="checkbox"' not in page.partition('id="keys"')[0]
    ids = [str(row.pk) for row in requests]
    for action in ("approve", "approve_selected", "delete_selected", "deny"):
        posted = {"action": action, "_selected_action": ids, "select_across": "1", "index": "0", "post": "yes"}
        assert client.post(QUEUE, posted).status_code in {200, 302, 403}
    assert set(Invocation.objects.values_list("status", flat=True)) == {Status.PENDING_APPROVAL}
    # The page that denies several takes no other word for its own.
    chosen = re.findall(r'name="chosen"\s+value="([^"]+)"', client.get(f"{QUEUE}deny/").content.decode())
    assert len(chosen) == len(requests)
    words = {"action": "approve", "verdict": "approved", "decision": "approve", "approve": "1"}
    client.post(f"{QUEUE}deny/", {"chosen": chosen, "reason_code": "wrong_time", "comment": "", **words})
    assert set(Invocation.objects.values_list("status", flat=True)) == {Status.DENIED}


def test_no_page_holds_a_script_or_style_of_its_own(acme: Tenant) -> None:
    ask(acme, "ninja-run-bash", device_id=43, script="</pre><script>alert(1)</script>")
    urls = every_page(acme)
    clients = [acme.signed_in(user) for user in onlookers(acme)]
    for url, answer in ((url, client.get(url)) for url in urls for client in clients):
        page = answer.content.decode() if "text/html" in answer.headers["Content-Type"] else ""
        scripts = re.findall(r"<script\b[^>]*>", page)
        assert all(" src=" in script for script in scripts), url
        assert not re.search(r"<style\b|\sstyle=|\son[a-z]+=|javascript:", page), url


def rows() -> dict[str, list[str]]:
    """Every row of every table, but the sessions' and what Django notes of its own models."""
    return {
        model._meta.label: sorted(str([_plain(value) for value in row]) for row in model._default_manager.values_list())
        for model in apps.get_models()
        if model._meta.label not in {"sessions.Session", "contenttypes.ContentType"}
    }


def _plain(value: object) -> object:
    return value.token if isinstance(value, Sealed) else value
