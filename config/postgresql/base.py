"""Django's PostgreSQL with a health check that asks the server only where there is reason to.

A server that went away, or that was told to end this connection, has closed it: the socket has something to read.
Where it has nothing, the question (`SELECT 1`, once per request) would tell no more, and costs a round trip.
"""

from __future__ import annotations

import select

from django.db.backends.postgresql import base

__all__ = ["DatabaseWrapper"]


class DatabaseWrapper(base.DatabaseWrapper):
    """Named as Django looks for it."""

    def is_usable(self) -> bool:
        """Whether the kept connection may be used for another request."""
        if self.connection is None or self.connection.closed:
            return False
        poll = select.poll()
        poll.register(self.connection.fileno(), select.POLLIN | select.POLLERR | select.POLLHUP)
        # Something to read may also be a notice, so it is the server's to say.
        return not poll.poll(0) or super().is_usable()
