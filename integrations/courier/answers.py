"""What became of a job, as the courier's process says it."""

from __future__ import annotations

from typing import NamedTuple


class Answer(NamedTuple):
    """`error` is a sentence without any secret. `is_gone`: the receiver says that it is no more (HTTP 410)."""

    ok: bool = False
    error: str = ""
    place: str = ""
    is_gone: bool = False
