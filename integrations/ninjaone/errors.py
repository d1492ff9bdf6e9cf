"""What can go wrong between here and NinjaOne. Each sentence says what happened and what became of the call."""

from __future__ import annotations

from integrations.ninjaone.complaints import UpstreamComplaint, describe

__all__ = [
    "AmbiguousError",
    "ConnectError",
    "EgressRefusedError",
    "NeedsReauthorizationError",
    "NotConnectedError",
    "NotSentError",
    "RateLimitedError",
    "RunnerError",
    "StoppedError",
    "TooLargeError",
    "UnusableAnswerError",
    "UpstreamComplaint",
    "WireError",
    "describe",
]


class WireError(Exception):
    """No answer to hand over. `code` is one of the wire contract's; `retry_after` seconds, None when unknown."""

    def __init__(self, code: str, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.retry_after = retry_after


class NotConnectedError(WireError):
    """There are no credentials to call with."""

    def __init__(self, message: str) -> None:
        super().__init__("not_connected", message)


class NeedsReauthorizationError(WireError):
    """NinjaOne does not accept the authorization any more; a person must consent again."""

    def __init__(self, message: str) -> None:
        super().__init__("needs_reauthorization", message)


class NotSentError(WireError):
    """Provably not done: no byte of the request left, or no access token could be had to send it with."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__("upstream_unavailable", message, retry_after)


class EgressRefusedError(WireError):
    """The request would not reach exactly the address that was asked for, so it was not sent."""

    def __init__(self, message: str) -> None:
        super().__init__("upstream_unavailable", message)


class AmbiguousError(WireError):
    """The request may have reached NinjaOne, and no whole answer came back."""

    def __init__(self, message: str, *, is_write: bool) -> None:
        super().__init__("outcome_unknown" if is_write else "upstream_unavailable", message)


class TooLargeError(AmbiguousError):
    """A read's answer is larger than anyone should take. Asking again would not make it smaller."""

    def __init__(self, message: str) -> None:
        super().__init__(message, is_write=False)


class RateLimitedError(WireError):
    """NinjaOne, or our own limit for this connection, wants fewer calls. The call was not carried out."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__("rate_limited", message, retry_after)


class StoppedError(WireError):
    """It may not go any more, after it had to wait. The call was not carried out."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code, message)


class UnusableAnswerError(Exception):
    """An answer came, and its body is not the JSON it should be."""


class ConnectError(Exception):
    """A connection could not be saved, authorized or tested. `field` names the form field, "" for none."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field
        self.message = message


class RunnerError(Exception):
    """A script cannot be the bash runner."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message
