"""What a proxy says and what somebody else says, at the real server, byte by byte."""

from __future__ import annotations

import contextlib
import itertools
import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import RequestFactory

from config.ports import free_port
from integrations.addresses import Hop, hops_of, scheme_of
from tests.config.processes import environment_of, running, server_command, wait_until_it_answers

CLIENT, LIE = "198.51.100.7", "203.0.113.9"
TWINS = ["X_Forwarded_For", "X-Forwarded_For", "X_FORWARDED-FOR", "X-Forwarded-For"]


@contextlib.contextmanager
def serving(tmp_path: Path, **settings: str) -> Iterator[int]:
    """The server with the product's middleware, on this port."""
    port = free_port()
    env = environment_of(tmp_path, DJANGO_SETTINGS_MODULE="config.settings", SECURE_SSL_REDIRECT="0", **settings)
    env |= {"COUNTERSIGN_SANDBOX": "0", "NINJAONE_SANDBOX_URL": "", "PUBLIC_URL": "https://127.0.0.1"}
    command = server_command("tests.config.echo:application", port, threads=2)
    with running(env, command=command) as server:
        wait_until_it_answers(f"http://127.0.0.1:{port}/", server)
        yield port


def ask(port: int, *lines: str) -> dict[str, Any]:
    """What the server takes a request with exactly these header lines for."""
    head = "".join(f"{line}\r\n" for line in ("GET / HTTP/1.1", "Host: 127.0.0.1", "Connection: close", *lines, ""))
    with socket.create_connection(("127.0.0.1", port), timeout=10) as link:
        link.sendall(head.encode())
        answer = b"".join(iter(lambda: link.recv(65536), b""))
    found: dict[str, Any] = json.loads(answer.partition(b"\r\n\r\n")[2])
    return found


def test_no_other_spelling_of_a_header_moves_the_blame_or_makes_http_https(tmp_path: Path) -> None:
    told = f"Forwarded: for={CLIENT};proto=http"
    with serving(tmp_path, PROXY_HEADERS="forwarded") as port:
        lies = [*(f"{name}: {LIE}" for name in TWINS), "X_Forwarded_Proto: https", "X-Forwarded-Proto: https"]
        lies += ["X-Forwarded-Host: evil.example", "Authorization_: Bearer x", "_Origin: https://evil.example"]
        for lie, order in itertools.product(lies, (1, -1)):
            seen = ask(port, *[told, lie][::order])
            assert (seen["address"], seen["is_secure"]) == (CLIENT, False), lie
            assert seen["headers"] == ["", "", "", "127.0.0.1"], lie
            # Without a word of the proxy it is the proxy's own request.
            alone = ask(port, lie)
            assert (alone["address"], alone["is_secure"]) == ("127.0.0.1", False), lie
        # What somebody put there before the proxy appended its own, in one line or in two.
        for before in (f"for={LIE};proto=https", f'for="{LIE}', 'for="x\\', "for=127.0.0.1, for=_hidden", ";;,=", '"'):
            own = f"for={CLIENT};proto=https"
            for lines in ([f"Forwarded: {before}, {own}"], [f"Forwarded: {before}", f"Forwarded: {own}"]):
                seen = ask(port, *lines)
                assert (seen["address"], seen["is_secure"]) == (CLIENT, True), lines


def test_by_default_the_x_forwarded_headers_are_believed_and_forwarded_is_not(tmp_path: Path) -> None:
    with serving(tmp_path) as port:
        seen = ask(port, f"X-Forwarded-For: {LIE}, {CLIENT}", "X-Forwarded-Proto: https", f"Forwarded: for={LIE}")
        assert (seen["address"], seen["is_secure"]) == (CLIENT, True)
        # Why the proxy must drop such names: for the server the two are one.
        assert ask(port, f"X-Forwarded-For: {CLIENT}", f"X_Forwarded_For: {LIE}")["address"] == LIE


@pytest.mark.parametrize(
    ("peer", "said", "scheme"),
    [
        ("127.0.0.1", f"for={CLIENT};proto=https, for=127.0.0.2;proto=http", "https"),
        ("127.0.0.1", f"for={LIE};proto=https, for={CLIENT};proto=http", "http"),
        ("127.0.0.1", f"for={CLIENT};proto=https, for=127.0.0.2", "https"),
        ("198.51.100.9", f"for={LIE};proto=https", ""),
        ("", f"for={LIE};proto=https", ""),
    ],
)
def test_the_outermost_of_our_proxies_says_whether_it_was_https(peer: str, said: str, scheme: str) -> None:
    assert scheme_of(RequestFactory().get("/", REMOTE_ADDR=peer), hops_of(said)) == scheme


@pytest.mark.parametrize(
    ("text", "hops"),
    [
        ("for=192.0.2.7", [Hop("192.0.2.7", "")]),
        ("For=192.0.2.7:4711; Proto=HTTPS ;by=192.0.2.1", [Hop("192.0.2.7", "https")]),
        ('for="[2001:db8::1]:4711";proto=http', [Hop("2001:db8::1", "http")]),
        ("for=[2001:db8::1]", [Hop("2001:db8::1", "")]),
        ("for=2001:db8::1", [Hop("2001:db8::1", "")]),
        ("for=unknown, for=_proxy;proto=https", [Hop("unknown", ""), Hop("_proxy", "https")]),
        ("proto=https", [Hop("", "https")]),
        ("", [Hop("", "")]),
    ],
)
def test_it_reads_every_way_to_write_an_address(text: str, hops: list[Hop]) -> None:
    assert hops_of(text) == hops
