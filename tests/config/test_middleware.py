"""What every answer carries, and what agents' doors do not look at."""

from __future__ import annotations

import re

import pytest
from django.conf import LazySettings
from django.http import HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from config import urls
from tests.cast import Tenant


def seen(request: HttpRequest) -> HttpResponse:
    """Tells what the middleware put onto the request."""
    names = ("session", "user", "_messages", "allauth", "htmx")
    return HttpResponse(",".join(name for name in names if hasattr(request, name)))


urlpatterns = [path("api/seen", seen), path("mcp", seen), path("dashboard/seen", seen), *urls.urlpatterns]


@pytest.fixture
def _seen(settings: LazySettings) -> None:
    settings.ROOT_URLCONF = __name__


def test_every_answer_has_an_id_of_its_own(client: Client) -> None:
    first, second = (client.get("/healthz")["X-Request-Id"] for _ in range(2))
    assert re.fullmatch(r"[0-9a-f]{32}", first)
    assert first != second


def test_the_callers_id_is_kept_where_it_is_well_formed(client: Client) -> None:
    given = "3f1c-Trace_42"
    assert client.get("/healthz", headers={"X-Request-Id": given})["X-Request-Id"] == given


@pytest.mark.parametrize("given", ["short", "x" * 65, "with space here", "line\nbreak-line", "é" * 10])
def test_any_other_id_is_replaced(client: Client, given: str) -> None:
    answer = client.get("/healthz", headers={"X-Request-Id": given})
    assert re.fullmatch(r"[0-9a-f]{32}", answer["X-Request-Id"])


def test_nothing_but_static_files_may_be_kept_by_a_cache(client: Client, db: None) -> None:
    assert client.get("/healthz")["Cache-Control"] == "no-store"
    assert "no-store" in client.get("/dashboard/login/")["Cache-Control"]


@pytest.mark.usefixtures("_seen")
@pytest.mark.parametrize("door", ["/api/seen", "/mcp"])
def test_agents_doors_know_no_session_and_no_user_whatever_the_cookies(acme: Tenant, door: str) -> None:
    browser = acme.signed_in(acme.admin)
    assert browser.get("/dashboard/seen").content == b"session,user,_messages,allauth,htmx"
    assert browser.get(door).content == b""


@pytest.mark.usefixtures("_seen")
def test_a_view_behind_an_agents_door_that_is_not_exempt_still_asks_for_a_csrf_token(acme: Tenant) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(acme.admin)
    assert browser.post("/api/seen").status_code == 403


def test_pages_have_a_strict_policy_and_json_has_none(client: Client, db: None) -> None:
    policy = client.get("/dashboard/login/")["Content-Security-Policy"]
    assert {"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"} <= set(
        policy.split("; ")
    )
    answer = client.get("/healthz")
    assert "Content-Security-Policy" not in answer
    assert answer["X-Content-Type-Options"] == "nosniff"
