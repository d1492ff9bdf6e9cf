"""However NinjaOne words an error, people and agents read one short plain sentence."""

from __future__ import annotations

import json
import time

import pytest

from integrations.ninjaone.complaints import LONGEST, UpstreamComplaint, plain
from integrations.ninjaone.errors import UnusableAnswerError, describe
from integrations.ninjaone.wire import WireAnswer


def answer(body: bytes | str | object, content_type: str = "application/json", status: int = 400) -> WireAnswer:
    if isinstance(body, str):
        body = body.encode()
    return WireAnswer(status, content_type, body if isinstance(body, bytes) else json.dumps(body).encode())


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ({"resultCode": "Client app not exist", "incidentId": "W-1"}, "Client app not exist", "Client app not exist."),
        (
            {"error": "missing_header", "error_description": "Missing required header", "error_code": 2},
            "missing_header",
            "Missing required header.",
        ),
        ({"error": "insufficient_privileges"}, "insufficient_privileges", "insufficient_privileges."),
        (
            {"resultCode": "FAILURE", "errorMessage": "HTTP 404 Not Found", "incidentId": "W-2"},
            "FAILURE",
            "HTTP 404 Not Found.",
        ),
        (
            {"errorMessage": {"code": "some_error_code", "params": {"key": "value"}}},
            "some_error_code",
            "some_error_code (key: value).",
        ),
        ({"errorMessage": {"code": "c"}}, "c", "c."),
        ({"errorMessage": {"code": "c", "message": "Words!", "params": {"a": []}}}, "c", "Words!"),
        ({"errorCode": "B-7", "message": "No licence"}, "B-7", "No licence."),
        ({"errorMessage": "", "errorDetails": "The details"}, "", "The details."),
        ({"errorCode": 17}, "17", "17."),
        ({"error": {"nested": 1}}, "", "NinjaOne gave no reason."),
        ({"errorMessage": True}, "", "NinjaOne gave no reason."),
        ({}, "", "NinjaOne gave no reason."),
        ([], "", "NinjaOne gave no reason."),
        (None, "", "NinjaOne gave no reason."),
    ],
)
def test_the_shapes_of_json(body: object, code: str, message: str) -> None:
    complaint = describe(answer(json.dumps(body)))

    assert (complaint.code, complaint.message) == (code, message)


def test_the_incident_id_is_kept() -> None:
    body = {"resultCode": "FAILURE", "errorMessage": "NullPointerException", "incidentId": "WEB_MGMT-2a"}

    assert describe(answer(json.dumps(body))) == UpstreamComplaint("FAILURE", "NullPointerException.", "WEB_MGMT-2a")


def test_a_bare_string() -> None:
    assert describe(answer('"a string error"')).message == "a string error."


def test_plain_text() -> None:
    body = "Device is not applicable for os apply."

    assert describe(answer(body, "text/plain")).message == body
    assert describe(answer("", "")).message == "NinjaOne gave no reason."


@pytest.mark.parametrize(
    ("page", "message"),
    [
        ("<html><head><title>429 Too Many Requests</title></head><body>x</body></html>", "429 Too Many Requests."),
        ("<h1>Bad &amp; gone</h1><script>alert(1)</script><style>p{}</style><p>Sorry</p>", "Bad & gone Sorry."),
        ("<title></title><p>&lt;b&gt; 5 < 6", "b> 5 6."),
        ("<<<<", "NinjaOne gave no reason."),
    ],
)
def test_a_web_page_is_read_without_its_markup(page: str, message: str) -> None:
    complaint = describe(answer(page, "text/html"))

    assert complaint.message.replace("<", "") == message
    assert describe(answer(page, "")).message.replace("<", "") == message


def test_a_sentence_is_short() -> None:
    assert len(describe(answer(json.dumps({"error": "x" * 9999}))).message) <= LONGEST + 1
    assert plain("abc def", 5) == "abc…"


def test_what_cannot_be_seen_is_not_passed_on() -> None:
    body = {"error_description": "reboot\u202e\u200b\x00\r\n\tme\ud800 now"}

    assert describe(answer(json.dumps(body))).message == "reboot me now."


@pytest.mark.parametrize("body", [b"<" * 2_000_000, b"<script" * 300_000, b"[" * 2_000_000, b"&" * 999_999])
def test_a_hostile_body_takes_no_time(body: bytes) -> None:
    started_at = time.process_time()

    describe(answer(body, "text/html"))
    describe(answer(body))

    assert time.process_time() - started_at < 0.5


@pytest.mark.parametrize(
    ("body", "content_type", "words"),
    [
        (b"", "application/json", "empty"),
        (b" ", "application/json", "empty"),
        (b"[1", "application/json", "not JSON"),
        (b"NaN", "application/json", "not JSON"),
        (b"\xff\xfe\x00", "application/json", "not JSON"),
        (b"[" * 100_000, "application/json", "not JSON"),
        (b"[]", "text/html", "web page"),
    ],
)
def test_what_is_not_json_is_unusable(body: bytes, content_type: str, words: str) -> None:
    with pytest.raises(UnusableAnswerError, match=words):
        answer(body, content_type).json()


def test_an_answer_does_not_show_its_body_in_its_repr() -> None:
    assert "secret" not in repr(answer(b"secret"))
