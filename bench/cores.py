"""Which core does what: the server and its database have one for themselves, load and upstream the others."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Set

ALL_CORES = frozenset(os.sched_getaffinity(0))
SERVER_CORES = frozenset({min(ALL_CORES)})
LOAD_CORES = ALL_CORES - SERVER_CORES or SERVER_CORES


@contextlib.contextmanager
def cores(wanted: Set[int]) -> Iterator[None]:
    """What is started inside stays on these cores, with all that it starts itself."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, wanted)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
