"""Bytes out, bytes in, by libcurl: kept connections that go where they are told and nowhere else.

No redirects, proxies, netrc or cookies, and one request for each `carry`: libcurl sends a request anew by itself when
a kept connection turns out to be dead, which is not for it to decide. Every wait ends, dripping answers included.
"""

from __future__ import annotations

import math
import os
import re
import threading
from dataclasses import dataclass, field
from functools import lru_cache

import certifi
import pycurl
from django.conf import settings

KEPT_CONNECTIONS = 32
# A kept connection that idled longer may be closed by the other side at any moment: a write on it could be lost.
IDLE_SECONDS = 15
# The headers of answers that anybody here asks for.
_ASKED_FOR = re.compile(
    rb"^(content-type|retry-after|x-nj-request-id):[ \t]*([^\r\n]*?)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE
)
# An answer's head ends so, and so do the interim ones (1xx) before it and the trailers behind it.
_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")

_TLS_FAILED = frozenset(
    {
        pycurl.E_SSL_CONNECT_ERROR,
        pycurl.E_PEER_FAILED_VERIFICATION,
        pycurl.E_SSL_CIPHER,
        pycurl.E_SSL_CACERT_BADFILE,
        pycurl.E_SSL_ISSUER_ERROR,
        pycurl.E_SSL_ENGINE_INITFAILED,
    }
)
_WORDS = {
    pycurl.E_PARTIAL_FILE: "it broke off",
    pycurl.E_GOT_NOTHING: "it broke off",
    pycurl.E_BAD_CONTENT_ENCODING: "it is not readable",
    pycurl.E_FTP_WEIRD_SERVER_REPLY: "it is not readable",
    pycurl.E_UNSUPPORTED_PROTOCOL: "it is not readable",
}


@dataclass(frozen=True, slots=True)
class Message:
    """A request as it goes out. The times are seconds: for a connection, without any byte, and for everything."""

    method: str
    target: str
    headers: list[str]
    body: bytes | None
    connect_seconds: float
    silent_seconds: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer. `headers` are those that are asked for, in lower case; a body that is larger than wanted `is_cut`."""

    status: int
    headers: dict[str, str]
    body: bytes = field(repr=False)
    is_cut: bool = False


class CarryError(Exception):
    """No whole answer came. `is_unsent`: proven, no byte of the request was handed to a connection."""

    def __init__(self, words: str, *, is_unsent: bool) -> None:
        super().__init__(words)
        self.words = words
        self.is_unsent = is_unsent


class _Line:
    """One connection, kept from request to request, and what is on it. For one thread at a time."""

    def __init__(self, base_url: str, ca_bundle: str) -> None:
        self.largest = 0
        self.was_sent = self.is_cut = False
        self.head: list[bytes] = []
        self.body = bytearray()
        self.curl = curl = pycurl.Curl()
        for option, value in (
            # The target is given for itself, so that nobody brings it into another form.
            (pycurl.URL, f"{base_url}/"),
            (pycurl.PROTOCOLS, pycurl.PROTO_HTTPS if base_url.startswith("https:") else pycurl.PROTO_HTTP),
            (pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1),
            (pycurl.FOLLOWLOCATION, 0),
            (pycurl.PROXY, ""),
            (pycurl.NOPROXY, "*"),
            (pycurl.NETRC, pycurl.NETRC_IGNORED),
            (pycurl.CAINFO, ca_bundle),
            (pycurl.SSL_VERIFYPEER, 1),
            (pycurl.SSL_VERIFYHOST, 2),
            (pycurl.SSLVERSION, pycurl.SSLVERSION_TLSv1_2),
            (pycurl.ACCEPT_ENCODING, "gzip"),
            (pycurl.MAXCONNECTS, 1),
            (pycurl.MAXAGE_CONN, IDLE_SECONDS),
            # Silence: no byte a second, averaged over the last five.
            (pycurl.LOW_SPEED_LIMIT, 1),
            (pycurl.NOSIGNAL, 1),
            (pycurl.HEADERFUNCTION, self._headed),
            (pycurl.WRITEFUNCTION, self._take),
            (pycurl.PREREQFUNCTION, self._go),
        ):
            curl.setopt(option, value)

    def carry(self, message: Message, largest: int) -> Reply:
        """Send it, and read the answer. Raises CarryError."""
        self.was_sent = self.is_cut = False
        self.head.clear()
        self.largest = largest
        curl = self.curl
        curl.setopt(pycurl.REQUEST_TARGET, message.target)
        curl.setopt(pycurl.HTTPHEADER, message.headers)
        if message.method == "GET" and message.body is None:
            curl.setopt(pycurl.HTTPGET, 1)
        else:
            curl.setopt(pycurl.POSTFIELDS, message.body or b"")
        curl.setopt(pycurl.CUSTOMREQUEST, message.method)
        curl.setopt(pycurl.CONNECTTIMEOUT_MS, _milliseconds(message.connect_seconds))
        curl.setopt(pycurl.LOW_SPEED_TIME, math.ceil(message.silent_seconds))
        curl.setopt(pycurl.TIMEOUT_MS, _milliseconds(message.seconds))
        try:
            curl.perform()
        except pycurl.error as error:
            if not self.is_cut:
                raise self._failure(error.args[0]) from error
        # No line keeps what it brought.
        body, self.body = bytes(self.body), bytearray()
        return Reply(curl.getinfo(pycurl.RESPONSE_CODE), _headers(self.head), body, self.is_cut)

    def close(self) -> None:
        self.curl.close()

    def _go(self, *_: object) -> int:
        """Asked by libcurl each time it is about to send the request; a second time it may not."""
        if self.was_sent:
            return int(pycurl.PREREQFUNC_ABORT)
        self.was_sent = True
        return int(pycurl.PREREQFUNC_OK)

    def _headed(self, line: bytes) -> None:
        self.head.append(line)

    def _take(self, piece: bytes) -> int | None:
        """A piece of the body, unpacked; None for all of it taken."""
        self.body += piece
        if len(self.body) <= self.largest:
            return None
        self.is_cut = True
        return 0

    def _failure(self, code: int) -> CarryError:
        """The kind of failure in words. Never libcurl's own text: it may quote what was sent."""
        if code == pycurl.E_OPERATION_TIMEDOUT:
            words = "no answer in time" if self.was_sent else "no connection in time"
        elif code in _TLS_FAILED:
            words = "TLS failed"
        else:
            words = _WORDS.get(code, "the connection failed")
        return CarryError(words, is_unsent=not self.was_sent)


