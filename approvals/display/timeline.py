"""The story of an invocation, from the request to its end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils.safestring import SafeString

from approvals.display.clock import absolute
from approvals.display.invisibles import marked
from approvals.display.outcome import reason_words
from approvals.models import Attempt, Decision, Invocation, Status


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened."""

    at: str
    words: SafeString


def timeline_of(
    invocation: Invocation, *, status: Status, decisions: Iterable[Decision], attempts: Iterable[Attempt], zone: str
) -> list[Step]:
    """Its steps in the order in which they happened. Users and the agent must be loaded."""
    asked = f"{invocation.agent.name} asked for {invocation.tool_name or invocation.tool}"
    moments = [(invocation.created_at, asked), *_decision_moments(decisions), *_attempt_moments(attempts)]
    moments += _end(invocation, status)  # last, where two moments are the same
    moments.sort(key=lambda moment: moment[0])
    return [Step(absolute(at, zone), marked(words)) for at, words in moments]


def _end(invocation: Invocation, status: Status) -> Iterator[tuple[datetime, str]]:
    if status is Status.EXPIRED:
        deadline = invocation.release_by or invocation.expires_at or invocation.finished_at
        yield deadline or invocation.created_at, "Its time was over"
    elif invocation.finished_at is not None and not status.is_open:
        yield invocation.finished_at, str(status.label)


def _decision_moments(decisions: Iterable[Decision]) -> Iterator[tuple[datetime, str]]:
    for vote in decisions:
        why = f": {reason_words(vote.reason_code)}" if vote.reason_code else ""
        yield vote.decided_at, f"{vote.get_verdict_display()} by {vote.user.get_username()}{why}"


def _attempt_moments(attempts: Iterable[Attempt]) -> Iterator[tuple[datetime, str]]:
    for attempt in attempts:
        yield attempt.started_at, f"Attempt {attempt.number} recorded; sent to NinjaOne"
        if attempt.finished_at is not None:
            answer = f"NinjaOne answered {attempt.upstream_status}" if attempt.upstream_status else "No usable answer"
            code = f" ({attempt.error_code})" if attempt.error_code else ""
            yield attempt.finished_at, f"{answer}{code}"
