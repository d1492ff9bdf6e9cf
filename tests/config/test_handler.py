"""The handler of the server remembers where addresses lead, and only those that are as many as there are routes."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.db import connections
from django.test import RequestFactory
from django.urls import Resolver404, get_resolver

from config.handler import Handler
from integrations.models import Connection, ConnectionState
from tests.cast import Tenant


@pytest.mark.parametrize("path", ["/healthz", "/api/v1/tools", "/api/v1/me", "/mcp", "/dashboard/integrations/"])
def test_an_address_without_ids_leads_where_the_patterns_lead_with_every_request(path: str) -> None:
    handler, wanted = Handler(), get_resolver().resolve(path)
    for _ in range(3):
        request = RequestFactory().get(path)
        found = handler.resolve_request(request)
        assert (found.func, found.args, found.kwargs, found.route) == (wanted.func, (), {}, wanted.route)
        assert request.resolver_match is found


@pytest.mark.parametrize("name", ["ninja-get-device", "ninjaone:ninja-get-device"])
@pytest.mark.parametrize("rest", ["", "/invoke"])
def test_an_address_of_a_tool_leads_where_the_patterns_lead_with_every_request(name: str, rest: str) -> None:
    handler, path = Handler(), f"/api/v1/tools/{name}{rest}"
    wanted = get_resolver().resolve(path)
    for _ in range(3):
        found = handler.resolve_request(RequestFactory().get(path))
        assert (found.func, found.kwargs, found.route) == (wanted.func, {"tool": name}, wanted.route)
    assert path in handler._fixed


def test_addresses_with_ids_and_made_up_ones_are_not_remembered() -> None:
    handler = Handler()
    before = dict(handler._fixed)
    for number in range(50):
        match = handler.resolve_request(RequestFactory().get(f"/api/v1/tools/tool-{number}/invoke"))
        assert match.kwargs == {"tool": f"tool-{number}"}
        handler.resolve_request(RequestFactory().get(f"/api/nothing/{number}"))
        handler.resolve_request(RequestFactory().get(f"/dashboard/nothing/{number}"))
        with pytest.raises(Resolver404):
            handler.resolve_request(RequestFactory().get(f"/nothing/{number}"))
    assert handler._fixed == before


def test_only_views_that_django_would_leave_alone_are_reached_without_it() -> None:
    handler = Handler()
    for path in ("/api/v1/tools", "/api/v1/me", "/mcp", "/healthz", "/readyz", "/metrics", "/api/v1/docs", "/"):
        handler.resolve_request(RequestFactory().get(path))
    assert {"/api/v1/tools", "/api/v1/me", "/mcp"} <= handler._direct.keys()
    assert not {"/healthz", "/readyz", "/metrics", "/api/v1/docs", "/"} & handler._direct.keys()
    assert all(vars(match.func)["csrf_exempt"] for match in handler._direct.values())


def test_a_view_with_a_transaction_around_it_is_left_to_django(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    handler = Handler()
    view = get_resolver().resolve("/api/v1/tools").func
    assert handler._is_left_alone(view)
    monkeypatch.setitem(connections.settings["default"], "ATOMIC_REQUESTS", True)
    assert not handler._is_left_alone(view)


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json; charset*=nothing''x",
        "application/json; charset*=utf-8''%00",
        "application/json; charset=hex",
    ],
)
def test_a_content_type_that_nobody_can_read_is_refused_like_any_other(acme: Tenant, content_type: str) -> None:
    status, answer = asked("/api/v1/invocations/7/cancel", "x=%41", content_type, acme.key_text)
    assert (status, answer["error"]["code"]) == ("422 Unprocessable Entity", "invalid_arguments")
    status, answer = asked("/api/v1/tools/ninja-get-device/invoke", "", content_type, acme.key_text)
    assert (status, answer["error"]["code"]) == ("400 Bad Request", "malformed")
    status, answer = asked("/mcp", "x=%41", content_type, "")
    assert (status, answer["error"]["code"]) == ("401 Unauthorized", "invalid_token")


def test_a_refusal_is_no_error_in_the_log_whatever_its_status(acme: Tenant, caplog: pytest.LogCaptureFixture) -> None:
    Connection.objects.update(state=ConnectionState.NOT_AUTHORIZED)
    status, _ = asked("/api/v1/tools/ninja-list-organizations/invoke", "", "application/json", acme.key_text)
    assert status == "503 Service Unavailable"
    assert not caplog.records


def test_what_failed_here_is_an_error_in_the_log(
    acme: Tenant, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("approvals.rest.views.invocation_submit", broken)
    status, _ = asked("/api/v1/tools/ninja-list-organizations/invoke", "", "application/json", acme.key_text)
    assert status == "500 Internal Server Error"
    [error] = [line for line in caplog.records if line.levelname == "ERROR"]
    assert error.exc_info is not None
    assert error.exc_info[0] is ZeroDivisionError


def asked(path: str, query: str, content_type: str, key: str) -> tuple[str, Any]:
    """What the server's application answers to a POST."""
    environ = RequestFactory()._base_environ(  # type: ignore[attr-defined]
        REQUEST_METHOD="POST",
        PATH_INFO=path,
        QUERY_STRING=query,
        CONTENT_TYPE=content_type,
        CONTENT_LENGTH="2",
        HTTP_AUTHORIZATION=f"Bearer {key}",
        HTTP_HOST="localhost",
        **{"wsgi.input": io.BytesIO(b"{}")},
    )
    said: list[str] = []
    body = b"".join(Handler()(environ, lambda status, headers, *_: said.append(status)))  # type: ignore[arg-type]
    return said[0], json.loads(body)