class Lines:
    """The connections of this process to one host."""

    def __init__(self, base_url: str, ca_bundle: str) -> None:
        self.base_url, self.ca_bundle = base_url, ca_bundle
        self._idle: list[_Line] = []

    def carry(self, message: Message, largest: int) -> Reply:
        """Send a request and read its answer, of the body no more than `largest` bytes and a piece.

        Raises CarryError, after which the connection is not used again.
        """
        try:
            line = self._idle.pop()
        except IndexError:
            line = _Line(self.base_url, self.ca_bundle)
        try:
            reply = line.carry(message, largest)
        except CarryError:
            line.close()
            raise
        if len(self._idle) < KEPT_CONNECTIONS:
            self._idle.append(line)
        else:
            line.close()
        return reply

    def close(self) -> None:
        """Close the connections that nobody uses at the moment."""
        while self._idle:
            self._idle.pop().close()


def lines_to(base_url: str) -> Lines:
    """The connections of this process to a region."""
    return _lines(os.getpid(), base_url, settings.NINJAONE_CA_BUNDLE or certifi.where())


_making = threading.Lock()


def _lines(pid: int, base_url: str, ca_bundle: str) -> Lines:
    with _making:
        return _made(pid, base_url, ca_bundle)


@lru_cache(maxsize=16)
def _made(pid: int, base_url: str, ca_bundle: str) -> Lines:
    return Lines(base_url, ca_bundle)


def _milliseconds(seconds: float) -> int:
    """For libcurl 0 would be for ever."""
    return max(1, int(seconds * 1000))


def _headers(head: list[bytes]) -> dict[str, str]:
    """Of the answer itself. A header that came twice is joined, as RFC 9110 (5.3) has it."""
    blocks = _END_OF_HEAD.split(b"".join(head))
    block = next((each for each in reversed(blocks) if each.startswith(b"HTTP/")), b"")
    found: dict[str, str] = {}
    for name, value in _ASKED_FOR.findall(block):
        key, text = name.decode().lower(), value.decode("latin-1")
        found[key] = f"{found[key]}, {text}" if key in found else text
    return found
