"""The way to NinjaOne: `send()` takes a frozen request, and gives an answer or one of the errors."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from integrations.measures import UPSTREAM_SECONDS
from integrations.models import Connection
from integrations.ninjaone import exchange as wire
from integrations.ninjaone.contact import contact_answered, contact_failed
from integrations.ninjaone.errors import (
    AmbiguousError,
    EgressRefusedError,
    NotConnectedError,
    NotSentError,
    RateLimitedError,
    TooLargeError,
    WireError,
    describe,
)
from integrations.ninjaone.hosts import UnknownRegionError, base_url
from integrations.ninjaone.retry import Retries
from integrations.ninjaone.throttle import throttle_of
from integrations.ninjaone.tokens import access_token, refresh_after_401
from integrations.ninjaone.wire import WireAnswer, WireRequest
from integrations.traces import span

# What says that NinjaOne is unwell; a lost authorization or a refused address does not.
FAILURES = (AmbiguousError, NotSentError)

# How long to leave a NinjaOne alone that answers with web pages.
THROTTLED_SECONDS = 60.0
# Whoever was held up so long, waited for a token, a turn or NinjaOne's patience asks once more whether it may go.
LONG_WAIT = 1.0

# Raises StoppedError.
GoCheck = Callable[[], None]


def send(
    *,
    connection: Connection,
    request: WireRequest,
    is_write: bool,
    seconds: float | None = None,
    go_check: GoCheck | None = None,
    since: float | None = None,
) -> WireAnswer:
    """NinjaOne's answer, whatever its status; retried as far as that is safe. All of it in `seconds`, if given.

    `go_check` is asked where much time has passed before it can be sent, or sent again: since this began, or since
    `since` on the monotonic clock.

    Raises a WireError: AmbiguousError when a write may have happened or a read got no answer, any other when the call
    was not carried out. A write's 5xx comes back as an answer, and means no more than AmbiguousError does.
    Raises TransactionManagementError inside a transaction.
    """
    _check_origin(connection, request)
    wire.require_no_transaction()
    try:
        going = _Going(go_check, time.monotonic() if since is None else since)
        answer = _measured(connection, request, seconds or wire.TOTAL_SECONDS, going, is_write=is_write)
    except WireError as error:
        contact_failed(connection, error)
        raise
    contact_answered(connection, answer)
    return answer


@dataclass(frozen=True, slots=True)
class _Going:
    """Whether a call may still go, and since when it waits."""

    check: GoCheck | None
    since: float

    def __call__(self) -> None:
        """Raises StoppedError."""
        if self.check is not None and time.monotonic() - self.since >= LONG_WAIT:
            self.check()


def _measured(
    connection: Connection, request: WireRequest, seconds: float, going: _Going, *, is_write: bool
) -> WireAnswer:
    started, outcome = time.monotonic(), "error"
    with span(f"NinjaOne {request.method}", kind="client", method=request.method, region=connection.region) as doing:
        try:
            retries = Retries(is_write=is_write, deadline=started + seconds)
            answer = _throttled(connection, request, retries, going)
            outcome = f"{answer.status // 100}xx"
            doing.tell(status=answer.status)
        except WireError as error:
            outcome = error.code
            raise
        finally:
            taken = time.monotonic() - started
            doing.tell(outcome=outcome)
            UPSTREAM_SECONDS.labels(connection.region, request.method, outcome).observe(taken)
    return answer


def _throttled(connection: Connection, request: WireRequest, retries: Retries, going: _Going) -> WireAnswer:
    deadline = retries.deadline

    def turn() -> None:
        if throttle is not None:
            throttle.pace(deadline)
        going()

    throttle = throttle_of(connection)
    if throttle is None:
        return _sent(connection, request, retries, turn)
    with throttle.slot(deadline):
        try:
            answer = _sent(connection, request, retries, turn)
        except WireError as error:
            throttle.note(is_failure=isinstance(error, FAILURES))
            raise
        throttle.note(is_failure=answer.status >= 500)
    return answer


def _sent(connection: Connection, request: WireRequest, retries: Retries, turn: Callable[[], None]) -> WireAnswer:
    """The answer after all tries; `turn` is waited for before each."""
    deadline = retries.deadline
    token = access_token(connection, deadline=deadline)
    while True:
        turn()
        answer = _answered(request, token, retries)
        if answer is None:
            continue
        if answer.status == 401 and _means_bad_token(answer, connection) and retries.after_refusal():
            token = refresh_after_401(connection, connection.token_version, deadline=deadline)
        elif not _is_again(answer, retries):
            return answer


def _is_again(answer: WireAnswer, retries: Retries) -> bool:
    """Whether the answer is one to try again after, having waited. Raises RateLimitedError."""
    if answer.status == 429:
        if not retries.after_throttling(answer.retry_after):
            raise RateLimitedError(
                f"NinjaOne wants fewer calls right now (HTTP 429: {describe(answer).message}) Nothing was done.",
                answer.retry_after or THROTTLED_SECONDS,
            )
        return True
    if answer.status >= 500:
        return retries.after_loss()
    # A web page that says 200 is how NinjaOne throttles reads. What it means for a write, the caller must say.
    if answer.is_html and 200 <= answer.status < 300 and not retries.is_write:
        if not retries.after_loss():
            raise RateLimitedError(
                "NinjaOne answered with a web page instead of data, as it does when it gets too many calls.",
                answer.retry_after or THROTTLED_SECONDS,
            )
        return True
    return False


def _answered(request: WireRequest, token: str, retries: Retries) -> WireAnswer | None:
    """An answer of any status; None when none came and the call may be sent again."""
    headers = {"Authorization": f"Bearer {token}"}
    try:
        answer = wire.exchange(request=request, headers=headers, is_write=retries.is_write, deadline=retries.deadline)
    except NotSentError:
        if not retries.after_no_connection():
            raise
    except AmbiguousError as error:
        if isinstance(error, TooLargeError) or not retries.after_loss():
            raise
    else:
        return answer.without(token)
    return None


def _check_origin(connection: Connection, request: WireRequest) -> None:
    try:
        origin = base_url(connection.region)
    except UnknownRegionError as error:
        raise NotConnectedError(f"{error} Nothing was sent. An admin must choose a region again.") from error
    if request.base_url != origin:
        raise EgressRefusedError("The request is for another host than this connection's region. Nothing was sent.")


def _means_bad_token(answer: WireAnswer, connection: Connection) -> bool:
    code = describe(answer).code
    if connection.refresh_token is None:
        # Nothing to renew with: only NinjaOne's own word for a dead token may end the connection.
        return code == "not_authenticated"
    # This 401 is about the technician's rights or the scopes; a new token changes neither.
    return code != "insufficient_privileges"
