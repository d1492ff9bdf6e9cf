"""Nothing reaches another host, another path, or carries what it should not."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.db import connection as database
from django.db import transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from integrations.ninjaone import client, retry, transport
from integrations.ninjaone import exchange as wire
from integrations.ninjaone.client import send
from integrations.ninjaone.errors import AmbiguousError, EgressRefusedError, NotConnectedError
from integrations.ninjaone.wire import WireRequest
from tests.cast import Tenant
from tests.integrations.wire.conftest import Raw
from tests.integrations.wire.raw_server import RawServer, exactly, reply

ESCAPES = [
    "",
    "v2/x",
    "//evil.example/v2",
    "///evil.example",
    "/\\evil.example",
    "/v2/../../ws/oauth/token",
    "/v2/./x",
    "/v2/x/..",
    "/v2/x/.",
    "/v2/x y",
    "/v2/x\ty",
    "/v2/x\r\nHost: evil.example",
    "/v2/x\x00",
    "/v2/x\x7f",
    "/v2/x#fragment",
    "/v2/x?query=1",
    "/v2/ü",
    "/v2/x\u202e",
    "/v2/x\u2028y",
    "/v2/\ud800",
    "/v2/%zz",
    "/v2/%",
    "/v2/%7e",
    "/v2/%2e%2e/x",
    "/v2/%2E/x",
    "/v2/%2f",
    "/v2/<x>",
    '/v2/"x"',
    "/v2/`x`",
    "/v2/{x}",
    "/v2/|x",
    "/v2/^x",
    "/v2/[x]",
    "@evil.example/",
    ":80@evil.example/",
    ".evil.example/",
    "http://evil.example/",
]


@pytest.fixture
def listening() -> Iterator[RawServer]:
    with RawServer() as server:
        yield server
        transport.lines_to(server.url).close()


@pytest.mark.parametrize("path", ESCAPES)
def test_a_path_that_is_not_sent_as_it_reads_is_refused(listening: RawServer, path: str) -> None:
    with pytest.raises(EgressRefusedError):
        wire.exchange(request=WireRequest("GET", listening.url, path), headers={}, is_write=False)
    assert listening.received == []


@pytest.mark.parametrize("query", ["a b", "a=ü", "a#b", "a=\r\nX: y", "a=%7e", 'a="b"', "a=<b>", "a=[b]", "\x00"])
def test_a_query_that_is_not_sent_as_it_reads_is_refused(listening: RawServer, query: str) -> None:
    with pytest.raises(EgressRefusedError):
        wire.exchange(request=WireRequest("GET", listening.url, "/v2/x", query), headers={}, is_write=False)
    assert listening.received == []


@pytest.mark.parametrize("method", ["get", "OPTIONS", "CONNECT", "TRACE", "GET / HTTP/1.1\r\nX: y", ""])
def test_other_methods_are_refused(listening: RawServer, method: str) -> None:
    with pytest.raises(EgressRefusedError):
        wire.exchange(request=WireRequest(method, listening.url, "/v2/x"), headers={}, is_write=False)
    assert listening.received == []


@hypothesis_settings(
    max_examples=300, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(tail=st.text(st.sampled_from("/v2ab.%2eE5cC@:;\\?# \u00e9\r\n-_~!$&'()*+,="), max_size=24))
def test_what_goes_out_is_exactly_what_was_asked_for(listening: RawServer, tail: str) -> None:
    listening.received.clear()
    path = f"/{tail}"
    try:
        wire.exchange(request=WireRequest("GET", listening.url, path), headers={}, is_write=False)
    except EgressRefusedError:
        assert listening.received == []
    else:
        assert listening.received[0].split(b"\r\n")[0] == f"GET {path} HTTP/1.1".encode()


def test_the_query_and_body_arrive_byte_for_byte(raw: Raw) -> None:
    raw.send("/v2/devices", query="df=org%20%3D%201&x=%C3%A9", body='{"a":"é"}', is_write=True)

    head, _, body = raw.server.received[0].partition(b"\r\n\r\n")
    assert head.startswith(b"POST /v2/devices?df=org%20%3D%201&x=%C3%A9 HTTP/1.1\r\n")
    assert body == '{"a":"é"}'.encode()
    assert b"Content-Type: application/json" in head
    assert b"User-Agent: Countersign/" in head
    assert b"Accept: application/json" in head


def test_a_delete_carries_no_body(raw: Raw) -> None:
    raw.send("/v2/alert/x", method="DELETE", is_write=True)

    head, _, body = raw.server.received[0].partition(b"\r\n\r\n")
    assert body == b""
    assert b"Content-Type" not in head


def test_the_version_it_names_is_the_projects() -> None:
    project = (Path(__file__).parents[3] / "pyproject.toml").read_text(encoding="utf-8")

    assert f'version = "{wire.USER_AGENT.partition("/")[2]}"' in project


def test_a_request_for_another_host_is_refused(acme: Tenant) -> None:
    with pytest.raises(EgressRefusedError):
        send(
            connection=acme.connection,
            request=WireRequest("GET", "https://app.ninjarmm.com", "/v2/organizations"),
            is_write=False,
        )


def test_a_region_that_is_not_offered_any_more_is_refused(acme: Tenant, settings: LazySettings) -> None:
    settings.NINJAONE_SANDBOX_URL = ""

    with pytest.raises(NotConnectedError):
        send(connection=acme.connection, request=WireRequest("GET", "http://127.0.0.1:8801", "/v2/x"), is_write=False)


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"])
def test_it_does_not_follow_redirects(raw: Raw, status: str) -> None:
    with RawServer() as elsewhere:
        raw.server.say(reply(status, b"gone", headers=f"Location: {elsewhere.url}/v2/x\r\n"))

        answer = raw.send()

        assert answer.status == int(status[:3])
        assert answer.body == b"gone"
        assert elsewhere.received == []


def test_it_ignores_proxies_in_the_environment(raw: Raw, monkeypatch: pytest.MonkeyPatch) -> None:
    with RawServer() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)

        assert raw.send().status == 200
        assert proxy.received == []
        assert raw.server.received[0].startswith(b"GET /v2/organizations ")


def test_it_ignores_netrc(raw: Raw, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    netrc = tmp_path / ".netrc"
    netrc.write_text("default login somebody password hunter2\n", encoding="utf-8")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HOME", str(tmp_path))

    raw.send()

    assert b"Authorization: Bearer " in raw.server.received[0]
    assert b"Basic" not in raw.server.received[0]


def test_it_keeps_no_cookies(raw: Raw) -> None:
    raw.server.say(reply(headers="Set-Cookie: session=1; Path=/\r\nContent-Type: application/json\r\n"))

    raw.send()
    raw.send()

    assert len(raw.server.received) == 2
    assert b"cookie" not in raw.server.received[1].lower()


def test_it_refuses_to_call_inside_a_transaction(raw: Raw) -> None:
    with transaction.atomic(), pytest.raises(transaction.TransactionManagementError):
        raw.send()
    assert raw.server.received == []


def test_a_pooled_database_connection_is_given_back_meanwhile(raw: Raw, monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[bool] = []
    # Undone before the test's tables are emptied, over the connection as it really is.
    with monkeypatch.context() as patch:
        patch.setitem(database.settings_dict, "OPTIONS", {"pool": True})
        patch.setattr(database, "close", lambda: closed.append(True))
        # It would be noted over a pool that is not there.
        patch.setattr(client, "contact_answered", lambda *_: None)
        raw.send()

    assert closed


def test_the_connections_are_kept(raw: Raw) -> None:
    for _ in range(5):
        raw.send()

    assert raw.server.connections == 1


def test_a_connection_that_idled_is_not_used_again(raw: Raw, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "IDLE_SECONDS", 1)
    raw.send()
    time.sleep(2.1)
    raw.send()

    assert raw.server.connections == 2


@pytest.mark.parametrize("is_write", [False, True])
def test_a_kept_connection_that_dies_sends_nothing_a_second_time(
    raw: Raw, is_write: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """libcurl would, by itself, and unseen."""
    monkeypatch.setattr(retry.Retries, "after_loss", lambda _: False)
    raw.server.say(reply(), exactly(b""))
    raw.send()

    with pytest.raises(AmbiguousError):
        raw.send("/v2/once", is_write=is_write)
    assert [line.split(b" ")[1] for line in raw.server.received] == [b"/v2/organizations", b"/v2/once"]
    assert raw.send().status == 200


def test_an_answer_may_have_others_before_it_and_headers_behind_it(raw: Raw) -> None:
    early = b"HTTP/1.1 103 Early Hints\r\nContent-Type: text/html\r\n\r\n"
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nTransfer-Encoding: chunked\r\n"
    raw.server.say(exactly(early + head + b"\r\n2\r\n[]\r\n0\r\nContent-Type: text/html\r\n\r\n"))

    answer = raw.send()

    assert (answer.status, answer.content_type, answer.json()) == (200, "application/json", [])


def test_a_server_that_closes_early_does_not_upset_the_next_call(raw: Raw) -> None:
    raw.server.say(exactly(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n[]"))

    assert raw.send().json() == []
    assert raw.send().json() == []


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x16\x03\x01\x00\x00",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n[]",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[1,",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n[]\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope",
        b"HTTP/1.1 banana\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 6000 + b"\r\n",
    ],
)
@pytest.mark.parametrize("is_write", [False, True])
def test_bytes_that_are_no_whole_answer_are_ambiguous(raw: Raw, data: bytes, is_write: bool) -> None:
    raw.server.say(*[exactly(data)] * 3)

    with pytest.raises(AmbiguousError):
        raw.send(is_write=is_write)
    assert len(raw.server.received) == (1 if is_write else 3)
