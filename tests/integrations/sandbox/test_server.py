from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Iterator

import pytest

from integrations.ninjaone.sandbox import ACME, NORTHWIND, Sandbox, seed_grant
from integrations.ninjaone.sandbox.server import SandboxServer, serve_in_thread

HEADERS = {"Authorization": f"Bearer {seed_grant(ACME).access_token}"}


@pytest.fixture
def server(sandbox: Sandbox) -> Iterator[SandboxServer]:
    with serve_in_thread(sandbox) as running:
        yield running


def _connection(server: SandboxServer) -> http.client.HTTPConnection:
    return http.client.HTTPConnection("127.0.0.1", int(server.server_address[1]), timeout=5)


def _raw(server: SandboxServer, sent: bytes) -> bytes:
    """Everything the server says until it hangs up."""
    with socket.create_connection(("127.0.0.1", int(server.server_address[1])), timeout=5) as wire:
        wire.sendall(sent)
        wire.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: wire.recv(65_536), b""))


def test_one_connection_carries_many_requests(server: SandboxServer) -> None:
    connection = _connection(server)
    statuses = []
    for method, path in [("GET", "/v2/devices"), ("POST", "/v2/device/43/reboot/NORMAL"), ("GET", "/v2/nope")]:
        connection.request(method, path, headers=HEADERS)
        wire = connection.sock
        answer = connection.getresponse()
        answer.read()
        statuses.append(answer.status)
        assert connection.sock is wire
    assert statuses == [200, 204, 404]
    connection.close()


def test_it_listens_on_loopback_alone(server: SandboxServer) -> None:
    assert server.url.startswith("http://127.0.0.1:")


def test_a_request_to_close_is_honoured(server: SandboxServer) -> None:
    answer = _raw(server, b"GET /v2/devices HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b"missing_header" in answer
    assert b"Connection: close" in answer


def test_a_204_has_no_body_and_no_length(server: SandboxServer) -> None:
    token = seed_grant(ACME).access_token.encode()
    answer = _raw(server, b"POST /v2/device/43/reboot/NORMAL HTTP/1.1\r\nAuthorization: Bearer " + token + b"\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 204 No Content\r\n")
    assert b"content-length" not in answer.lower()
    assert answer.endswith(b"\r\n\r\n")


@pytest.mark.parametrize(
    "sent",
    [
        b"GET\r\n\r\n",
        b"GET / SPDY/3\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n",
    ],
)
def test_what_cannot_be_read_is_refused_and_the_server_goes_on(server: SandboxServer, sent: bytes) -> None:
    assert _raw(server, sent).startswith(b"HTTP/1.1 400 ")
    connection = _connection(server)
    connection.request("GET", "/v2/organizations", headers=HEADERS)
    assert connection.getresponse().status == 200
    connection.close()


def test_a_client_that_leaves_in_the_middle_of_its_body_is_never_handled(
    sandbox: Sandbox, server: SandboxServer
) -> None:
    assert _raw(server, b"POST /v2/x HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc") == b""
    assert list(sandbox.received) == []


def test_a_large_body_may_wait_for_the_go_ahead(server: SandboxServer) -> None:
    sent = b"POST /v2/x HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n{}"
    assert _raw(server, sent).startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 400 ")


def test_many_threads_get_each_their_own_answers(sandbox: Sandbox, server: SandboxServer) -> None:
    wrong: list[str] = []

    def ask(client_id: str, name: str) -> None:
        connection = _connection(server)
        headers = {"Authorization": f"Bearer {seed_grant(client_id).access_token}"}
        for _ in range(25):
            connection.request("GET", "/v2/device/43", headers=headers)
            body = connection.getresponse().read()
            if f'"displayName":"{name}"'.encode() not in body:
                wrong.append(name)
        connection.close()

    asked = [(ACME, "ACME-WEB01"), (NORTHWIND, "FAB-DOCS01")] * 4
    threads = [threading.Thread(target=ask, args=pair) for pair in asked]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert len(sandbox.received) == 200


def test_stopping_hangs_up_on_kept_connections(sandbox: Sandbox) -> None:
    with serve_in_thread(sandbox) as server:
        connection = _connection(server)
        _ask(connection)
    with pytest.raises((OSError, http.client.HTTPException)):
        _ask(connection)
    connection.close()


def _ask(connection: http.client.HTTPConnection) -> None:
    connection.request("GET", "/v2/organizations", headers=HEADERS)
    connection.getresponse().read()
