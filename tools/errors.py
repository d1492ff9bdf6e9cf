"""What goes wrong before a call exists, or when NinjaOne's answer cannot be used."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class ArgumentError(NamedTuple):
    """One thing that is wrong with one argument. Not an exception: several make an InvalidArgumentsError."""

    field: str
    code: str
    message: str


class InvalidArgumentsError(Exception):
    """The arguments do not fit the tool. Nothing was asked of NinjaOne."""

    def __init__(self, errors: Iterable[ArgumentError]) -> None:
        self.errors = list(errors)
        super().__init__(" ".join(f"{error.field}: {error.message}" for error in self.errors))

    def as_json(self) -> list[dict[str, str]]:
        """The `errors` list of the wire contract."""
        return [error._asdict() for error in self.errors]


class FaultyValueError(Exception):
    """A value does not fit its kind; `field` is the path below the argument, such as "[2].value"."""

    def __init__(self, code: str, message: str, field: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field


class ToolRefusedError(Exception):
    """The arguments are well formed, and the call is still not possible.

    `code` is one of bash_runner_missing, unsupported_device, use_run_bash, not_found, invalid_arguments.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class UpstreamNotFoundError(Exception):
    """NinjaOne answered 404 to a read of facts. Raised by whoever performs the read."""


class UnusableAnswerError(Exception):
    """NinjaOne said yes, with something that is not what its document promises."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class PolicyError(Exception):
    """A change of policy that is not possible. Nothing was changed."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class PolicyOvertakenError(PolicyError):
    """Somebody else changed a policy after this person looked. Nothing was changed."""
