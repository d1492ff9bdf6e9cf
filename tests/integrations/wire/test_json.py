"""NinjaOne's JSON is read as the standard library reads it, however quick the reading."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from approvals.upstream import _text, parsed
from integrations.ninjaone.errors import UnusableAnswerError
from integrations.ninjaone.wire import WireAnswer

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


def read(body: bytes) -> Any:
    return WireAnswer(200, "application/json", body).json()


@hypothesis_settings(max_examples=500, deadline=None, database=None)
@given(value=VALUES)
def test_any_value_is_read_and_stored_as_it_is(value: Any) -> None:
    for body in (json.dumps(value), json.dumps(value, ensure_ascii=False, indent=1)):
        assert repr(read(body.encode("utf-8", "surrogatepass"))) == repr(value)
    assert json.loads(_text(value)) == value


@pytest.mark.parametrize(
    "body",
    [
        b"[18446744073709551615, 18446744073709551616, -9223372036854775808, -9223372036854775809]",
        b"[1234567890123456789012345678901234567890]",
        b'["\\ud83d", "\\u0000", "\\ud83d\\ude00"]',
        b'{"a": 1, "a": 2}',
        b"\xef\xbb\xbf[1]",
        b" [1.0, 1E5, -0.0, 0.1e-3]\n",
        '["ü"]'.encode("utf-16"),
    ],
)
def test_what_readers_differ_about_is_read_by_the_standard_library(body: bytes) -> None:
    assert repr(read(body)) == repr(json.loads(body))


def test_a_number_beyond_all_floats_is_no_number() -> None:
    for body in (b"[1e999, -1e999]", b"[1e999, -1e999, 18446744073709551616]"):
        value = read(body)
        assert value[:2] == [None, None]
        assert "Infinity" not in _text(value)


@pytest.mark.parametrize(
    "body", [b"NaN", b"[Infinity]", b"[1,]", b"{'a': 1}", b"", b" ", b"\xff", b'["\x01"]', b"[" * 5000]
)
def test_what_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(UnusableAnswerError):
        read(body)


@pytest.mark.parametrize("depth", [101, 900, 3000])
def test_what_is_nested_too_deeply_is_refused(depth: int) -> None:
    assert read(b"[" * 100 + b"]" * 100)
    with pytest.raises(UnusableAnswerError):
        read(b"[" * depth + b"]" * depth)


@pytest.mark.parametrize(
    "body",
    [
        b'["\xed\xa0\x80"]',
        b'["\\ud83d"]',
        b'["\\u0000"]',
        '["x\\u0000"]'.encode("utf-16"),
        '["\\udfff"]'.encode("utf-32"),
    ],
)
def test_what_no_database_can_hold_is_replaced_however_it_is_written(body: bytes) -> None:
    value = parsed(WireAnswer(200, "application/json", body))
    text = _text(value)
    assert "\ufffd" in text.encode().decode()
    assert "\x00" not in json.loads(text)[0]
