"""The invocation as an agent sees it: the one envelope of REST and MCP."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
from django.conf import settings
from django.utils.translation import override

from approvals.errors import HTTP_STATUS, RETRYABLE
from approvals.models import Invocation, ReasonCode, Status
from approvals.outcomes.telling import outcome_of, outcome_words
from approvals.reading import status_now
from approvals.timestamps import timestamp

# Seconds until it makes sense to look again.
LOOK_AGAIN = {Status.PENDING_APPROVAL: 5, Status.QUEUED: 1, Status.DISPATCHING: 1}
LONG_WAIT = 30


def envelope(invocation: Invocation, *, now: datetime, msp_name: str, is_dry_run: bool = False) -> dict[str, Any]:
    """The invocation at `now` (database time). A dry run has no id, nothing to approve and nothing to look at.

    `arguments` and `result` are the JSON texts that the ledger holds, to be written as they are.
    """
    status = status_now(invocation, now)
    return {
        "id": None if is_dry_run else str(invocation.pk),
        "tool": invocation.tool,
        "status": status.value,
        "policy": invocation.policy,
        "message": _dry_message(status, msp_name) if is_dry_run else _whole_message(invocation, status, msp_name),
        "arguments": orjson.Fragment(invocation.arguments),
        "target": {
            "device_id": invocation.device_id,
            "device": invocation.device_name or None,
            "organization_id": invocation.organization_id,
            "organization": invocation.organization_name or None,
        },
        "digest": invocation.digest or None,
        "dispatch_started": invocation.dispatch_started_at is not None,
        "result": None if invocation.result in (None, "null") else orjson.Fragment(invocation.result),
        "outcome": None if is_dry_run else outcome_of(invocation, now),
        "error": error_of(invocation, status),
        "approval": None if is_dry_run else _approval(invocation, status),
        "next": None if is_dry_run else next_of(invocation, status),
        "created_at": timestamp(invocation.created_at),
        "finished_at": timestamp(invocation.finished_at),
    }


def http_status_of(invocation: Invocation, now: datetime) -> int:
    """The HTTP status of a call that became this invocation (the wire contract's table)."""
    status = status_now(invocation, now)
    if status.is_open:
        return 202
    error = error_of(invocation, status)
    # A failure without a code of the contract is still NinjaOne's no.
    return 200 if error is None else HTTP_STATUS.get(error["code"], HTTP_STATUS["upstream_error"])


def error_of(invocation: Invocation, status: Status) -> dict[str, Any] | None:
    """The error object of a failed or unknown invocation; None for every other status."""
    if status not in {Status.FAILED, Status.UNKNOWN}:
        return None
    is_unknown = status is Status.UNKNOWN
    code = "outcome_unknown" if is_unknown else invocation.error_code or "upstream_error"
    if code == "outcome_unknown" and not is_unknown:
        code = "upstream_error"  # somebody looked since, and it did not happen
    error: dict[str, Any] = {
        "code": code,
        "message": invocation.error_message or _message(invocation, status, ""),
        "retryable": code in RETRYABLE,
        "dispatch_started": invocation.dispatch_started_at is not None,
        "upstream_status": invocation.upstream_status,
    }
    return {**error, "do_not_retry": True} if is_unknown else error


def next_of(invocation: Invocation, status: Status) -> dict[str, Any] | None:
    """How to look again while the invocation is open; None once it is not."""
    if not status.is_open:
        return None
    url = f"/api/v1/invocations/{invocation.pk}?wait={LONG_WAIT}"
    return {"method": "GET", "url": url, "after_seconds": LOOK_AGAIN[status]}


def _approval(invocation: Invocation, status: Status) -> dict[str, Any] | None:
    if invocation.approvals_needed == 0:
        return None
    denial = {"do_not_retry": True, "acceptable": invocation.acceptable or None} if status is Status.DENIED else {}
    return {
        "url": f"{settings.PUBLIC_URL}/dashboard/approvals/approvalrequest/{invocation.pk}/",
        "expires_at": timestamp(invocation.expires_at),
        "decided_at": timestamp(invocation.decided_at),
        "reason_code": invocation.reason_code or None,
        "comment": invocation.comment or None,
        **denial,
    }


def _whole_message(invocation: Invocation, status: Status, msp_name: str) -> str:
    """The message, with what was removed since."""
    words = _message(invocation, status, msp_name)
    if invocation.result_removed_at is None:
        return words
    removed = f"{invocation.result_removed_at.astimezone(UTC):%Y-%m-%d}"
    return f"{words} What came back is no longer kept: {msp_name} keeps it for a time, and it was removed on {removed}."


def _message(invocation: Invocation, status: Status, msp_name: str) -> str:
    """What happened, and what to do next."""
    match status:
        case Status.PENDING_APPROVAL:
            return f"Not executed yet: a technician of {msp_name} must approve it. Look again with next."
        case Status.QUEUED | Status.DISPATCHING:
            return _under_way(invocation, status)
        case Status.UNKNOWN:
            return (
                "It was sent, but how it ended is not known: it may or may not have happened, and it is not sent "
                "again. Do not repeat it; check the device, or ask a technician. If NinjaOne shows what became of it, "
                "that settles it."
            )
        case Status.SUCCEEDED:
            return f"{_success(invocation)} {invocation.note}".strip()
        case Status.FAILED:
            return _failure(invocation)
        case Status.DENIED:
            return _denial(invocation, msp_name)
    return _never_sent(invocation, status)


def _under_way(invocation: Invocation, status: Status) -> str:
    if status is Status.DISPATCHING:
        return "It is being sent to NinjaOne right now. Look again with next."
    if invocation.dispatch_started_at is not None:
        return "The first try to read it broke off; it is read again. Look again with next."
    taken = "Approved" if invocation.decided_at is not None else "Accepted"
    return f"{taken}, but not sent yet: it is next in line. Look again with next."


def _success(invocation: Invocation) -> str:
    if not invocation.is_write:
        return "Done."
    return outcome_words(invocation) or "Done: NinjaOne accepted it."


def _failure(invocation: Invocation) -> str:
    if invocation.dispatch_started_at is None:
        return invocation.error_message or "It failed before anything was sent to NinjaOne."
    return f"It failed. {invocation.error_message}".strip()


def _denial(invocation: Invocation, msp_name: str) -> str:
    known = invocation.reason_code in ReasonCode.values
    # Agents read English.
    with override(settings.LANGUAGE_CODE):
        why = str(ReasonCode(invocation.reason_code).label) if known else invocation.reason_code
    words = ": ".join(part for part in (why, invocation.comment) if part)
    instead = f" They would approve instead: {invocation.acceptable}" if invocation.acceptable else ""
    return (
        f"Not executed: a technician of {msp_name} said no{f' ({words})' if words else ''}. "
        f"Do not ask for the same again; change what was objected to, or ask them.{instead}"
    )


def _never_sent(invocation: Invocation, status: Status) -> str:
    match status:
        case Status.CANCELLED:
            return "Withdrawn before it was sent; nothing happened."
        case Status.BLOCKED:
            changed = invocation.error_message or "Not sent, because a fact the approval was bound to changed."
            return f"{changed} Ask again if it is still needed, so that it is approved as things are now."
    if invocation.approvals_needed and invocation.decided_at is None:
        return "Not executed: nobody decided in time. Ask again if it is still needed."
    return "Not executed: its time to be sent ran out. Ask again if it is still needed."


def _dry_message(status: Status, msp_name: str) -> str:
    if status is Status.PENDING_APPROVAL:
        return f"Dry run: nothing was stored or sent. This call would wait for a technician of {msp_name}."
    return "Dry run: nothing was stored or sent. This call would run at once."
