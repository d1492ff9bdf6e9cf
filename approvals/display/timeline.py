"""The story of an invocation, from the request to its end. Each kind of event is a function, named in EVENTS."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.safestring import SafeString

from approvals.display.clock import absolute
from approvals.display.invisibles import marked
from approvals.display.outcome import reason_words
from approvals.models import Attempt, Decision, Invocation, OutcomeState, Status
from approvals.outcomes.telling import effect_of
from tools.models import Mode


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened, and when: for people, and for machines."""

    at: str
    iso: str
    words: SafeString


@dataclass(frozen=True, slots=True)
class Story:
    """What the events are read from. `status` is as it reads now; users and the agent are loaded."""

    invocation: Invocation
    status: Status
    decisions: Sequence[Decision]
    attempts: Sequence[Attempt]
    zone: str


Moments = Iterator[tuple[datetime, str]]
POLICIES = {
    Mode.AUTO: "The policy lets it run at once",
    Mode.APPROVAL_NEEDED: "The policy asks a person first",
    Mode.DISABLED: "The policy does not allow it",
}


def timeline_of(
    invocation: Invocation, *, status: Status, decisions: Iterable[Decision], attempts: Iterable[Attempt], zone: str
) -> list[Step]:
    """Its steps in the order in which they happened. Users and the agent must be loaded."""
    story = Story(invocation, status, list(decisions), list(attempts), zone)
    # Sorting keeps the order of EVENTS where two moments are the same.
    moments = sorted((moment for event in EVENTS for moment in event(story)), key=lambda moment: moment[0])
    return [Step(absolute(at, zone), at.isoformat(), marked(words)) for at, words in moments]


def _asked(story: Story) -> Moments:
    row = story.invocation
    yield row.created_at, f"{row.agent.name} asked for {row.tool_name or row.tool}"


def _judged(story: Story) -> Moments:
    if story.invocation.policy in Mode.values:
        yield story.invocation.created_at, POLICIES[Mode(story.invocation.policy)]


def _held(story: Story) -> Moments:
    row = story.invocation
    if row.approvals_needed:
        people = "one approval" if row.approvals_needed == 1 else f"{row.approvals_needed} approvals"
        yield row.created_at, f"Held for {people}, until {absolute(row.expires_at, story.zone)} at the latest"


def _voted(story: Story) -> Moments:
    for vote in story.decisions:
        why = f": {reason_words(vote.reason_code)}" if vote.reason_code else ""
        yield vote.decided_at, f"{vote.get_verdict_display()} by {vote.user.get_username()}{why}"


def _released(story: Story) -> Moments:
    row = story.invocation
    if row.decided_at is not None and row.release_by is not None:
        yield row.decided_at, f"Queued to be sent, until {absolute(row.release_by, story.zone)} at the latest"


def _tried(story: Story) -> Moments:
    for attempt in story.attempts:
        yield attempt.started_at, f"Attempt {attempt.number} recorded; sent to NinjaOne"
        if attempt.finished_at is not None:
            yield attempt.finished_at, _answer(attempt.upstream_status, attempt.error_code)


def _read(story: Story) -> Moments:
    """A read at once, which has no attempts of its own on record."""
    row = story.invocation
    if row.dispatch_started_at is not None and not story.attempts:
        yield row.dispatch_started_at, "Sent to NinjaOne"
        if row.finished_at is not None:
            yield row.finished_at, _answer(row.upstream_status, row.error_code)


def _ended(story: Story) -> Moments:
    row, status = story.invocation, story.status
    if status is Status.EXPIRED:
        deadline = row.release_by or row.expires_at or row.finished_at
        yield deadline or row.created_at, "Its time was over"
    elif row.finished_at is not None and not status.is_open:
        was_never_sent = status is Status.FAILED and row.dispatch_started_at is None
        words = "Refused; nothing was sent" if was_never_sent else str(status.label)
        # A note tells who settled it and how they knew; a message why it was cancelled or blocked.
        why = row.note or (row.error_message if status in WITH_REASON or was_never_sent else "")
        yield row.finished_at, f"{words}: {why}" if why else words


def _became(story: Story) -> Moments:
    """What happened on the device after NinjaOne had accepted it."""
    effect = effect_of(story.invocation)
    if effect is None:
        return
    if effect.started_at is not None:
        yield effect.started_at, "Started on the device"
    if effect.closed_at is not None:
        label = OutcomeState(effect.state).label
        yield effect.closed_at, f"{label}: {effect.reason}" if effect.reason else str(label)


WITH_REASON = {Status.CANCELLED, Status.BLOCKED}

EVENTS: tuple[Callable[[Story], Moments], ...] = (
    _asked, _judged, _held, _voted, _released, _tried, _read, _ended, _became,
)  # fmt: skip


def _answer(upstream_status: int | None, error_code: str) -> str:
    answer = f"NinjaOne answered {upstream_status}" if upstream_status else "No usable answer"
    return f"{answer} ({error_code})" if error_code else answer
