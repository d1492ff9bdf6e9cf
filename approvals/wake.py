"""The bells between what makes something due and the loops that do it, in this process and in all workers."""

from __future__ import annotations

import threading

from django.db import connection, transaction

# An approval: there is something to send to NinjaOne.
WAKE = threading.Event()
# A row of the outbox: there is something to tell.
NOTICES = threading.Event()
# PostgreSQL's name for both.
CHANNEL = "countersign"


def ring(bell: threading.Event) -> None:
    """Wake the loop that waits for `bell` when this transaction is committed; on PostgreSQL in every worker, too.

    Whoever hears of it from the database looks for both, so that one NOTIFY a transaction is enough: commits with one
    wait for each other.
    """
    has_rung = any(entry[1] in (WAKE.set, NOTICES.set) for entry in connection.run_on_commit)
    transaction.on_commit(bell.set)
    if connection.vendor == "postgresql" and not has_rung:
        with connection.cursor() as cursor:
            cursor.execute(f"NOTIFY {CHANNEL}")
