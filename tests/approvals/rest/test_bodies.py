"""Bodies that two JSON parsers could read differently, or that no database holds, are refused before a look at them."""

from __future__ import annotations

import io
import json

import pytest
from django.core.handlers.wsgi import WSGIRequest
from django.db import connection
from django.test import Client, RequestFactory

from approvals.errors import GateError
from approvals.models import Invocation
from approvals.rest.parser import MAX_BYTES, body_read, json_body, json_value
from integrations.ninjaone.sandbox import Sandbox
from tests.approvals.rest.calling import Caller
from tests.cast import Tenant

ASK = "tools/ninja-get-device/invoke"

MALFORMED = {
    "nothing": b"",
    "a word": b"hello",
    "half an object": b'{"arguments": {"device_id": 43}',
    "two values": b"{} {}",
    "a comment": b'{"arguments": {} /* all */}',
    "single quotes": b"{'arguments': {}}",
    "a trailing comma": b'{"arguments": {"device_id": 43,}}',
    "a key twice": b'{"arguments": {"device_id": 43}, "arguments": {"device_id": 45}}',
    "a key twice inside": b'{"arguments": {"device_id": 43, "device_id": 45}}',
    "a key twice in two spellings": b'{"arguments": {"device_id": 43, "device\\u005fid": 45}}',
    "NaN": b'{"arguments": {"device_id": NaN}}',
    "Infinity": b'{"arguments": {"device_id": -Infinity}}',
    "a float beyond all": b'{"arguments": {"device_id": 1e999}}',
    "a huge integer": b'{"arguments": {"device_id": 9223372036854775808}}',
    "an integer of 5,000 digits": b'{"arguments": {"device_id": ' + b"9" * 5000 + b"}}",
    "a leading zero": b'{"arguments": {"device_id": 043}}',
    "33 levels": b'{"arguments": ' + b"[" * 33 + b"]" * 33 + b"}",
    "100,000 levels": b"[" * 100_000,
    "20,000 keys": json.dumps(dict.fromkeys(map(str, range(20_000)), 0), separators=(",", ":")).encode(),
    "100,000 values": b"[" + b"0," * 99_999 + b"0]",
    "NUL escaped": b'{"reason": "a\\u0000b"}',
    "NUL in a key": b'{"a\\u0000b": 1}',
    "NUL raw": b'{"reason": "a\x00b"}',
    "half a surrogate pair": b'{"reason": "\\ud83d"}',
    "the wrong half": b'{"reason": "\\ude00 \\ud83d"}',
    "half a surrogate pair in a key": b'{"\\udfff": 1}',
    "a raw newline in a string": b'{"reason": "a\nb"}',
    "Latin-1": b'{"reason": "caf\xe9"}',
    "overlong UTF-8": b'{"reason": "\xc0\xaf"}',
    "surrogates in UTF-8": b'{"reason": "\xed\xa0\xbd"}',
    "a byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"arguments": {}}'.encode("utf-16"),
    "UTF-32": '{"arguments": {}}'.encode("utf-32-le"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_body_is_refused_with_a_sentence(name: str) -> None:
    request = RequestFactory().post("/", data=MALFORMED[name], content_type="application/json")
    with pytest.raises(GateError) as caught:
        json_body(request)
    assert caught.value.code == "malformed"
    assert caught.value.message.endswith("Nothing was done.")


def test_no_malformed_body_stores_or_sends_anything(agent: Caller, ninjaone: Sandbox) -> None:
    answers = {name: agent.post(ASK, body) for name, body in MALFORMED.items()}
    assert {name: answer.status for name, answer in answers.items()} == dict.fromkeys(MALFORMED, 400)
    assert {answer.error["code"] for answer in answers.values()} == {"malformed"}
    assert not Invocation.objects.exists()
    assert not ninjaone.calls()


def test_text_of_every_language_is_taken_and_handed_back(agent: Caller) -> None:
    reason = "Ticket 1014: žluťoučký kůň, 日本語, 😀, \u202eabc"
    answer = agent.invoke("ninja-get-device", {"device_id": 43}, reason=reason)
    assert answer.status == 200
    assert Invocation.objects.get().reason == reason


def test_emoji_escaped_as_a_pair_are_one_character() -> None:
    assert json_value(b'["\\ud83d\\ude00"]') == ["😀"]


def test_32_levels_are_still_read() -> None:
    assert json_value(b"[" * 32 + b"]" * 32)


def test_numbers_keep_their_kind() -> None:
    value = json_value(b"[1, 1.0, -0, 9223372036854775807, true]")
    assert [type(each) for each in value] == [int, float, int, int, bool]


@pytest.mark.parametrize(
    "content_type", ["", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x",
                     "application/json; charset=utf-16", "application/jsonp"]
)  # fmt: skip
def test_only_json_in_utf_8_is_read(acme: Tenant, content_type: str) -> None:
    client = Client(headers={"Authorization": f"Bearer {acme.key_text}"})
    response = client.generic("POST", f"/api/v1/{ASK}", b'{"arguments": {"device_id": 43}}', content_type=content_type)
    assert (response.status_code, response.json()["error"]["code"]) == (400, "malformed")
    assert not Invocation.objects.exists()


@pytest.mark.parametrize("content_type", ["application/json", "application/json; charset=UTF-8", "Application/JSON"])
def test_json_is_json_however_it_is_announced(content_type: str) -> None:
    assert json_body(RequestFactory().post("/", data=b"{}", content_type=content_type)) == {}


def test_a_compressed_body_is_refused() -> None:
    request = RequestFactory().post(
        "/", data=b"{}", content_type="application/json", headers={"Content-Encoding": "gzip"}
    )
    with pytest.raises(GateError, match="compressed"):
        json_body(request)


def test_a_body_of_exactly_256_kib_is_read() -> None:
    raw = b'"' + b"x" * (MAX_BYTES - 2) + b'"'
    request = RequestFactory().post("/", data=raw, content_type="application/json")
    assert len(json_body(request)) == MAX_BYTES - 2


def test_a_larger_body_is_too_large(agent: Caller) -> None:
    answer = agent.post(ASK, b'"' + b"x" * (MAX_BYTES - 1) + b'"')
    assert (answer.status, answer.error["code"]) == (413, "too_large")


def test_a_chunked_body_is_read_without_a_length() -> None:
    assert json_body(chunked(b'{"a": 1}')) == {"a": 1}


def test_a_chunked_body_is_read_no_further_than_the_limit() -> None:
    request = chunked(b"x" * (MAX_BYTES * 3))
    with pytest.raises(GateError) as caught:
        body_read(request)
    assert caught.value.code == "too_large"
    assert request.META["wsgi.input"].tell() == MAX_BYTES + 1


def test_a_body_that_breaks_off_is_malformed() -> None:
    request = chunked(b"")
    request.META["wsgi.input"] = Broken()
    with pytest.raises(GateError, match="broke off"):
        body_read(request)


def test_arguments_as_deep_as_allowed_reach_the_database_of_this_run(agent: Caller) -> None:
    body: object = 1
    for _ in range(28):
        body = [body]
    answer = agent.invoke("ninja-api-post", {"path": "/v2/organizations", "body": [body]}, reason="\u0001\u200b")
    assert answer.status < 500, connection.vendor


class Broken(io.BytesIO):
    """A client that went away."""

    def read(self, size: int | None = -1) -> bytes:
        """Nothing comes."""
        raise ConnectionResetError


def chunked(raw: bytes) -> WSGIRequest:
    request = RequestFactory().post("/", content_type="application/json")
    request.META.pop("CONTENT_LENGTH", None)
    request.META |= {
        "HTTP_TRANSFER_ENCODING": "chunked",
        "wsgi.input": io.BytesIO(raw),
    }
    return request
