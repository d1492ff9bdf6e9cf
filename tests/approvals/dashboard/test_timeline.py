from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from approvals.display.timeline import timeline_of
from approvals.models import Attempt, Decision, Effect, Invocation, Status
from integrations.models import Agent, User

START = datetime(2026, 1, 1, 12, tzinfo=UTC)


def at(minutes: int) -> datetime:
    return START + timedelta(minutes=minutes)


def told(
    row: Invocation, status: Status, *, decisions: list[Decision] | None = None, attempts: list[Attempt] | None = None
) -> list[str]:
    steps = timeline_of(row, status=status, decisions=decisions or [], attempts=attempts or [], zone="UTC")
    return [step.words for step in steps]


def call(**fields: object) -> Invocation:
    return Invocation(tool="ninjaone:ninja-reboot-device", agent=Agent(name="bot <b>"), created_at=at(0), **fields)


ASKED = "bot &lt;b&gt; asked for ninja-reboot-device"
VOTE = Decision(user=User(username="ann"), verdict="approved", decided_at=at(1))


def test_the_story_goes_from_the_request_to_its_end() -> None:
    attempt = Attempt(number=1, started_at=at(2), finished_at=at(3), upstream_status=204)
    row = call(
        policy="approval_needed", approvals_needed=1, expires_at=at(60), decided_at=at(1), release_by=at(11),
        finished_at=at(3), dispatch_started_at=at(2),
    )  # fmt: skip
    assert told(row, Status.SUCCEEDED, decisions=[VOTE], attempts=[attempt]) == [
        ASKED,
        "The policy asks a person first",
        "Held for one approval, until 1 Jan 2026, 13:00:00 UTC at the latest",
        "Approved by ann",
        "Queued to be sent, until 1 Jan 2026, 12:11:00 UTC at the latest",
        "Attempt 1 recorded; sent to NinjaOne",
        "NinjaOne answered 204",
        "Succeeded",
    ]


def test_a_read_at_once_tells_when_it_was_sent_and_answered() -> None:
    row = call(policy="auto", dispatch_started_at=at(0), finished_at=at(1), upstream_status=200)
    assert told(row, Status.SUCCEEDED) == [
        ASKED, "The policy lets it run at once", "Sent to NinjaOne", "NinjaOne answered 200", "Succeeded",
    ]  # fmt: skip


def test_a_refusal_says_why_and_that_nothing_was_sent() -> None:
    row = call(policy="disabled", finished_at=at(0), error_message="This tool is disabled.")
    assert told(row, Status.FAILED) == [
        ASKED, "The policy does not allow it", "Refused; nothing was sent: This tool is disabled.",
    ]  # fmt: skip


def test_who_settled_an_unknown_outcome_and_how_they_knew_is_told() -> None:
    attempt = Attempt(number=1, started_at=at(2), finished_at=at(3), error_code="outcome_unknown")
    row = call(dispatch_started_at=at(2), finished_at=at(9), note="Settled by ann: Seen in the feed.")
    assert told(row, Status.SUCCEEDED, attempts=[attempt])[-2:] == [
        "No usable answer (outcome_unknown)", "Succeeded: Settled by ann: Seen in the feed.",
    ]  # fmt: skip


@pytest.mark.parametrize("status", [Status.CANCELLED, Status.BLOCKED])
def test_what_was_stopped_says_why(status: Status) -> None:
    row = call(finished_at=at(5), error_message="Cancelled: ann reported a request of this agent as suspicious.")
    assert told(row, status)[-1] == f"{status.label}: {row.error_message}"


def test_what_happened_on_the_device_comes_last() -> None:
    row = call(is_write=True, dispatch_started_at=at(1), finished_at=at(2))
    row._state.adding = False
    row.effect = Effect(state="failed", started_at=at(3), closed_at=at(5), reason="It ended with 2.")
    attempt = Attempt(number=1, started_at=at(1), finished_at=at(2), upstream_status=200)
    assert told(row, Status.SUCCEEDED, attempts=[attempt])[-3:] == [
        "Succeeded",
        "Started on the device",
        "Failed on the device: It ended with 2.",
    ]


def test_two_people_are_both_in_the_story() -> None:
    second = Decision(user=User(username="bob"), verdict="approved", decided_at=at(2))
    row = call(approvals_needed=2, expires_at=at(60))
    steps = told(row, Status.QUEUED, decisions=[second, VOTE])
    assert steps[1].startswith("Held for 2 approvals")
    assert steps[2:] == ["Approved by ann", "Approved by bob"]


def test_an_attempt_on_the_wire_has_no_end_yet() -> None:
    attempt = Attempt(number=1, started_at=at(2))
    assert told(call(), Status.DISPATCHING, attempts=[attempt])[-1] == "Attempt 1 recorded; sent to NinjaOne"


def test_an_answer_that_never_came_says_so() -> None:
    attempt = Attempt(number=1, started_at=at(2), finished_at=at(3), error_code="outcome_unknown")
    assert "No usable answer (outcome_unknown)" in told(call(), Status.UNKNOWN, attempts=[attempt])


def test_a_denial_carries_its_reason() -> None:
    vote = Decision(user=User(username="ann"), verdict="denied", reason_code="wrong_time", decided_at=at(1))
    assert told(call(), Status.DENIED, decisions=[vote]) == [ASKED, "Denied by ann: Wrong time"]


def test_an_overdue_request_ends_at_the_deadline_that_passed() -> None:
    steps = timeline_of(call(expires_at=at(30)), status=Status.EXPIRED, decisions=[], attempts=[], zone="UTC")
    assert (steps[-1].words, steps[-1].at) == ("Its time was over", "1 Jan 2026, 12:30:00 UTC")
    released = call(expires_at=at(30), release_by=at(10))
    steps = timeline_of(released, status=Status.EXPIRED, decisions=[VOTE], attempts=[], zone="UTC")
    assert (steps[-1].at, steps[-1].iso) == ("1 Jan 2026, 12:10:00 UTC", "2026-01-01T12:10:00+00:00")
