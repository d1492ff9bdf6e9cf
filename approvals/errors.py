"""Why the gate said no: a code of the wire contract, its HTTP status, and a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

# The wire contract's table, code by code.
HTTP_STATUS = {
    "malformed": 400,
    "invalid_token": 401,
    "tool_disabled": 403,
    "scope_denied": 403,
    "not_found": 404,
    "idempotency_mismatch": 409,
    "invalid_state": 409,
    "too_large": 413,
    "bash_runner_missing": 422,
    "unsupported_device": 422,
    "use_run_bash": 422,
    "invalid_arguments": 422,
    "frozen": 423,
    "rate_limited": 429,
    "too_many_pending": 429,
    "wait_saturated": 429,
    "upstream_error": 502,
    "not_connected": 503,
    "needs_reauthorization": 503,
    "upstream_unavailable": 503,
    "outcome_unknown": 504,
}
RETRYABLE = {"rate_limited", "too_many_pending", "wait_saturated", "upstream_unavailable", "frozen"}


class GateError(Exception):
    """A refusal. Nothing was sent to NinjaOne unless `dispatch_started`.

    `code` is one of HTTP_STATUS, `retry_after` seconds, `errors` the list of wrong arguments,
    `extra` further keys of the error object (such as upstream_status).
    """

    def __init__(
        self,
        code: str,
        message: _StrOrPromise,
        *,
        retry_after: float | None = None,
        errors: list[dict[str, str]] | None = None,
        dispatch_started: bool = False,
        extra: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self._message = message
        self.retry_after = retry_after
        self.errors = errors
        self.dispatch_started = dispatch_started
        self.extra = extra or {}

    @property
    def message(self) -> str:
        """The sentence: in the language of whoever reads it where it is said to people, else in English."""
        return str(self._message)

    @property
    def http_status(self) -> int:
        """The HTTP status of the code."""
        return HTTP_STATUS[self.code]

    @property
    def is_retryable(self) -> bool:
        """Whether the same call may work later without a change."""
        return self.code in RETRYABLE
