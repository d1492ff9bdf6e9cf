"""One request, one answer, no second try. Everything that leaves for NinjaOne leaves through here."""

from __future__ import annotations

import re
import time
from email.utils import parsedate_to_datetime

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.transaction import TransactionManagementError
from django.utils import timezone

from integrations.ninjaone.errors import AmbiguousError, EgressRefusedError, NotSentError, TooLargeError
from integrations.ninjaone.transport import CarryError, Message, Reply, lines_to
from integrations.ninjaone.wire import WireAnswer, WireRequest
from integrations.pooled import release

USER_AGENT = "Countersign/0.1.0"
# Without "Expect:" libcurl would ask leave before it sends a large body.
OWN_HEADERS = ["Accept: application/json", f"User-Agent: {USER_AGENT}", "Expect:"]
CONNECT_SECONDS = 5.0
READ_SECONDS = 15.0
TOTAL_SECONDS = 60.0
LARGEST_ANSWER = 5 * 1024 * 1024  # after decompression
KEPT_OF_LARGER = 64 * 1024
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
    message = _message(request, headers, TOTAL_SECONDS if deadline is None else deadline - time.monotonic())
    try:
        reply = lines_to(request.base_url).carry(message, LARGEST_ANSWER)
    except CarryError as error:
        if error.is_unsent:
            raise NotSentError(f"NinjaOne cannot be reached ({error.words}). Nothing was sent.") from error
        raise AmbiguousError(f"NinjaOne's answer did not arrive ({error.words}).", is_write=is_write) from error
    return _answer(reply, is_write=is_write)


def require_no_transaction() -> None:
    """Raises TransactionManagementError inside a transaction: rows would stay locked while NinjaOne thinks."""
    database = connections[DEFAULT_DB_ALIAS]
    if database.in_atomic_block:
        raise TransactionManagementError("NinjaOne must not be called while a database transaction is open.")
    release(database)


def _message(request: WireRequest, headers: dict[str, str], seconds: float) -> Message:
    """The request as it is. Raises EgressRefusedError, and NotSentError where no time is left for it."""
    if request.method not in METHODS or not PATH.fullmatch(request.path) or not QUERY.fullmatch(request.query):
        raise EgressRefusedError("The address is not one that may be called. Nothing was sent.")
    if not all(HEADER.fullmatch(value) for value in headers.values()):
        raise EgressRefusedError("A header holds what no header may hold. Nothing was sent.")
    if seconds <= 0:
        raise NotSentError("The time for this call was over before it could be sent. Nothing was sent.")
    # What the caller says of the body counts: a token request is a form. Left empty, libcurl would call it one.
    kind = "" if request.body is None else " application/json"
    said = [f"{name}: {value}" for name, value in headers.items()]
    own = OWN_HEADERS if "Content-Type" in headers else [*OWN_HEADERS, f"Content-Type:{kind}"]
    return Message(
        method=request.method,
        target=request.target,
        headers=own + said,
        body=None if request.body is None else request.body.encode(),
        connect_seconds=min(CONNECT_SECONDS, seconds),
        silent_seconds=min(READ_SECONDS, seconds),
        seconds=seconds,
    )


def _answer(reply: Reply, *, is_write: bool) -> WireAnswer:
    body = reply.body
    if reply.is_cut:
        if not is_write:
            limit = LARGEST_ANSWER // 2**20
            raise TooLargeError(f"NinjaOne's answer is larger than {limit} MiB. Ask for less.")
        # The status says what became of the write; a body cut short reads as unusable, which it is.
        body = body[:KEPT_OF_LARGER]
    headers = reply.headers
    request_id = headers.get("x-nj-request-id")
    return WireAnswer(
        status=reply.status,
        content_type=headers.get("content-type", "").partition(";")[0].strip().lower(),
        body=body,
        request_id=request_id and (re.sub(r"[^!-~]", "", request_id)[:100] or None),
        retry_after=seconds_of(headers.get("retry-after")),
    )


def seconds_of(retry_after: str | None) -> float | None:
    """The header `Retry-After` in seconds from now; None when absent or meaningless."""
    if retry_after is None:
        return None
    text = retry_after.strip()
    if re.fullmatch(r"[0-9]{1,9}", text):
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        return None
    return min(max(0.0, (moment - timezone.now()).total_seconds()), LONGEST_WAIT)
