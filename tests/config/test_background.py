"""The background work: prompt, patient with the database, and gone when it is told."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest
from django.conf import LazySettings
from django.db import OperationalError

from approvals.models import Status
from approvals.wake import WAKE
from config import background
from config.dispatching import Dispatching
from config.polling import Polling
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
    """The loops without their work: what they would have called, in order."""
    called: list[str] = []
    monkeypatch.setattr(Dispatching, "round", lambda self: called.append("dispatch"))
    monkeypatch.setattr(background, "sweep", lambda: called.append("sweep"))
    monkeypatch.setattr(Polling, "round", lambda self: called.append("poll"))
    monkeypatch.setattr(background, "TICK_SECONDS", 0.01)
    return called


def test_what_was_approved_is_sent(acme: Tenant, stop: threading.Event) -> None:
    row = ask(acme, "ninja-reboot-device", device_id=45)
    approve(acme, row)
    thread = run(background.keep_running, stop)
    wait_for(lambda: again(row.pk).status == Status.SUCCEEDED)
    end(thread, stop)


def test_an_approval_wakes_it_before_the_next_tick(
    rounds: list[str], stop: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background, "TICK_SECONDS", 60.0)
    WAKE.clear()
    thread = run(background.dispatch_forever, stop)
    wait_for(lambda: rounds == ["dispatch"])
    WAKE.set()
    wait_for(lambda: rounds == ["dispatch", "dispatch"])
    end(thread, stop)


def test_it_sweeps_at_once_and_then_at_its_pace(
    rounds: list[str], stop: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []

    def wait(seconds: float) -> None:
        pauses.append(seconds)
        stop.set()

    monkeypatch.setattr(stop, "wait", wait)
    background.sweep_forever(stop)
    assert (rounds, pauses) == (["sweep"], [15.0])


def test_a_dispatcher_that_waits_for_ninjaone_does_not_keep_the_sweeper_waiting(
    rounds: list[str], stop: threading.Event, monkeypatch: pytest.MonkeyPatch, settings: LazySettings
) -> None:
    settings.SWEEP_SECONDS = 0.01
    monkeypatch.setattr(Dispatching, "round", lambda self: stop.wait())
    thread = run(background.keep_running, stop)
    wait_for(lambda: rounds.count("sweep") > 3)
    end(thread, stop)


def test_it_says_when_it_last_came_round(
    rounds: list[str], stop: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(background.Pulse, "last_round_at", None)
    before = time.time()
    thread = run(background.dispatch_forever, stop)
    wait_for(lambda: (background.Pulse.last_round_at or 0) >= before)
    end(thread, stop)


@pytest.mark.parametrize("loop", [background.dispatch_forever, background.sweep_forever, background.poll_forever])
def test_it_outlives_a_database_that_is_away(
    rounds: list[str],
    stop: threading.Event,
    loop: Callable[[threading.Event], None],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    errors = [OperationalError("locked"), OperationalError("locked")]

    def work(*_: object) -> None:
        if errors:
            raise errors.pop()
        rounds.append("worked")

    monkeypatch.setattr(Dispatching, "round", work)
    monkeypatch.setattr(Polling, "round", work)
    monkeypatch.setattr(background, "sweep", work)
    monkeypatch.setattr(background, "LONGEST_PAUSE_SECONDS", 0.05)
    thread = run(loop, stop)
    wait_for(lambda: "worked" in rounds)
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
