"""The official conformance suite of the Model Context Protocol, against our endpoint."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from config.ports import LOOPBACK, free_port
from tests.config.processes import ROOT, environment_of, server_command, wait_until_it_answers
from tests.journeys.conftest import Product
from tests.mcp.node import CONFORMANCE, NEEDS_NODE, node

pytestmark = [
    NEEDS_NODE,
    pytest.mark.skipif(connection.vendor != "sqlite", reason="is about the wire, and passes on SQLite"),
]

EXPECTED = Path(__file__).parent / "expected_failures"
THREADS = 16
# How many scenarios each revision has, so that none can go missing without a word.
SCENARIOS = {"2026-07-28": 50, "2025-11-25": 33}
# The suite has these, and tests nothing in them.
EMPTY = {"tasks-status-notifications", "server-session-lifecycle"}


@contextlib.contextmanager
def fixture_server(tmp_path: Path) -> Iterator[str]:
    """Our endpoint over the suite's tools, in the product's server; its URL."""
    port = free_port()
    place = f"http://{LOOPBACK}:{port}"
    command = server_command("tests.mcp.conformance.wsgi:application", port, threads=THREADS)
    env = environment_of(tmp_path, CONFORMANCE_URL=place)
    with (tmp_path / "server.log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=ROOT, env=env, stdout=log, stderr=log, text=True, start_new_session=True
        )
        try:
            wait_until_it_answers(f"{place}/mcp", process)
            yield f"{place}/mcp"
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def checks_in(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """What the suite found, by scenario."""
    return {
        re.sub(r"^server-|-\d{4}-\d\d-\d\dT[\d-]+Z$", "", file.parent.name): json.loads(file.read_text())
        for file in folder.glob("*/checks.json")
    }


def statuses(checks: list[dict[str, Any]]) -> set[str]:
    """How the checks of a scenario ended."""
    return {check["status"] for check in checks}


def bad(checks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those that did not pass, and those that passed with a warning."""
    return [check for check in checks if check["status"] in {"FAILURE", "WARNING"}]


def expected_failures(file: Path) -> set[str]:
    """What may fail."""
    return set(re.findall(r"^  - (\S+)$", file.read_text(), re.MULTILINE))


@pytest.mark.parametrize("revision", SCENARIOS)
def test_every_scenario_of_a_revision_passes_but_those_with_a_reason(revision: str, tmp_path: Path) -> None:
    expected, out = EXPECTED / f"{revision}.yml", tmp_path / "out"
    options = ("--requirements", revision, "--expected-failures", str(expected), "--output-dir", str(out))
    with fixture_server(tmp_path) as url:
        verdict = node(CONFORMANCE, "server", "--url", url, *options, home=tmp_path)
    # The suite's own verdict is about what is required. Extensions (tasks) run without counting there; here they count.
    found = checks_in(out)
    assert {scenario for scenario, checks in found.items() if bad(checks)} == expected_failures(expected), json.dumps(
        {scenario: bad(checks) for scenario, checks in found.items() if bad(checks)}, indent=1
    )
    assert verdict.returncode == 0, verdict.stdout
    assert len(found) == SCENARIOS[revision]
    untested = {scenario for scenario, checks in found.items() if not statuses(checks) - {"SKIPPED", "INFO"}}
    assert untested <= EMPTY


# Those that need no tools of the suite's own.
@pytest.mark.parametrize(
    ("revision", "scenarios"),
    [
        ("2026-07-28", ["server-stateless", "tools-list", "http-header-validation"]),
        ("2025-11-25", ["tools-list", "ping"]),
    ],
)
def test_the_product_itself_passes(
    revision: str, scenarios: list[str], product: Product, settings: Any, tmp_path: Path
) -> None:
    settings.ROOT_URLCONF = "tests.mcp.conformance.product_urls"
    url = f"{product.url}/mcp/as/{product.tenant.key_text}"
    options = ("--spec-version", revision, "--expected-failures", str(EXPECTED / "product.yml"))
    for scenario in scenarios:
        verdict = node(CONFORMANCE, "server", "--url", url, "--scenario", scenario, *options, home=tmp_path)
        assert verdict.returncode == 0, verdict.stdout
