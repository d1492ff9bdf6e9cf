"""The work that nobody asks for at that moment: sending, telling people, what time alone does, and what became of it.

On SQLite it is a thread of the server, on PostgreSQL the process `manage.py worker`. Everything it calls is
idempotent and may run in many places at once; the ledger's rows are the truth.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, Error, close_old_connections, connections

from approvals.sweep import sweep
from approvals.wake import NOTICES, WAKE
from config.delivering import Delivering
from config.dispatching import Dispatching
from config.polling import Polling
from integrations.pooled import connection_release

logger = logging.getLogger(__name__)

TICK_SECONDS = 1.0
POLL_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 30.0


class Crew(Protocol):
    """Does what is due side by side, called from one thread."""

    def round(self) -> None:
        """Start what is due, as far as there is room."""

    def finish(self) -> None:
        """Wait for what is under way."""


class Pulse:
    """When the loop of this process last came round (Unix time); None where it does not run."""

    last_round_at: float | None = None


def dispatch_forever(stop: threading.Event) -> None:
    """Sends what is due until `stop` is set, then waits for what is on the wire. Outlives a database that is away."""

    def beat() -> None:
        Pulse.last_round_at = time.time()

    _go_round(Dispatching(), WAKE, stop, after=beat)


def deliver_forever(stop: threading.Event) -> None:
    """Delivers what people and agents are to be told, in the same way."""
    _go_round(Delivering(), NOTICES, stop, after=lambda: None)


def poll_forever(stop: threading.Event) -> None:
    """Looks in NinjaOne for the outcomes of what was sent, in the same way."""
    _go_round(Polling(), threading.Event(), stop, after=lambda: None, tick=POLL_SECONDS)


def _go_round(
    crew: Crew, bell: threading.Event, stop: threading.Event, *, after: Callable[[], None], tick: float | None = None
) -> None:
    failures = 0
    try:
        while not stop.is_set():
            try:
                close_old_connections()
                crew.round()
            except Error as error:
                failures += 1
                _wait_for_database(stop, failures, error)
            else:
                failures = 0
                after()
                connection_release()
                bell.wait(TICK_SECONDS if tick is None else tick)
                bell.clear()
    finally:
        crew.finish()
        connections.close_all()


def sweep_forever(stop: threading.Event) -> None:
    """Lets deadlines pass, however long the dispatcher waits for NinjaOne. Outlives a database that is away."""
    failures = 0
    try:
        while not stop.is_set():
            try:
                close_old_connections()
                sweep()
            except Error as error:
                failures += 1
                _wait_for_database(stop, failures, error)
            else:
                failures = 0
                connection_release()
                stop.wait(settings.SWEEP_SECONDS)
    finally:
        connections.close_all()


def keep_running(stop: threading.Event) -> None:
    """All loops, until `stop` is set and nothing is on the wire any more."""
    loops = [dispatch_forever, sweep_forever, deliver_forever, poll_forever]
    if connections[DEFAULT_DB_ALIAS].vendor == "postgresql":
        from config.listening import listen_forever  # noqa: PLC0415 - SQLite does without psycopg

        loops.append(listen_forever)
    keepers = [threading.Thread(target=_keep, args=(loop, stop)) for loop in loops]
    for keeper in keepers:
        keeper.start()
    for keeper in keepers:
        keeper.join()


def _keep(loop: Callable[[threading.Event], None], stop: threading.Event) -> None:
    """Runs the loop in a thread of its own and starts it again should a bug ever end it.

    Python prints the traceback of what ended it; one poisonous row must not stop everybody else's work for good.
    """
    while not stop.is_set():
        thread = threading.Thread(target=loop, args=(stop,), name=loop.__name__)
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
