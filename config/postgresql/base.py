"""Django's PostgreSQL with a health check that asks the server only where there is reason to.

A server that went away, or that was told to end this connection, has closed it: the socket has something to read.
Where it has nothing, the question (`SELECT 1`, once per request) would tell no more, and costs a round trip.
"""

from __future__ import annotations

import select
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db.backends.postgresql import base
from psycopg.adapt import Buffer, Loader
from psycopg.pq import Format

__all__ = ["DatabaseWrapper"]

# Stands on connections that read JSON in both formats.
READS_JSON = "countersign_reads_json"


class JsonTextLoader(Loader):
    """JSON as the text that Django's JSONField expects, also where the result is binary (`integrations.prepared`)."""

    format = Format.BINARY

    def load(self, data: Buffer) -> str:
        """Without the version of the format, its first byte."""
        return bytes(data[1:]).decode()


class DatabaseWrapper(base.DatabaseWrapper):
    """Named as Django looks for it."""

    is_planned_afresh = False
    # The pool that Django has taken a connection from for this thread, all settings looked at.
    known_pool: Any = None

    def connect(self) -> None:
        """Django's way once. After that what the pool hands out needs no more than to be as a new one would be."""
        pool = self.pool
        if pool is None or pool is not self.known_pool:
            super().connect()
            self.known_pool = pool
            return
        self.in_atomic_block = self.needs_rollback = self.closed_in_transaction = self.errors_occurred = False
        self.savepoint_ids, self.atomic_blocks, self.run_on_commit = [], [], []
        # In hand before anything can fail, so that it goes back to the pool in any case.
        self.connection, self.autocommit = self._fit(pool.getconn()), True
        if not self.connection.autocommit:
            self.connection.autocommit = True

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """A connection that reads JSON in both formats alike."""
        return self._fit(super().get_new_connection(conn_params))

    def _fit(self, connection: Any) -> Any:
        while (pool := self.pool) and _has_something_to_read(connection):
            connection.close()  # the pool makes another one in its place
            pool.putconn(connection)
            connection = pool.getconn()
        if not connection.__dict__.get(READS_JSON):
            connection.adapters.register_loader("jsonb", JsonTextLoader)
            connection.__dict__[READS_JSON] = True
        self._set_plans(connection)
        return connection

    @contextmanager
    def planned_afresh(self) -> Iterator[None]:
        """Until the block ends each statement is planned for the values that it comes with, and none is kept.

        A plan that is kept must fit every MSP. For one that has most of the rows it reads them all, where its own plan
        would have followed an index: 300 ms instead of 10 for a page. An agent's few statements have no such choice.
        """
        before = self.is_planned_afresh
        self._plan_afresh(True)
        try:
            yield
        finally:
            self._plan_afresh(before)

    def _plan_afresh(self, is_wanted: bool) -> None:
        self.is_planned_afresh = is_wanted
        if self.connection is not None:
            self._set_plans(self.connection)

    def _set_plans(self, connection: Any) -> None:
        """As this thread wants it: what comes from a pool may be as another thread left it, and goes back meanwhile."""
        usual = self.settings_dict["OPTIONS"].get("prepare_threshold")
        connection.prepare_threshold = None if self.is_planned_afresh else usual

    def is_usable(self) -> bool:
        """Whether the kept connection may be used for another request."""
        if self.connection is None or self.connection.closed:
            return False
        # It may also be a notice, so it is the server's to say.
        return not _has_something_to_read(self.connection) or super().is_usable()


def _has_something_to_read(connection: Any) -> bool:
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN | select.POLLERR | select.POLLHUP)
    return bool(poll.poll(0))
