"""What log lines are about: the request and the invocation that this thread works on, each "" outside of one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="")
INVOCATION_ID: ContextVar[str] = ContextVar("invocation_id", default="")


@contextmanager
def about_invocation(invocation_id: object) -> Iterator[None]:
    """Log lines of the block name the invocation."""
    token = INVOCATION_ID.set(str(invocation_id))
    try:
        yield
    finally:
        INVOCATION_ID.reset(token)
