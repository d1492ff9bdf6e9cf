"""What the marks in a run's output say: whose run it is, which bytes ran, how they ended, and what they printed."""

from __future__ import annotations

from typing import NamedTuple

from tools.bash_wrapper import NO_HASH, mark_began, mark_ended


class Marked(NamedTuple):
    """The marks of one nonce in a text. `sha256` is "" where the device could not tell; `exit_code` None for no end."""

    sha256: str
    exit_code: int | None
    output: str
    is_imitated: bool


def marked_in(text: str, nonce: str) -> Marked | None:
    """The marks of `nonce`; None where the text has none.

    The first line was printed before the script could print anything, and the last one after it had ended. A mark that
    stands there twice was printed by somebody who read the nonce on the device.
    """
    began = list(mark_began(nonce).finditer(text))
    if not nonce or not began:
        return None
    first = began[0]
    ended = list(mark_ended(nonce).finditer(text, first.end()))
    last = ended[-1] if ended else None
    return Marked(
        sha256="" if first[1] == NO_HASH else first[1],
        exit_code=int(last[1]) if last else None,
        output=text[first.end() : last.start() if last else len(text)],
        is_imitated=len(began) > 1 or len(ended) > 1,
    )
