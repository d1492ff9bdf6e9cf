from __future__ import annotations

import pytest

from integrations.ninjaone.sandbox import Sandbox, SandboxRequest
from tests.integrations.sandbox.caller import Caller

RUN = "/v2/device/43/script/run"


def _raw(acme: Caller, body: bytes, content_type: str | None) -> int:
    headers = {"Authorization": f"Bearer {acme.token}"}
    if content_type is not None:
        headers["content-type"] = content_type
    return acme.sandbox.handle(SandboxRequest(method="POST", path=RUN, headers=headers, body=body)).status


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b'{"type":"SCRIPT","id":146}', "application/json;charset=utf-8", 204),
        (b'{"type":"SCRIPT","id":146}', "text/plain", 415),
        (b'{"type":"SCRIPT","id":146}', None, 415),
        (b'{"type":"SCRIPT"', "application/json", 400),
        (b"\xff", "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b"[]", "application/json", 400),
        (b"", "application/json", 400),
    ],
)
def test_a_body_must_be_json_and_say_so(acme: Caller, body: bytes, content_type: str | None, status: int) -> None:
    assert _raw(acme, body, content_type) == status


def test_an_unknown_field_is_named_in_the_refusal(acme: Caller) -> None:
    status, message = acme.error("POST", RUN, body={"type": "SCRIPT", "id": 146, "scriptId": 146})
    assert status == 400
    assert "Unrecognized field 'scriptId'" in message


@pytest.mark.parametrize(
    "body",
    [
        {"id": 146},
        {"type": "SCRIPT"},
        {"type": "ACTION"},
        {"type": "BASH", "id": 146},
        {"type": "SCRIPT", "id": "146"},
        {"type": "SCRIPT", "id": True},
        {"type": "SCRIPT", "id": 0},
        {"type": "ACTION", "uid": "not-a-uuid"},
        {"type": "SCRIPT", "id": 146, "parameters": ["a"]},
    ],
)
def test_a_field_that_is_missing_or_of_the_wrong_type_is_refused(acme: Caller, body: object) -> None:
    assert acme.error("POST", RUN, body=body)[0] == 400


def test_a_refused_body_has_no_effect(sandbox: Sandbox, acme: Caller) -> None:
    before = len(sandbox.acme.activities)
    acme.error("POST", RUN, body={"type": "SCRIPT", "id": 146, "extra": 1})
    assert len(sandbox.acme.activities) == before
    assert sandbox.acme.runs == []


def test_the_webhook_is_not_ours_to_set(acme: Caller) -> None:
    assert acme.error("PUT", "/v2/webhook", body={"url": "https://x.example"})[0] == 403
    assert acme.error("DELETE", "/v2/webhook")[0] == 403
