"""What log lines are about: the request and the invocation that this thread works on, each "" outside of one."""

from __future__ import annotations

from contextvars import ContextVar, Token

REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="")
INVOCATION_ID: ContextVar[str] = ContextVar("invocation_id", default="")


class AboutInvocation:
    """Log lines of the block name the invocation. For one block alone."""

    __slots__ = ("_id", "_token")
    _token: Token[str]

    def __init__(self, invocation_id: str) -> None:
        self._id = invocation_id

    def __enter__(self) -> None:
        self._token = INVOCATION_ID.set(self._id)

    def __exit__(self, *what: object) -> None:
        INVOCATION_ID.reset(self._token)
