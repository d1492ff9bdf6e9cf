"""Under /api everything is JSON, whatever is asked of whatever address."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client, RequestFactory

from approvals.rest import errors
from tests.approvals.rest.calling import Caller
from tests.approvals.rest.one_transaction import acme
from tests.cast import Tenant

__all__ = ["acme"]

NOWHERE = [
    "/api", "/api/", "/api/v1", "/api/v1/", "/api/v2/tools", "/api/v1/tool", "/api/v1/tools/", "/api/v1/tools/a/b",
    "/api/v1/invocations/", "/api/v1/schema/", "/api/%00", "/api/v1/tools//invoke",
]  # fmt: skip
HERE = {
    "tools": "GET, HEAD, OPTIONS", "tools/ninja-get-device": "GET, HEAD, OPTIONS",
    "tools/ninja-get-device/invoke": "POST, OPTIONS", "invocations": "GET, HEAD, OPTIONS",
    "invocations/x": "GET, HEAD, OPTIONS", "invocations/x/cancel": "POST, OPTIONS", "me": "GET, HEAD, OPTIONS",
    "schema": "GET, HEAD, OPTIONS", "docs": "GET, HEAD, OPTIONS",
}  # fmt: skip


def is_error(response: Any, status: int, code: str) -> None:
    assert response.status_code == status
    assert response.headers["Content-Type"] == "application/json"
    assert "Vary" not in response.headers
    assert response.headers["Cache-Control"] == "no-store"
    assert response.json()["error"]["code"] == code
    assert response.json()["request_id"] == response.headers["X-Request-Id"]
    assert set(response.json()["error"]) == {"code", "message", "retryable", "dispatch_started"}


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post", "put", "delete"])
@pytest.mark.parametrize("path", NOWHERE)
def test_an_unknown_address_is_404(client: Client, path: str, method: str) -> None:
    is_error(getattr(client, method)(path), 404, "not_found")


@pytest.mark.django_db
def test_an_address_outside_the_api_is_a_page(client: Client) -> None:
    response = client.get("/apis")
    assert (response.status_code, response.headers["Content-Type"]) == (404, "text/html; charset=utf-8")


@pytest.mark.parametrize("method", ["put", "patch", "delete", "trace"])
@pytest.mark.parametrize("path", HERE)
def test_another_method_is_405_and_says_which_are_allowed(acme: Tenant, path: str, method: str) -> None:
    response = getattr(Client(), method)(f"/api/v1/{path}", headers={"Authorization": f"Bearer {acme.key_text}"})
    is_error(response, 405, "method_not_allowed")
    assert response.headers["Allow"] == HERE[path]


def test_reading_is_not_posting(agent: Caller) -> None:
    response = agent.client.post("/api/v1/tools", headers=agent.authorization)
    is_error(response, 405, "method_not_allowed")


@pytest.mark.parametrize("path", HERE)
def test_options_names_the_methods(acme: Tenant, path: str) -> None:
    response = Client().options(f"/api/v1/{path}", headers={"Authorization": f"Bearer {acme.key_text}"})
    assert (response.status_code, response.content, response.headers["Allow"]) == (204, b"", HERE[path])


def test_head_is_get_without_a_body(agent: Caller) -> None:
    response = agent.client.head("/api/v1/tools", headers=agent.authorization)
    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["Content-Type"] == "application/json"


def test_no_cookie_is_set_and_none_is_read(acme: Tenant, agent: Caller) -> None:
    agent.client.force_login(acme.admin)
    answer = agent.get("me")
    assert not answer.response.cookies
    assert "Cookie" not in (answer.header("Vary") or "")
    assert agent.post("tools/ninja-get-device/invoke", {"arguments": {}}).status == 422


@pytest.mark.django_db
def test_a_foreign_host_name_is_400(client: Client) -> None:
    is_error(client.get("/api/v1/me", headers={"Host": "evil.example"}), 400, "malformed")


def test_a_well_formed_request_id_of_the_caller_is_kept(agent: Caller) -> None:
    assert agent.get("me", **{"X-Request-Id": "ticket-1014-try-2"}).header("X-Request-Id") == "ticket-1014-try-2"
    assert agent.get("me", **{"X-Request-Id": "no spaces"}).header("X-Request-Id") != "no spaces"


@pytest.mark.parametrize("path", ["/api/v1/me", "/dashboard/"])
def test_djangos_own_errors_are_json_under_the_api_and_pages_elsewhere(path: str) -> None:
    request = RequestFactory().get(path)
    answers = [
        errors.bad_request(request, ValueError()),
        errors.permission_denied(request, PermissionDenied()),
        errors.not_found(request, ValueError()),
        errors.server_error(request),
    ]
    assert [answer.status_code for answer in answers] == [400, 403, 404, 500]
    expected = "application/json" if path.startswith("/api") else "text/html; charset=utf-8"
    assert {answer.headers["Content-Type"] for answer in answers} <= {expected, "text/html"}
