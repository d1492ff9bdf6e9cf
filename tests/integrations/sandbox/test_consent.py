from __future__ import annotations

import json

import pytest

from integrations.ninjaone.sandbox import Sandbox, SandboxRequest
from tests.integrations.sandbox.caller import CALLBACK, authorize, callback_params, consent_params, form_post


def test_the_page_shows_who_asks_for_what_and_who_consents(sandbox: Sandbox) -> None:
    answer = authorize(sandbox, **consent_params(scope="monitoring offline_access"))
    page = answer.body.decode()
    assert answer.status == 200
    assert "Acme MSP" in page
    assert "Dana Fields" in page
    assert "Monitoring" in page
    assert "Offline access" in page
    assert "Management" not in page
    assert "<script" not in page


def test_the_page_escapes_what_the_request_carried(sandbox: Sandbox) -> None:
    page = authorize(sandbox, **consent_params(state='"><script>')).body.decode()
    assert "<script>" not in page


def test_an_unknown_client_does_not_exist(sandbox: Sandbox) -> None:
    answer = authorize(sandbox, **consent_params("someone-else"))
    assert answer.status == 404
    assert json.loads(answer.body)["resultCode"] == "Client app not exist"


@pytest.mark.parametrize(
    "redirect_uri",
    [
        CALLBACK + "/",
        "https://countersign.example/elsewhere",
        "https://evil.example/?x=https://countersign.example/dashboard/integrations/ninjaone-callback",
        "ftp://countersign.example/dashboard/integrations/ninjaone-callback",
        "https://a@b.example/dashboard/integrations/ninjaone-callback",
        "",
    ],
)
@pytest.mark.parametrize("is_posted", [False, True])
def test_an_unregistered_redirect_stays_at_ninjaone(sandbox: Sandbox, redirect_uri: str, *, is_posted: bool) -> None:
    params = consent_params(redirect_uri=redirect_uri)
    if is_posted:
        answer = form_post(sandbox, "/ws/oauth/consent", decision="allow", **params)
    else:
        answer = authorize(sandbox, **params)
    assert answer.status == 302
    assert answer.headers["Location"] == (
        "/ws/oauth/error?error=unauthorized_client&error_description=Invalid+redirect_uri"
    )


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"scope": "monitoring everything"}, "invalid_scope"),
        ({"scope": ""}, "invalid_scope"),
        ({"code_challenge": "x", "code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "x"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
    ],
)
def test_other_faults_come_to_the_callback(sandbox: Sandbox, changed: dict[str, str], error: str) -> None:
    answer = authorize(sandbox, **consent_params(**changed))
    assert callback_params(answer) == {"error": error, "state": "s1"}


def test_deny_comes_back_as_access_denied_with_the_state(sandbox: Sandbox) -> None:
    answer = form_post(sandbox, "/ws/oauth/consent", decision="deny", **consent_params())
    assert callback_params(answer) == {"error": "access_denied", "state": "s1"}


def test_allow_comes_back_with_a_code_and_the_state(sandbox: Sandbox) -> None:
    answer = form_post(sandbox, "/ws/oauth/consent", decision="allow", **consent_params())
    params = callback_params(answer)
    assert params["state"] == "s1"
    assert params["code"]


def test_the_error_page_says_what_is_wrong(sandbox: Sandbox) -> None:
    query = "error=unauthorized_client&error_description=Invalid+redirect_uri"
    answer = sandbox.handle(SandboxRequest(method="GET", path="/ws/oauth/error", query=query))
    assert "Invalid redirect_uri" in answer.body.decode()


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", "/ws/oauth/authorize", 405),
        ("GET", "/ws/oauth/token", 405),
        ("GET", "/ws/oauth/revoke", 404),
        ("GET", "/", 404),
    ],
)
def test_other_paths_and_methods_are_refused(sandbox: Sandbox, method: str, path: str, status: int) -> None:
    assert sandbox.handle(SandboxRequest(method=method, path=path)).status == status
