"""One call on the wire, and what became of it."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import orjson

from approvals.errors import HTTP_STATUS, GateError
from approvals.models import Status
from integrations.audit import canonical
from integrations.models import Connection
from integrations.ninjaone.client import GoCheck, send
from integrations.ninjaone.complaints import describe
from integrations.ninjaone.errors import AmbiguousError, UnusableAnswerError, WireError
from integrations.ninjaone.hosts import base_url
from integrations.ninjaone.wire import WireAnswer, WireRequest
from tools.calls import JSON, Call
from tools.errors import UnusableAnswerError as UnusableResultError
from tools.errors import UpstreamNotFoundError

logger = logging.getLogger(__name__)

# A paged read stops asking for more after this long and hands out what it has.
PAGING_SECONDS = 25


class Outcome(NamedTuple):
    """The end of an attempt, in the columns of the ledger."""

    status: Status
    result: str | None = None
    is_truncated: bool = False
    note: str = ""
    upstream_status: int | None = None
    upstream_request_id: str = ""
    incident_id: str = ""
    error_code: str = ""
    error_message: str = ""


def read_json(*, connection: Connection, call: Call, seconds: float | None = None) -> JSON:
    """The JSON of a GET. Raises UpstreamNotFoundError for 404, GateError for everything else that is not 2xx JSON."""
    try:
        answer = send(connection=connection, request=wire_request(connection, call), is_write=False, seconds=seconds)
        if answer.status == 404:
            raise UpstreamNotFoundError(call.path)
        if not 200 <= answer.status < 300:
            raise GateError(
                "upstream_error",
                f"NinjaOne answered {answer.status} to {call.path}: {_complaint(answer)} Nothing was changed.",
                extra={"upstream_status": answer.status},
            )
        value: JSON = parsed(answer)
    except WireError as error:
        raise gate_error(error) from error
    except UnusableAnswerError as error:
        raise GateError("upstream_error", f"NinjaOne's answer to {call.path} cannot be read: {error}.") from error
    return value


def perform(
    *,
    connection: Connection,
    request: WireRequest,
    call: Call,
    is_write: bool,
    go_check: GoCheck | None = None,
    since: float | None = None,
) -> Outcome:
    """Send `request` as it was frozen and say what became of it. Never raises.

    `call` is what `request` was made of: it knows a read's further pages and how a result is made. `go_check` is asked
    where much time has passed before it can be sent, since `since` on the monotonic clock.
    """
    try:
        sending = partial(send, connection=connection, is_write=is_write, go_check=go_check, since=since)
        return _perform(connection, request, call, sending, is_write=is_write)
    except Exception as error:
        # The only broad catch: whatever happened, the ledger gets an end, and a write that may be out is unknown.
        logger.exception("A call ended in an unforeseen way")
        text = f"Something unforeseen happened ({type(error).__name__})."
        return (
            _lost(text) if is_write else Outcome(Status.FAILED, error_code="upstream_unavailable", error_message=text)
        )


def parsed(answer: WireAnswer) -> JSON:
    """The answer's JSON, as it may be stored. Raises UnusableAnswerError."""
    value: JSON = answer.storable()
    return value


def wire_request(connection: Connection, call: Call) -> WireRequest:
    """The call as bytes for the connection's host."""
    return WireRequest(
        method=call.method,
        base_url=base_url(connection.region),
        path=call.path,
        query=call.query_text,
        body=call.body_text,
    )


def gate_error(error: WireError) -> GateError:
    """A wire error as a refusal."""
    code = error.code if error.code in HTTP_STATUS else "upstream_unavailable"
    return GateError(code, error.message, retry_after=error.retry_after)


