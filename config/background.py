"""The work that nobody asks for at that moment: sending what was approved, and what time alone does.

On SQLite it is a thread of the server, on PostgreSQL the process `manage.py worker`. Everything it calls is
idempotent and may run in many places at once; the ledger's rows are the truth.
"""

from __future__ import annotations

import logging
import threading
import time

from django.conf import settings
from django.db import Error, close_old_connections, connections

from approvals.dispatch import dispatch_due
from approvals.sweep import sweep
from approvals.wake import WAKE

logger = logging.getLogger(__name__)

TICK_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 30.0


class Pulse:
    """When the loop of this process last came round (Unix time); None where it does not run."""

    last_round_at: float | None = None


def run_forever(stop: threading.Event) -> None:
    """Dispatches and sweeps until `stop` is set. Outlives a database that is locked, restarting or away."""
    sweep_at = 0.0
    failures = 0
    while not stop.is_set():
        try:
            sweep_at = work(stop, sweep_at)
        except Error as error:
            failures += 1
            _wait_for_database(stop, failures, error)
        else:
            failures = 0
            Pulse.last_round_at = time.time()
            WAKE.wait(TICK_SECONDS)
            WAKE.clear()
    connections.close_all()


def work(stop: threading.Event, sweep_at: float) -> float:
    """One round: everything that is due. Takes and returns when (monotonic) to sweep next."""
    close_old_connections()
    while not stop.is_set() and dispatch_due() > 0:
        pass
    if time.monotonic() < sweep_at:
        return sweep_at
    sweep()
    return time.monotonic() + settings.SWEEP_SECONDS


def keep_running(stop: threading.Event) -> None:
    """Runs the loop in a thread of its own and starts it again should a bug ever end it.

    Python prints the traceback of what ended it; one poisonous row must not stop everybody else's work for good.
    """
    while not stop.is_set():
        thread = threading.Thread(target=run_forever, args=(stop,), name="background")
        thread.start()
        thread.join()
        if not stop.is_set():
            logger.error("The background work ended unexpectedly. It starts again in %.0f s.", LONGEST_PAUSE_SECONDS)
            stop.wait(LONGEST_PAUSE_SECONDS)


def start_with_process() -> None:
    """Starts the work beside the server's threads. When the process ends it finishes what it is sending, then stops."""
    stop = threading.Event()

    def end_with_process() -> None:
        # The main thread "ends" as the interpreter begins to shut down, which then waits for threads like ours.
        threading.main_thread().join()
        stop.set()
        WAKE.set()

    threading.Thread(target=end_with_process, name="background-end").start()
    threading.Thread(target=keep_running, args=(stop,), name="background-keeper").start()


def _wait_for_database(stop: threading.Event, failures: int, error: Error) -> None:
    pause = min(2.0 ** (failures - 1), LONGEST_PAUSE_SECONDS)
    logger.warning("The database refused the background work (%s). Trying again in %.0f s.", error, pause)
    # A broken connection is not to be met again. Closing one that is broken already may fail like its use did.
    connections.close_all()
    stop.wait(pause)
