"""`make bench` measures every scenario, on a database of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys

from bench.cpu import tree_seconds
from tests.config.processes import ROOT


def test_it_measures_every_scenario_and_judges_the_targets() -> None:
    env = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR", "DATABASE_URL") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-m", "bench", "--rounds", "2", "--calls", "24"],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for scenario in (
        "list tools", "list tools over MCP", "upstream call alone", "auto read", "auto read over MCP",
        "approval submit",
    ):  # fmt: skip
        assert re.search(rf"^{scenario} +\d+ +\d+\.\d\d +\d+\.\d\d ", done.stdout, re.MULTILINE)
    for target in ("an auto read above the upstream call", "a list of tools"):
        assert re.search(
            rf"^Server CPU of {target}: -?\d+\.\d\d ms, target .*: (met|missed)$", done.stdout, re.MULTILINE
        )
    assert re.search(
        r"^An auto read over MCP costs \d+\.\d\d times the CPU of REST, target 1\.15: ", done.stdout, re.MULTILINE
    )


def test_cpu_time_of_a_process_counts_the_children_that_it_waited_for() -> None:
    before = tree_seconds(os.getpid())
    subprocess.run([sys.executable, "-c", "sum(i * i for i in range(3_000_000))"], check=True)
    assert tree_seconds(os.getpid()) - before > 0.05
