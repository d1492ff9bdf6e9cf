"""One line of a list of invocations."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from approvals.display.clock import absolute, age, seconds_left, time_left
from approvals.display.invisibles import marked
from approvals.display.sentence import sentence_of
from approvals.models import Effect, Invocation, OutcomeState, Status
from approvals.reading import status_now


class Row(NamedTuple):
    """What a list shows of an invocation, as read now. Text from outside is escaped and its odd characters marked."""

    id: UUID
    status: Status
    tool: str
    sentence: SafeString
    agent: SafeString
    device: SafeString
    organization: SafeString
    is_request: bool
    created: str
    created_iso: str
    age: str
    deadline: str
    left: str
    seconds_left: int
    votes: str
    decided_by: SafeString
    error_code: str
    # What its badge says: the status, or what became of it after NinjaOne accepted it.
    look: str
    label: str

    @property
    def is_waiting(self) -> bool:
        """Can still be decided."""
        return self.status is Status.PENDING_APPROVAL


# What a line of the history does not need of a row.
UNREAD = ("arguments", "facts", "consent", "query", "body", "path", "result", "reason", "effect__output")


# What a line says of a call that NinjaOne accepted.
ENDED_THERE = {
    OutcomeState.FAILED: ("bad", gettext_lazy("Failed on the device")),
    OutcomeState.DIFFERENT: ("bad", gettext_lazy("Not what was approved")),
    OutcomeState.RUNNING: ("info", gettext_lazy("Running")),
}


def row_of(invocation: Invocation, now: datetime, zone: str, *, in_words: bool = False, decided_by: str = "") -> Row:
    """The line of an invocation at `now`, its agent loaded. `in_words` says what it would do, from facts."""
    needed, status = invocation.approvals_needed, status_now(invocation, now)
    look, label = badge_of(invocation, status)
    return Row(
        id=invocation.pk,
        status=status,
        tool=invocation.tool_name or invocation.tool,
        sentence=sentence_of(invocation) if in_words else SafeString(""),
        agent=marked(invocation.agent.name),
        device=marked(invocation.device_name),
        organization=marked(invocation.organization_name),
        is_request=needed > 0,
        created=absolute(invocation.created_at, zone),
        created_iso=invocation.created_at.isoformat(),
        age=age((now - invocation.created_at).total_seconds()),
        deadline=absolute(invocation.expires_at, zone),
        left=time_left(invocation.expires_at, now),
        seconds_left=seconds_left(invocation.expires_at, now),
        votes=_votes(invocation.approvals_given, needed),
        decided_by=marked(decided_by),
        error_code=invocation.error_code if invocation.status == Status.FAILED else "",
        look=look,
        label=label,
    )


def badge_of(invocation: Invocation, status: Status) -> tuple[str, str]:
    """Colour and words of a line's badge. The outcome counts where the list has loaded it."""
    effect: Effect | None = invocation._state.fields_cache.get("effect")
    ended = ENDED_THERE.get(OutcomeState(effect.state)) if effect and status is Status.SUCCEEDED else None
    look, label = ended or (status.value, status.label)
    return look, str(label)


def _votes(given: int, needed: int) -> str:
    if needed <= 1:
        return ""
    return _("%(given)s of %(needed)s approvals") % {"given": given, "needed": needed}
