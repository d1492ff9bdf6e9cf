"""The story of an invocation, from the request to its end. Each kind of event is a function, named in EVENTS."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from approvals.display.clock import absolute
from approvals.display.invisibles import marked
from approvals.display.outcome import reason_words
from approvals.models import Attempt, Decision, Invocation, OutcomeState, Status
from approvals.outcomes.telling import effect_of
from tools.models import Mode


class Step(NamedTuple):
    """One thing that happened, and when: for people, and for machines."""

    at: str
    iso: str
    words: SafeString


class Story(NamedTuple):
    """What the events are read from. `status` is as it reads now; users and the agent are loaded."""

    invocation: Invocation
    status: Status
    decisions: Sequence[Decision]
    attempts: Sequence[Attempt]
    zone: str


# Safe HTML: what strangers wrote is marked.
Moments = Iterator[tuple[datetime, SafeString]]
POLICIES = {
    Mode.AUTO: gettext_lazy("The policy lets it run at once"),
    Mode.APPROVAL_NEEDED: gettext_lazy("The policy asks a person first"),
    Mode.DISABLED: gettext_lazy("The policy does not allow it"),
}


def timeline_of(
    invocation: Invocation, *, status: Status, decisions: Iterable[Decision], attempts: Iterable[Attempt], zone: str
) -> list[Step]:
    """Its steps in the order in which they happened. Users and the agent must be loaded."""
    story = Story(invocation, status, list(decisions), list(attempts), zone)
    # Sorting keeps the order of EVENTS where two moments are the same.
    moments = sorted((moment for event in EVENTS for moment in event(story)), key=lambda moment: moment[0])
    return [Step(absolute(at, zone), at.isoformat(), words) for at, words in moments]


def _asked(story: Story) -> Moments:
    row = story.invocation
    yield row.created_at, _said(_("{agent} asked for {tool}"), agent=row.agent.name, tool=row.tool_name or row.tool)


def _judged(story: Story) -> Moments:
    if story.invocation.policy in Mode.values:
        yield story.invocation.created_at, _said(str(POLICIES[Mode(story.invocation.policy)]))


def _held(story: Story) -> Moments:
    row = story.invocation
    if row.approvals_needed:
        words = ngettext(
            "Held for one approval, until {deadline} at the latest",
            "Held for {number} approvals, until {deadline} at the latest",
            row.approvals_needed,
        )
        deadline = absolute(row.expires_at, story.zone)
        yield row.created_at, _said(words, number=row.approvals_needed, deadline=deadline)


def _voted(story: Story) -> Moments:
    for vote in story.decisions:
        words = _("{verdict} by {person}: {reason}") if vote.reason_code else _("{verdict} by {person}")
        said = {"person": vote.user.get_username(), "reason": escape(reason_words(vote.reason_code))}
        yield vote.decided_at, _said(words, verdict=escape(vote.get_verdict_display()), **said)


def _released(story: Story) -> Moments:
    row = story.invocation
    if row.decided_at is not None and row.release_by is not None:
        yield (
            row.decided_at,
            _said(
                _("Queued to be sent, until {deadline} at the latest"), deadline=absolute(row.release_by, story.zone)
            ),
        )


def _tried(story: Story) -> Moments:
    for attempt in story.attempts:
        yield attempt.started_at, _said(_("Attempt {number} recorded; sent to NinjaOne"), number=attempt.number)
        if attempt.finished_at is not None:
            yield attempt.finished_at, _answer(attempt.upstream_status, attempt.error_code)


def _read(story: Story) -> Moments:
    """A read at once, which has no attempts of its own on record."""
    row = story.invocation
    if row.dispatch_started_at is not None and not story.attempts:
        yield row.dispatch_started_at, _said(_("Sent to NinjaOne"))
        if row.finished_at is not None:
            yield row.finished_at, _answer(row.upstream_status, row.error_code)


def _ended(story: Story) -> Moments:
    row, status = story.invocation, story.status
    if status is Status.EXPIRED:
        deadline = row.release_by or row.expires_at or row.finished_at
        yield deadline or row.created_at, _said(_("Its time was over"))
    elif row.finished_at is not None and not status.is_open:
        was_never_sent = status is Status.FAILED and row.dispatch_started_at is None
        words = escape(_("Refused; nothing was sent") if was_never_sent else status.label)
        # A note tells who settled it and how they knew; a message why it was cancelled or blocked.
        why = row.note or (row.error_message if status in WITH_REASON or was_never_sent else "")
        yield row.finished_at, _said(_("{what}: {why}"), what=words, why=why) if why else words


def _became(story: Story) -> Moments:
    """What happened on the device after NinjaOne had accepted it."""
    effect = effect_of(story.invocation)
    if effect is None:
        return
    if effect.started_at is not None:
        yield effect.started_at, _said(_("Started on the device"))
    if effect.closed_at is not None:
        label, why = escape(OutcomeState(effect.state).label), effect.reason
        yield effect.closed_at, _said(_("{what}: {why}"), what=label, why=why) if why else label


def _removed(story: Story) -> Moments:
    if story.invocation.result_removed_at is not None:
        yield story.invocation.result_removed_at, _said(_("What came back was removed: its time was over"))


WITH_REASON = {Status.CANCELLED, Status.BLOCKED}

EVENTS: tuple[Callable[[Story], Moments], ...] = (
    _asked, _judged, _held, _voted, _released, _tried, _read, _ended, _became, _removed,
)  # fmt: skip


def _answer(upstream_status: int | None, error_code: str) -> SafeString:
    if upstream_status and error_code:
        return _said(_("NinjaOne answered {status} ({code})"), status=upstream_status, code=error_code)
    if upstream_status:
        return _said(_("NinjaOne answered {status}"), status=upstream_status)
    return _said(_("No usable answer ({code})"), code=error_code) if error_code else _said(_("No usable answer"))


def _said(words: str, **values: object) -> SafeString:
    """Our words with values, of which those that are not safe yet are marked."""
    safe = {name: value if isinstance(value, SafeString) else marked(str(value)) for name, value in values.items()}
    return format_html(words, **safe) if safe else escape(words)
