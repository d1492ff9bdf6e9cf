"""Reads a script from the standard input and writes what can be read off it as JSON."""

from __future__ import annotations

import json
import resource
import sys

from approvals.display.script.parsing import read

SECONDS = 5
MEMORY = 1 << 30


def main() -> None:
    """Within limits of its own, should nobody wait for it any more."""
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    json.dump(read(sys.stdin.buffer.read()), sys.stdout)


if __name__ == "__main__":
    main()
