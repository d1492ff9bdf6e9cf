"""While the database does not answer, or has no connection left, that is said: 503, a sentence, no traceback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NoReturn

import pytest
from django.db import OperationalError, connections

from tests.approvals.dashboard.looking import QUEUE
from tests.cast import Tenant


@pytest.fixture
def visitor(acme: Tenant) -> Any:
    """Of somebody who is signed in, with the database gone since."""
    client = acme.signed_in(acme.viewer)
    client.raise_request_exception = False
    return client


@pytest.fixture
def _away(visitor: Any) -> Iterator[None]:
    def refuse(*_: object) -> NoReturn:
        raise OperationalError("couldn't get a connection after 10.00 sec")

    # Over before the test's own transaction ends.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connections["default"], "cursor", refuse)
        yield


@pytest.mark.usefixtures("_away")
@pytest.mark.parametrize("path", ["/api/v1/me", "/api/v1/tools", "/api/v1/invocations"])
def test_the_api_says_that_nothing_was_done(acme: Tenant, visitor: Any, path: str) -> None:
    answer = visitor.get(path, **acme.bearer())
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert answer.json()["error"] == {
        "code": "internal_error",
        "message": "Countersign's database does not answer. Nothing was done. Try again later.",
        "retryable": True,
        "dispatch_started": False,
    }


@pytest.mark.usefixtures("_away")
def test_a_call_that_was_not_let_in_is_not_taken_for_one_that_may_be_sent(acme: Tenant, visitor: Any) -> None:
    url, body = "/api/v1/tools/ninja-reboot-device/invoke", json.dumps({"arguments": {"device_id": 43}})
    answer = visitor.post(url, body, content_type="application/json", **acme.bearer())
    assert (answer.status_code, answer.json()["error"]["dispatch_started"]) == (503, False)


@pytest.mark.usefixtures("_away")
def test_so_does_the_protocol_of_models(acme: Tenant, visitor: Any) -> None:
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "tools/list"})
    answer = visitor.post("/mcp", body, content_type="application/json", **acme.bearer())
    assert answer.status_code == 503
    assert "Nothing was done. Try again later." in answer.json()["error"]["message"]


@pytest.mark.usefixtures("_away")
@pytest.mark.parametrize("path", [QUEUE, "/dashboard/"])
def test_a_page_says_so_too(visitor: Any, path: str) -> None:
    answer = visitor.get(path)
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert "Something broke on our side" in answer.content.decode()
    assert answer["X-Frame-Options"] == "DENY"


def test_a_call_that_the_gate_has_may_be_sent_whatever_broke(
    acme: Tenant, visitor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_: object) -> NoReturn:
        raise OperationalError

    monkeypatch.setattr("approvals.rest.views.invocation_submit", broken)
    url, body = "/api/v1/tools/ninja-reboot-device/invoke", json.dumps({"arguments": {"device_id": 43}})
    answer = visitor.post(url, body, content_type="application/json", **acme.bearer())
    assert (answer.status_code, answer.json()["error"]["dispatch_started"]) == (500, True)
