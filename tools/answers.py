"""How a result is made of NinjaOne's answer: one object, an accepted action, or whatever a generic call gave.

The answers that are lists stand in tools.lists.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from tools.capping import shrunk, size_of
from tools.errors import UnusableAnswerError

if TYPE_CHECKING:
    from tools.calls import JSON, Call

__all__ = ["ACCEPTED", "OBJECT", "RAW", "Answer", "Result", "UnusableAnswerError"]

TOO_BIG = "The answer is longer than 40,000 characters: its largest parts were cut. "


class Result(NamedTuple):
    """What the agent gets. `note` says how to narrow, or is empty."""

    value: JSON
    truncated: bool = False
    note: str = ""


class Answer:
    """How one kind of answer is read. A page is decoded JSON, or None for an answer without a body."""

    def next_call(self, call: Call, pages: list[JSON]) -> Call | None:
        """The page to GET after `pages`, or None when they are enough. `call` is always the first one."""
        return None

    def result(self, pages: list[JSON], *, upstream_status: int) -> Result:
        """The result of all pages. Raises UnusableAnswerError."""
        raise NotImplementedError


@dataclass(frozen=True)
class ObjectAnswer(Answer):
    """One object, as it came."""

    def result(self, pages: list[JSON], *, upstream_status: int) -> Result:
        """The object; its largest parts are cut when it is too big."""
        return _capped(dict_of(pages[0], "an object"), "Ask for the parts with a more specific tool.")


@dataclass(frozen=True)
class AcceptedAnswer(Answer):
    """An action: that NinjaOne took it is the result, and what it said with it is kept."""

    def result(self, pages: list[JSON], *, upstream_status: int) -> Result:
        """`accepted`, and the `body` where there is one."""
        value: dict[str, Any] = {"accepted": True, "upstream_status": upstream_status}
        if pages and pages[0] not in (None, "", {}, []):
            value["body"] = pages[0]
        return _capped(value, "The action itself was accepted.")


@dataclass(frozen=True)
class RawAnswer(Answer):
    """The answer to a generic call."""

    def result(self, pages: list[JSON], *, upstream_status: int) -> Result:
        """The status and the body."""
        value = {"upstream_status": upstream_status, "body": pages[0] if pages else None}
        return _capped(value, "Narrow it with the query, such as pageSize, after or df where the route has them.")


def dict_of(page: JSON, what: str) -> dict[str, Any]:
    """`page`, which must be an object. Raises UnusableAnswerError."""
    if not isinstance(page, dict):
        raise UnusableAnswerError(f"NinjaOne answered with {kind_of(page)} where its document promises {what}.")
    return page


def kind_of(page: JSON) -> str:
    """A word for what a page is."""
    if page is None:
        return "nothing"
    names = {dict: "an object", list: "a list", str: "text", bool: "a boolean"}
    return names.get(type(page), "a number")


def _capped(value: JSON, how_to_narrow: str) -> Result:
    small = shrunk(value)
    if small is value:
        return Result(value)
    return Result(small, truncated=True, note=f"{TOO_BIG}{how_to_narrow} It had {size_of(value):,} characters.")


OBJECT = ObjectAnswer()
ACCEPTED = AcceptedAnswer()
RAW = RawAnswer()
