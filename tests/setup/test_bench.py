"""`make bench` measures every scenario, on a database of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest
from django.conf import settings

from bench.cpu import tree_seconds
from tests.config.processes import ROOT


@pytest.mark.database
def test_it_measures_every_scenario_and_judges_the_targets() -> None:
    is_postgresql = settings.TEST_DATABASE_URL.startswith("postgres")
    env = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}
    env["DATABASE_URL"] = settings.TEST_DATABASE_URL
    done = subprocess.run(
        [
            *(sys.executable, "-m", "bench", "--rounds", "1", "--calls", "6"),
            "--postgresql" if is_postgresql else "--sqlite",
        ],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.lstrip().startswith("PostgreSQL:" if is_postgresql else "SQLite:")
    for scenario, expected in {
        "list tools": 2, "auto read": 4, "approval submit": 2, "list tools over MCP": 1, "auto read over MCP": 1,
        "NinjaOne itself": 4, "NinjaOne by requests": 1,
    }.items():  # fmt: skip
        lines = re.findall(rf"^{scenario} +\d+ +\d+\.\d\d +\d+\.\d\d ", done.stdout, re.MULTILINE)
        assert len(lines) == expected, (scenario, done.stdout)
    assert re.search(r"^From Approve to the wire: \d+ ms, at most \d+ ms, of 4$", done.stdout, re.MULTILINE)
    # So few calls may take no CPU time that the system counts, and then a ratio of two is infinite.
    judged = re.findall(
        r"^.+: (?:-?\d+\.\d\d|inf) [a-zA-Z ]+, target at (?:most|least) [\d.]+: (?:met|missed)$",
        done.stdout,
        re.MULTILINE,
    )
    assert len(judged) == (14 if is_postgresql else 13)


def test_cpu_time_of_a_process_counts_the_children_that_it_waited_for() -> None:
    before = tree_seconds(os.getpid())
    subprocess.run([sys.executable, "-c", "sum(i * i for i in range(3_000_000))"], check=True)
    assert tree_seconds(os.getpid()) - before > 0.05
