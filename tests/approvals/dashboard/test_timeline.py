from __future__ import annotations

from datetime import UTC, datetime, timedelta

from approvals.display.timeline import timeline_of
from approvals.models import Attempt, Decision, Invocation, Status
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
    assert told(call(finished_at=at(3)), Status.SUCCEEDED, decisions=[VOTE], attempts=[attempt]) == [
        ASKED,
        "Approved by ann",
        "Attempt 1 recorded; sent to NinjaOne",
        "NinjaOne answered 204",
        "Succeeded",
    ]


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
    assert steps[-1].at == "1 Jan 2026, 12:10:00 UTC"
