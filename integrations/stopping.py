"""Whether this server was told to stop: one byte of memory, which all of its processes share, for they fork.

Where processes cannot fork (outside of Linux) only the main one knows, and the others are told by their signal.
"""

from __future__ import annotations

import mmap

_told = mmap.mmap(-1, 1)


def stop_announce() -> None:
    """From now on everybody who asks is told that the server stops."""
    _told[0] = 1


def is_stopping() -> bool:
    """Whether it was announced."""
    return _told[0] == 1
