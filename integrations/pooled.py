"""DATABASE_POOL: connections that threads share. Whoever is about to wait for something else gives its own back."""

from __future__ import annotations

from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.backends.base.base import BaseDatabaseWrapper


def connection_release() -> None:
    """Give this thread's connection back to the pool, until its next statement takes one.

    Does nothing without a pool, where the connection is the thread's own, and inside a transaction.
    """
    release(connections[DEFAULT_DB_ALIAS])


def release(database: BaseDatabaseWrapper) -> None:
    """The same for a connection in hand."""
    if database.settings_dict["OPTIONS"].get("pool") and not database.in_atomic_block:
        database.close()


def connections_end() -> None:
    """Close this thread's connection, and the pool with its threads: this process is about to fork."""
    database: Any = connections[DEFAULT_DB_ALIAS]
    database.close()
    if database.settings_dict["OPTIONS"].get("pool"):
        database.close_pool()
