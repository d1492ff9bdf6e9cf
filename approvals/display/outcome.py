"""Where an invocation stands, in a sentence, and what came back."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from approvals.display.invisibles import marked, marked_lines
from approvals.display.request import pretty_json
from approvals.models import Invocation, ReasonCode, Status


class Outcome(NamedTuple):
    """The state of an invocation as read now, with everything known about its end."""

    status: Status
    words: str
    reason: str
    comment: SafeString
    acceptable: SafeString
    note: SafeString
    error: SafeString
    error_code: str
    upstream_status: int | None
    result: list[SafeString]
    is_truncated: bool
    removed_at: datetime | None


def outcome_of(invocation: Invocation, status: Status) -> Outcome:
    """The outcome of an invocation that stands at `status`."""
    return Outcome(
        status=status,
        words=status_words(invocation, status),
        reason=reason_words(invocation.reason_code),
        comment=marked(invocation.comment),
        acceptable=marked(invocation.acceptable),
        note=marked(invocation.note),
        error=marked(invocation.error_message),
        error_code=invocation.error_code,
        upstream_status=invocation.upstream_status,
        result=marked_lines(pretty_json(invocation.result)) if invocation.result else [],
        is_truncated=invocation.is_truncated,
        removed_at=invocation.result_removed_at,
    )


WORDS = {
    Status.PENDING_APPROVAL: gettext_lazy("Waits for a decision. Nothing was sent."),
    Status.DISPATCHING: gettext_lazy("Is being sent to NinjaOne right now."),
    Status.UNKNOWN: (
        gettext_lazy(
            "It was sent, but no clear answer came back: it may or may not have happened. It is not sent again. "
            "Look in NinjaOne, then settle it."
        )
    ),
    Status.DENIED: gettext_lazy("Denied. Nothing was sent."),
    Status.EXPIRED: gettext_lazy("Its time was over before it could be sent. Nothing was sent."),
    Status.CANCELLED: gettext_lazy("The agent withdrew it. Nothing was sent."),
    Status.BLOCKED: gettext_lazy(
        "It was stopped before it was sent: what the approval was bound to does not hold any more."
    ),
}


def status_words(invocation: Invocation, status: Status) -> str:
    """One sentence: what happened, and whether anything reached NinjaOne."""
    match status:
        case Status.QUEUED:
            return _("Approved; it is sent within moments.") if invocation.decided_at else _("Is sent within moments.")
        case Status.SUCCEEDED:
            return _("NinjaOne accepted it.") if invocation.is_write else _("NinjaOne answered.")
        case Status.FAILED:
            was_sent = invocation.dispatch_started_at is not None
            return _("It was sent, and it failed.") if was_sent else _("It was refused and never sent.")
    return str(WORDS[status])


def reason_words(code: str) -> str:
    """The label of a reason code; the code itself where it has none."""
    return str(ReasonCode(code).label) if code in ReasonCode.values else code
