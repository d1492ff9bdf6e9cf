"""One request, one answer, no second try. Everything that leaves for NinjaOne leaves through here."""

from __future__ import annotations

import re
import time
from contextlib import closing
from email.utils import parsedate_to_datetime

import requests
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.transaction import TransactionManagementError
from django.utils import timezone
from requests.exceptions import ConnectTimeout, RequestException, SSLError
from urllib3.exceptions import MaxRetryError, NewConnectionError, ReadTimeoutError

from integrations.ninjaone.errors import AmbiguousError, EgressRefusedError, NotSentError, TooLargeError
from integrations.ninjaone.transport import Exchange, session_for
from integrations.ninjaone.wire import WireAnswer, WireRequest
from integrations.pooled import release

USER_AGENT = "Countersign/0.1.0"
CONNECT_SECONDS = 5.0
READ_SECONDS = 15.0
TOTAL_SECONDS = 60.0
LARGEST_ANSWER = 5 * 1024 * 1024  # after decompression
KEPT_OF_LARGER = 64 * 1024
CHUNK = 64 * 1024
LONGEST_WAIT = 4e9  # seconds, 126 years: with much more no calendar could say until when

METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
# Addresses that mean the same to everybody, for they are written in the one normal form (RFC 3986, 6.2.2): escapes are
# upper case and stand for what needs one, and no segment is "." or "..".
_ESCAPE = r"%(?!2[DE]|3[0-9]|[46][1-9A-F]|[57][0-9A]|5F|7E)[0-9A-F]{2}"
_PLAIN = r"A-Za-z0-9._~!$&'()*+,;=:@-"
PATH = re.compile(rf"(?!//)(?:/(?!\.{{1,2}}(?:/|\Z))(?:[{_PLAIN}]|{_ESCAPE})*)+")
QUERY = re.compile(rf"(?:[/?{_PLAIN}]|{_ESCAPE})*")
HEADER = re.compile(r"[!-~](?:[ -~]*[!-~])?")


def exchange(
    *, request: WireRequest, headers: dict[str, str], is_write: bool, deadline: float | None = None
) -> WireAnswer:
    """Send `request` and read its whole answer, whatever its status.

    Raises NotSentError when provably no byte of it left, AmbiguousError when it may have arrived,
    EgressRefusedError when it is not a request for exactly its address.
    """
    require_no_transaction()
    prepared = _prepared(request, headers)
    ends_at = time.monotonic() + TOTAL_SECONDS if deadline is None else deadline
    state = Exchange(request.method, request.base_url, request.target, ends_at, READ_SECONDS)
    timeout = (min(CONNECT_SECONDS, _left(state)), min(READ_SECONDS, _left(state)))
    try:
        with state, closing(session_for(request.base_url).send(prepared, timeout=timeout)) as response:
            return _answer(response, state, is_write=is_write)
    except (RequestException, TimeoutError) as error:
        if _is_unsent(state, error):
            raise NotSentError(f"NinjaOne cannot be reached ({_cause(error)}). Nothing was sent.") from error
        raise AmbiguousError(f"NinjaOne's answer did not arrive ({_cause(error)}).", is_write=is_write) from error


def require_no_transaction() -> None:
    """Raises TransactionManagementError inside a transaction: rows would stay locked while NinjaOne thinks."""
    database = connections[DEFAULT_DB_ALIAS]
    if database.in_atomic_block:
        raise TransactionManagementError("NinjaOne must not be called while a database transaction is open.")
    release(database)


def _prepared(request: WireRequest, headers: dict[str, str]) -> requests.PreparedRequest:
    """The request as it is. `PreparedRequest.prepare()` would bring addresses into the form that they have to have."""
    if request.method not in METHODS or not PATH.fullmatch(request.path) or not QUERY.fullmatch(request.query):
        raise EgressRefusedError("The address is not one that may be called. Nothing was sent.")
    if not all(HEADER.fullmatch(value) for value in headers.values()):
        raise EgressRefusedError("A header holds what no header may hold. Nothing was sent.")
    body = None if request.body is None else request.body.encode()
    kind = {} if body is None else {"Content-Type": "application/json"}
    # What is said of the body counts: a token request is a form.
    own = {"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": USER_AGENT, **kind, **headers}
    if request.method != "GET" or body is not None:
        own["Content-Length"] = str(len(body or b""))
    prepared = requests.PreparedRequest()
    prepared.method, prepared.url, prepared.body = request.method, request.url, body
    # Names that stand here once each: a plain dictionary is walked through faster.
    prepared.headers = own  # type: ignore[assignment]
    return prepared


def _left(state: Exchange) -> float:
    try:
        return state.left()
    except TimeoutError as error:
        raise NotSentError("The time for this call was over before it could be sent. Nothing was sent.") from error


def _answer(response: requests.Response, state: Exchange, *, is_write: bool) -> WireAnswer:
    body = bytearray()
    for chunk in response.iter_content(_chunk(response)):
        body += chunk
        state.left()
        if len(body) > LARGEST_ANSWER:
            if not is_write:
                limit = LARGEST_ANSWER // 2**20
                raise TooLargeError(f"NinjaOne's answer is larger than {limit} MiB. Ask for less.")
            # The status says what became of the write; a body cut short reads as unusable, which it is.
            del body[KEPT_OF_LARGER:]
            break
    content_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    request_id = response.headers.get("x-nj-request-id", "")
    return WireAnswer(
        status=response.status_code,
        content_type=content_type,
        body=bytes(body),
        request_id=re.sub(r"[^!-~]", "", request_id)[:100] or None,
        retry_after=seconds_of(response.headers.get("Retry-After")),
    )


def _chunk(response: requests.Response) -> int:
    """How much to read at once: what is there, where that is known, so that nothing is asked for after the end."""
    length: int | None = response.raw.length_remaining
    is_plain = "Content-Encoding" not in response.headers
    return min(CHUNK, length) if length and is_plain else CHUNK


def seconds_of(retry_after: str | None) -> float | None:
    """The header `Retry-After` in seconds from now; None when absent or meaningless."""
    text = (retry_after or "").strip()
    if re.fullmatch(r"[0-9]{1,9}", text):
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        return None
    return min(max(0.0, (moment - timezone.now()).total_seconds()), LONGEST_WAIT)


def _is_unsent(state: Exchange, error: Exception) -> bool:
    if state.is_sending:
        return False
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else None
    return state.is_unsent or isinstance(error, ConnectTimeout | SSLError) or isinstance(reason, NewConnectionError)


def _cause(error: Exception) -> str:
    """The kind of failure in words. Never the exception's own text: it may quote what was sent."""
    inner = error.args[0] if error.args else None
    kinds: list[tuple[type[Exception], str]] = [
        (ConnectTimeout, "no connection in time"),
        (SSLError, "TLS failed"),
        (requests.exceptions.Timeout, "no answer in time"),
        (TimeoutError, "no answer in time"),
        (ReadTimeoutError, "no answer in time"),
        (requests.exceptions.ChunkedEncodingError, "it broke off"),
        (requests.exceptions.ContentDecodingError, "it is not readable"),
    ]
    return next(
        (words for kind, words in kinds if isinstance(error, kind) or isinstance(inner, kind)), "the connection failed"
    )
