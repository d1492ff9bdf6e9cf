"""CPU time and memory of processes, as Linux counts them."""

from __future__ import annotations

import os
from pathlib import Path

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def tree_seconds(root: int) -> float:
    """CPU seconds of a process, its descendants, and the children that they have outlived."""
    return sum(_own_seconds(pid) for pid in _tree(root))


def tree_megabytes(root: int) -> float:
    """Memory of a process and its descendants; what several share counts once."""
    return sum(_own_kilobytes(pid) for pid in _tree(root)) / 1024


def _own_kilobytes(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    except OSError:
        return 0
    return sum(int(line.split()[1]) for line in text.splitlines() if line.startswith("Pss:"))


def _tree(root: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found, to_visit = [], [root]
    while to_visit:
        pid = to_visit.pop()
        found.append(pid)
        to_visit += children.get(pid, [])
    return found


def _own_seconds(pid: int) -> float:
    # proc(5): utime, stime, cutime, cstime are fields 14 to 17; state is field 3, the first one here.
    fields = _stat(pid)
    return sum(int(field) for field in fields[11:15]) / TICKS_PER_SECOND


def _stat(pid: int) -> list[str]:
    """The fields behind the command name, which may hold anything; none for a process that is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return text.rpartition(")")[2].split()
