"""100,000 generated paths: each goes to the host and path that were shown, or nowhere."""

from __future__ import annotations

import random
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from urllib3.util import parse_url

from integrations.ninjaone import exchange as wire
from integrations.ninjaone import transport
from integrations.ninjaone.errors import EgressRefusedError
from integrations.ninjaone.wire import WireRequest
from tests.integrations.wire.raw_server import RawServer

HOST = "https://eu.ninjarmm.com"
PATHS = 100_000
TRICKS = [
    "/", "//", "/.", "/..", ".", "..", "%2e", "%2E%2e", "%2f", "%2F..", "%5c", "%40", "%3f", "%00", "%", "%zz",
    "%c0%ae", "@", "@evil.example", ":", ":80@evil.example", ":443", ";", ";x=1", "?", "?a=b", "#", "\n",
    "\\", "\\evil.example", "\r\nHost: evil.example", "\x00", "\t", " ", "é", "．", "\u2028", "\u200b",
    "\ud800", "http://evil.example/", "~",
    "[::1]", "|", "^", "{", "<", '"', "`", "'", "(", ")", "!", "$", "&", "*", "+", ",", "=",
]  # fmt: skip
PLAIN = [
    "/v2",
    "/device",
    "/43",
    "/a.b",
    "-",
    "_",
    "x",
    "evil.example",
    "/~",
    "/user@example.org",
    "/a:b",
    "/%20",
    "/%7C",
]


@pytest.fixture
def listening() -> Iterator[RawServer]:
    with RawServer() as server:
        yield server
        transport.lines_to(server.url).close()


def generated() -> set[str]:
    """Harmless pieces twice as often as tricks, so that much of it gets through."""
    dice = random.Random(11)
    pieces = [*PLAIN * (2 * len(TRICKS) // len(PLAIN)), *TRICKS]
    paths: set[str] = set()
    while len(paths) < PATHS:
        paths.add(dice.choice(["/v2", "/", "", "/v2/device"]) + "".join(dice.choices(pieces, k=dice.randint(1, 5))))
    return paths


def test_none_reaches_another_host_or_path(listening: RawServer) -> None:
    let_through = set()
    for path in generated():
        try:
            url = HOST + wire._message(WireRequest("GET", HOST, path), {}, 1.0).target
        except EgressRefusedError:
            continue
        let_through.add(path)
        # As the library that opens the socket reads it, and as Python does.
        target, parts = parse_url(url), urlsplit(url)
        assert (target.scheme, target.host, target.port, target.request_uri) == ("https", "eu.ninjarmm.com", None, path)
        assert (parts.scheme, parts.netloc, parts.path, parts.query) == ("https", "eu.ninjarmm.com", path, "")
        # Nobody who decodes it once more finds a way up in it, or another host.
        assert not {".", ".."} & set(path.lower().replace("%2e", ".").split("/"))
        assert not path.startswith("//")
    assert len(let_through) > PATHS / 20
    for path in random.Random(12).sample(sorted(let_through), 500):
        wire.exchange(request=WireRequest("GET", listening.url, path), headers={}, is_write=False)
        assert listening.received[-1].startswith(f"GET {path} HTTP/1.1\r\n".encode())
