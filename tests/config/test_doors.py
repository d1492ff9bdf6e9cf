"""What the doors of agents and machines do not look at, and what their answers say all the same."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from django.conf import LazySettings
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import path

from config import urls
from config.doors import HOSTS, PATHS, DoorsMiddleware
from config.handler import Handler
from tests.cast import Tenant

DOORS = ["/healthz", "/readyz", "/metrics", "/api/v1/tools", "/api/v1/nothing", "/api", "/mcp", "/mcp/nothing"]
NO_DOORS = ["/", "/mcpx", "/apix", "/healthz/", "/metrics.txt", "/dashboard/", "/api/v1/docs", "/x/api/v1/tools"]
EVERYWHERE = ("Cross-Origin-Opener-Policy", "Referrer-Policy", "X-Content-Type-Options", "X-Frame-Options")


def seen(request: HttpRequest) -> HttpResponse:
    """Tells what the middleware put onto the request."""
    names = ("session", "user", "_messages", "allauth", "htmx")
    return HttpResponse(",".join(name for name in names if hasattr(request, name)))


urlpatterns = [path("api/seen", seen), path("mcp", seen), path("dashboard/seen", seen), *urls.urlpatterns]


@pytest.fixture
def _seen(settings: LazySettings) -> None:
    settings.ROOT_URLCONF = __name__


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


@pytest.mark.parametrize("door", DOORS)
def test_doors_are_these(door: str) -> None:
    assert PATHS.fullmatch(door)


@pytest.mark.parametrize("page", NO_DOORS)
def test_everything_else_is_none(page: str) -> None:
    assert not PATHS.fullmatch(page)


@pytest.mark.django_db
@pytest.mark.parametrize("door", DOORS)
def test_its_answers_say_what_pages_say_of_frames_types_and_referrers_and_load_nothing(
    client: Client, door: str
) -> None:
    answer, page = client.get(door), client.get("/dashboard/login/")
    assert {name: answer[name] for name in EVERYWHERE} == {name: page[name] for name in EVERYWHERE}
    assert answer["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert answer["Cache-Control"] == "no-store"
    assert answer["Content-Length"] == str(len(answer.content))
    assert "Strict-Transport-Security" not in answer


@pytest.mark.django_db
def test_the_documentation_is_a_page_with_the_policy_of_pages(client: Client) -> None:
    answer = client.get("/api/v1/docs")
    assert answer.status_code == 200
    assert answer["Content-Security-Policy"] == client.get("/dashboard/login/")["Content-Security-Policy"]


def test_over_https_it_says_for_how_long_as_pages_do(client: Client, db: None, settings: LazySettings) -> None:
    settings.SECURE_HSTS_SECONDS = 60
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    said = {
        client.get(address, secure=True)["Strict-Transport-Security"] for address in ("/healthz", "/dashboard/login/")
    }
    assert said == {"max-age=60; includeSubDomains"}
    assert "Strict-Transport-Security" not in client.get("/healthz")


@pytest.mark.parametrize("path", ["/api/v1/tools?format=openai", "/mcp"])
def test_a_key_that_came_over_http_is_not_looked_at_where_https_is_asked_for(
    client: Client, settings: LazySettings, path: str
) -> None:
    settings.SECURE_SSL_REDIRECT = True
    answer = client.post(path, headers={"Authorization": "Bearer cs_x"})
    assert answer.status_code == 301
    assert answer["Location"] == f"https://testserver{path}"
    assert client.post(path, secure=True).status_code in {401, 405}


def test_balancers_may_ask_over_http_all_the_same(client: Client, settings: LazySettings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^metrics$"]
    assert client.get("/healthz").status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/api/v1/tools", "/mcp"])
def test_a_request_for_another_host_is_refused_before_and_after_one_for_ours(client: Client, path: str) -> None:
    assert client.get(path, headers={"Host": "evil.example"}).status_code == 400
    client.get(path)
    assert client.get(path, headers={"Host": "evil.example"}).status_code == 400


def test_names_of_this_host_are_not_remembered_without_end(rf: RequestFactory, settings: LazySettings) -> None:
    settings.ALLOWED_HOSTS = [".example"]
    Handler()  # which tells the middleware where the views are
    doors = DoorsMiddleware(lambda _: HttpResponse(status=400))
    for number in range(100):
        assert doors(rf.get("/healthz", headers={"Host": f"a{number}.example"})).status_code == 200
    assert len(doors.hosts) == HOSTS
    assert doors(rf.get("/healthz", headers={"Host": "evil.other"})).status_code == 400


@pytest.mark.django_db
@pytest.mark.parametrize("door", ["/healthz", "/readyz", "/api/v1/tools", "/api/v1/me", "/mcp"])
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
@pytest.mark.parametrize("is_known", [False, True])
def test_the_server_answers_as_the_middleware_does(
    door: str, method: str, *, is_known: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[Any] = []
    monkeypatch.setattr(Handler, "_fixed", {})
    monkeypatch.setattr(Handler, "_direct", {})
    if is_known:
        Handler().resolve_request(RequestFactory().get(door))
    environ = RequestFactory().generic(method, door).environ | {"wsgi.input": BytesIO()}
    answer: Any = Handler()(environ, lambda *head: said.append(head))  # type: ignore[arg-type]
    body = b"".join(answer)
    answer.close()
    wanted = Client(enforce_csrf_checks=True).generic(method, door)
    status, headers = said[0]
    assert status == f"{wanted.status_code} {wanted.reason_phrase}"
    assert dict(headers) | {"X-Request-Id": ""} == dict(wanted.items()) | {"X-Request-Id": ""}
    assert len(body) == len(wanted.content)
