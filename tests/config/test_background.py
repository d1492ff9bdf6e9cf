"""The background work: prompt, patient with the database, and gone when it is told."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from django.db import OperationalError

from approvals.models import Status
from approvals.wake import WAKE
from config import background
from tests.approvals.asking import again, approve, ask
from tests.cast import Tenant


@pytest.fixture
def stop() -> Iterator[threading.Event]:
    """What ends the loop; set in any case when the test is over."""
    event = threading.Event()
    yield event
    event.set()
    WAKE.set()


def run(work: Callable[[threading.Event], None], stop: threading.Event) -> threading.Thread:
    """`work` in a thread of its own."""
    thread = threading.Thread(target=work, args=(stop,), daemon=True)
    thread.start()
    return thread


def wait_for(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    """Returns as soon as `condition` holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "It did not happen in time"
        time.sleep(0.01)


def end(thread: threading.Thread, stop: threading.Event) -> None:
    """Stops the loop and waits until it is gone."""
    stop.set()
    WAKE.set()
    thread.join(10)
    assert not thread.is_alive()


@pytest.fixture
def rounds(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The loop without its work: what it would have called, in order."""
    called: list[str] = []

    def dispatch_due() -> int:
        called.append("dispatch")
        return 0

    monkeypatch.setattr(background, "dispatch_due", dispatch_due)
    monkeypatch.setattr(background, "sweep", lambda: called.append("sweep"))
    monkeypatch.setattr(background, "TICK_SECONDS", 0.01)
    return called


def test_what_was_approved_is_sent(acme: Tenant, stop: threading.Event) -> None:
    row = ask(acme, "ninja-reboot-device", device_id=45)
    approve(acme, row)
    thread = run(background.run_forever, stop)
    wait_for(lambda: again(row.pk).status == Status.SUCCEEDED)
    end(thread, stop)


def test_an_approval_wakes_it_before_the_next_tick(
    rounds: list[str], stop: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "TICK_SECONDS", 60.0)
    WAKE.clear()
    thread = run(background.run_forever, stop)
    wait_for(lambda: rounds == ["dispatch", "sweep"])
    WAKE.set()
    wait_for(lambda: rounds == ["dispatch", "sweep", "dispatch"])
    end(thread, stop)


def test_it_dispatches_until_nothing_is_due(stop: threading.Event, monkeypatch: pytest.MonkeyPatch) -> None:
    left = [20, 20, 3, 0]
    monkeypatch.setattr(background, "dispatch_due", lambda: left.pop(0))
    monkeypatch.setattr(background, "sweep", lambda: None)
    background.work(stop, 0.0)
    assert left == []


def test_it_sweeps_at_once_and_then_every_fifteen_seconds(rounds: list[str], stop: threading.Event) -> None:
    sweep_at = background.work(stop, 0.0)
    assert rounds == ["dispatch", "sweep"]
    assert background.work(stop, sweep_at) == sweep_at
    assert rounds == ["dispatch", "sweep", "dispatch"]
    assert 14 < sweep_at - time.monotonic() <= 15


def test_it_says_when_it_last_came_round(
    rounds: list[str], stop: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background.Pulse, "last_round_at", None)
    before = time.time()
    thread = run(background.run_forever, stop)
    wait_for(lambda: (background.Pulse.last_round_at or 0) >= before)
    end(thread, stop)


def test_it_outlives_a_database_that_is_away(
    rounds: list[str], stop: threading.Event, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    answers: list[Exception | int] = [OperationalError("locked"), OperationalError("locked"), 0]

    def dispatch_due() -> int:
        answer = answers.pop(0) if answers else 0
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(background, "dispatch_due", dispatch_due)
    monkeypatch.setattr(background, "LONGEST_PAUSE_SECONDS", 0.05)
    thread = run(background.run_forever, stop)
    wait_for(lambda: "sweep" in rounds)
    end(thread, stop)
    warnings = [record.getMessage() for record in caplog.records if record.name == "config.background"]
    assert len(warnings) == 2
    assert "The database refused the background work (locked)" in warnings[0]


def test_it_waits_longer_each_time_up_to_half_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    stop = threading.Event()
    monkeypatch.setattr(stop, "wait", pauses.append)
    for failures in range(1, 9):
        background._wait_for_database(stop, failures, OperationalError("away"))
    assert pauses == [1, 2, 4, 8, 16, 30, 30, 30]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_bug_ends_a_round_and_not_the_work(
    rounds: list[str], stop: threading.Event, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    first = iter([KeyError("a poisonous row")])

    def sweep() -> None:
        for error in first:
            raise error
        rounds.append("swept")

    monkeypatch.setattr(background, "sweep", sweep)
    monkeypatch.setattr(background, "LONGEST_PAUSE_SECONDS", 0.01)
    thread = run(background.keep_running, stop)
    wait_for(lambda: "swept" in rounds)
    end(thread, stop)
    assert "The background work ended unexpectedly" in caplog.text


def test_it_stops_between_two_batches(stop: threading.Event, monkeypatch: pytest.MonkeyPatch) -> None:
    batches: list[int] = []

    def dispatch_due() -> int:
        batches.append(20)
        stop.set()
        return 20

    monkeypatch.setattr(background, "dispatch_due", dispatch_due)
    monkeypatch.setattr(background, "sweep", lambda: None)
    background.work(stop, 0.0)
    assert batches == [20]
