"""Every wait ends: on connecting, on reading, and on an answer that drips."""

from __future__ import annotations

import gzip
import socket
import time
from datetime import timedelta

import pytest
from django.utils import timezone

from integrations.ninjaone import exchange as wire
from integrations.ninjaone.errors import AmbiguousError, NotSentError, TooLargeError, UnusableAnswerError
from integrations.ninjaone.wire import WireRequest
from tests.integrations.wire.conftest import Raw
from tests.integrations.wire.raw_server import drip, reply, reset

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "CONNECT_SECONDS", 0.3)
    monkeypatch.setattr(wire, "READ_SECONDS", 0.3)
    monkeypatch.setattr(wire, "TOTAL_SECONDS", 0.8)


@pytest.mark.parametrize("is_write", [False, True])
@pytest.mark.parametrize(
    "data",
    [
        HEAD + b"Content-Length: 200\r\n\r\n" + b"[" * 200,
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200,
        HEAD + b"Content-Encoding: gzip\r\nContent-Length: 200\r\n\r\n" + gzip.compress(b"[]" * 999) + b"x" * 99,
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\n[\r\n" * 40,
    ],
    ids=["body", "head", "gzip", "chunked"],
)
def test_a_dripping_answer_ends_with_the_deadline(raw: Raw, data: bytes, is_write: bool) -> None:
    raw.server.say(drip(data, 0.05))
    started_at = time.monotonic()

    with pytest.raises(AmbiguousError):
        raw.send(is_write=is_write)

    assert time.monotonic() - started_at < 2.0
    assert len(raw.server.received) == 1


def test_a_silent_ninjaone_times_out_and_a_read_asks_again(raw: Raw, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "TOTAL_SECONDS", 5.0)
    raw.server.say(lambda sock: time.sleep(0.6))

    assert raw.send().status == 200
    assert len(raw.server.received) == 2


def test_a_silent_ninjaone_leaves_a_write_unknown(raw: Raw) -> None:
    raw.server.say(lambda sock: time.sleep(0.6))

    with pytest.raises(AmbiguousError) as caught:
        raw.send(is_write=True)
    assert caught.value.code == "outcome_unknown"
    assert "no answer in time" in caught.value.message


def test_a_reset_leaves_a_write_unknown(raw: Raw) -> None:
    raw.server.say(reset)

    with pytest.raises(AmbiguousError):
        raw.send(is_write=True)
    assert len(raw.server.received) == 1


def test_a_full_backlog_is_no_connection(raw: Raw) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as deaf:
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(deaf.getsockname())
        with pytest.raises(NotSentError):
            wire.exchange(
                request=WireRequest("POST", f"http://127.0.0.1:{deaf.getsockname()[1]}", "/v2/x"),
                headers={},
                is_write=True,
            )
        for filler in fillers:
            filler.close()


def test_a_call_that_comes_too_late_is_not_sent(raw: Raw) -> None:
    with pytest.raises(NotSentError):
        wire.exchange(
            request=WireRequest("GET", raw.server.url, "/v2/x"), headers={}, is_write=False, deadline=time.monotonic()
        )
    assert raw.server.received == []


def test_a_bomb_is_not_unpacked(raw: Raw) -> None:
    bomb = gzip.compress(b"[" + b" " * (64 * 2**20) + b"]")
    raw.server.say(reply(body=bomb, headers="Content-Type: application/json\r\nContent-Encoding: gzip\r\n"))

    with pytest.raises(TooLargeError) as caught:
        raw.send()
    assert "larger than 5 MiB" in caught.value.message
    assert len(raw.server.received) == 1


def test_an_answer_of_5_mib_is_read_whole(raw: Raw, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "TOTAL_SECONDS", 10.0)
    body = b"[" + b" " * (wire.LARGEST_ANSWER - 2) + b"]"
    raw.server.say(reply(body=body))

    assert raw.send().json() == []


def test_a_write_whose_answer_is_too_large_keeps_its_status(raw: Raw, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wire, "TOTAL_SECONDS", 10.0)
    raw.server.say(reply("201 Created", b'["' + b"x" * (6 * 2**20) + b'"]'))

    answer = raw.send(is_write=True)

    assert answer.status == 201
    with pytest.raises(UnusableAnswerError):
        answer.json()


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("7", 7.0), ("0", 0.0), ("", None), (None, None), ("soon", None), ("-1", None), ("1.5", None)],
)
def test_retry_after_in_seconds(header: str | None, seconds: float | None) -> None:
    assert wire.seconds_of(header) == seconds


def test_retry_after_as_a_date() -> None:
    assert wire.seconds_of("Wed, 21 Oct 2015 07:28:00 GMT") == 0.0
    assert (wire.seconds_of("Wed, 21 Oct 2099 07:28:00 GMT") or 0) > 1e9
    assert wire.seconds_of("Wed, 21 Oct 2015 07:28:00 -0000") is None


def test_retry_after_that_no_calendar_knows() -> None:
    assert wire.seconds_of("Mon, 01 Jan 2024 00:00:00 +99999999999999") is None
    seconds = wire.seconds_of("Fri, 31 Dec 9999 23:59:59 -1400")
    assert seconds is not None
    assert timezone.now() + timedelta(seconds=seconds)