def _perform(
    connection: Connection, request: WireRequest, call: Call, sending: Callable[..., WireAnswer], *, is_write: bool
) -> Outcome:
    pages: list[JSON] = []
    stop_at = time.monotonic() + PAGING_SECONDS
    following: WireRequest | None = request
    answer: WireAnswer | None = None
    try:
        while following is not None:
            answer = sending(request=following)
            if not 200 <= answer.status < 300:
                return _refused(answer, is_write=is_write)
            if is_write and _is_page(answer):
                # No route answers a write so. It is how NinjaOne turns calls away, and how gateways speak for it.
                return _lost(f"NinjaOne answered {answer.status} with a web page.", answer)
            pages.append(parsed(answer) if answer.body.strip() else None)
            out_of_time = is_write or time.monotonic() > stop_at
            page = None if out_of_time else call.answer.next_call(call, pages)
            following = None if page is None else wire_request(connection, page)
        status = 0 if answer is None else answer.status
        result = call.answer.result(pages, upstream_status=status)
    except AmbiguousError as error:
        if is_write:
            return _lost(error.message)
        return Outcome(Status.FAILED, error_code="upstream_unavailable", error_message=error.message[:1000])
    except WireError as error:
        return Outcome(Status.FAILED, error_code=gate_error(error).code, error_message=error.message[:1000])
    except (UnusableAnswerError, UnusableResultError) as error:
        return _unusable(answer, str(error), is_write=is_write)
    return Outcome(
        Status.SUCCEEDED,
        result=_text(result.value),
        is_truncated=result.truncated,
        note=result.note[:1000],
        upstream_status=status,
        upstream_request_id=_request_id(answer),
    )


def _is_page(answer: WireAnswer) -> bool:
    """Whether it is a web page, also where the header does not say so."""
    return bool(answer.is_html and answer.body.strip()) or answer.body[:256].lstrip().startswith(b"<")


def _text(value: JSON) -> str:
    """Compact JSON. What orjson does not write (integers over 64 bits) the standard library does."""
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError:
        return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _refused(answer: WireAnswer, *, is_write: bool) -> Outcome:
    """NinjaOne said no; a 5xx to a write may still have done it."""
    complaint = _complaint(answer)
    if is_write and answer.status >= 500:
        return _lost(f"NinjaOne answered {answer.status}: {complaint}", answer)
    return Outcome(
        Status.FAILED,
        upstream_status=answer.status,
        upstream_request_id=_request_id(answer),
        incident_id=describe(answer).incident_id,
        error_code="upstream_error",
        error_message=f"NinjaOne answered {answer.status}: {complaint}"[:1000],
    )


def _complaint(answer: WireAnswer) -> str:
    """What is wrong, in NinjaOne's words, with the number under which its support finds it."""
    said = describe(answer)
    return f"{said.message} Incident {said.incident_id}." if said.incident_id else said.message


def _unusable(answer: WireAnswer | None, text: str, *, is_write: bool) -> Outcome:
    """A 2xx whose body makes no sense: a write was accepted all the same."""
    status = None if answer is None else answer.status
    if is_write:
        return Outcome(
            Status.SUCCEEDED,
            result=canonical({"accepted": True, "upstream_status": status}),
            note="NinjaOne accepted the call, but its answer cannot be read (result_unreadable).",
            upstream_status=status,
            upstream_request_id=_request_id(answer),
        )
    return Outcome(
        Status.FAILED,
        upstream_status=status,
        upstream_request_id=_request_id(answer),
        error_code="upstream_error",
        error_message=f"NinjaOne's answer cannot be read: {text}"[:1000],
    )


def _lost(text: str, answer: WireAnswer | None = None) -> Outcome:
    return Outcome(
        Status.UNKNOWN,
        upstream_status=None if answer is None else answer.status,
        upstream_request_id=_request_id(answer),
        incident_id="" if answer is None else describe(answer).incident_id,
        error_code="outcome_unknown",
        error_message=f"{text} It may or may not have happened; it is not sent again."[:1000],
    )


def _request_id(answer: WireAnswer | None) -> str:
    return "" if answer is None else (answer.request_id or "")[:100]
