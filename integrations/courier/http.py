"""HTTP out of the courier's process: https, no redirects, no proxies, answers of a few kilobytes. For every library
that uses `requests`, ours included."""

from __future__ import annotations

import functools
import socket
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import requests

from integrations.courier.answers import Answer
from integrations.courier.guard import Refusals, refuse
from integrations.courier.rules import Network, is_opened

LARGEST_ANSWER = 64 * 1024
TIMEOUT = (5.0, 10.0)
PLAIN = "It is not https. What tells of requests does not travel in the clear."


class Seen:
    """The status of the last answer, for services whose library keeps it to itself."""

    status: int | None = None
    opened: Sequence[Network] = ()

    @classmethod
    def taken(cls) -> int | None:
        """The status; forgets it."""
        status, cls.status = cls.status, None
        return status


def http_restrict(opened: Sequence[Network], ca_bundle: str | None) -> None:
    """From here on, for the life of this process. Plain http goes only to what the operator opened."""
    Seen.opened = opened
    plain = requests.Session.send

    @functools.wraps(plain)
    def send(self: requests.Session, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
        url = urlsplit(request.url or "")
        if url.scheme != "https" and not opened_host(url.hostname):
            raise refuse(PLAIN)
        verify = kwargs.get("verify", True)
        own = ca_bundle if verify is True and ca_bundle else verify
        kwargs |= {"allow_redirects": False, "stream": True, "proxies": {}, "verify": own}
        kwargs["timeout"] = kwargs.get("timeout") or TIMEOUT
        response = plain(self, request, **kwargs)
        return _capped(response)

    requests.Session.send = send  # type: ignore[method-assign]


def opened_host(host: str | None) -> bool:
    """Whether the operator opened every address of this host."""
    if not host or not Seen.opened:
        return False
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return False
    return all(is_opened(str(entry[4][0]), Seen.opened) for entry in found)


def webhook_send(job: dict[str, Any]) -> Answer:
    """POSTs `body` to `url` with `headers`."""
    call: Callable[..., requests.Response] = requests.post
    try:
        response = call(job["url"], data=job["body"].encode(), headers=job["headers"], timeout=TIMEOUT)
    except requests.exceptions.SSLError:
        return Answer(error=Refusals.taken() or "Its certificate is not trusted.")
    except requests.exceptions.Timeout:
        return Answer(error=Refusals.taken() or "It did not answer in time.")
    except (requests.exceptions.RequestException, OSError, ValueError):
        return Answer(error=Refusals.taken() or "It could not be reached.")
    status = response.status_code
    if 200 <= status < 300:
        return Answer(ok=True)
    if 300 <= status < 400:
        return Answer(error=f"It answered {_words(status)}. Redirects are not followed: enter the address it leads to.")
    return Answer(error=f"It answered {_words(status)}.", is_gone=status == HTTPStatus.GONE)


def _capped(response: requests.Response) -> requests.Response:
    """The answer with the beginning of its body, read already."""
    Seen.status = response.status_code
    body = b""
    try:
        for chunk in response.iter_content(8192):
            body += chunk
            if len(body) >= LARGEST_ANSWER:
                break
    finally:
        response.close()
    # There is no public way to say that it was read.
    vars(response).update(_content=body[:LARGEST_ANSWER], _content_consumed=True)
    return response


def _words(status: int) -> str:
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)
