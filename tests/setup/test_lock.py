"""The lock files: whole, hashed, and free of any index."""

from __future__ import annotations

import re
import tomllib

import pytest

from tests.config.processes import ROOT

LOCKS = ("requirements.txt", "requirements-dev.txt")


def pins(name: str) -> dict[str, str]:
    """Each locked package without its extras, and everything that its entry says."""
    entries = re.split(r"\n(?=\S)", (ROOT / name).read_text().strip())
    return {re.split(r"[=\[]", entry, maxsplit=1)[0]: entry for entry in entries}


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_is_pinned_with_hashes(name: str) -> None:
    for package, entry in pins(name).items():
        assert re.match(rf"{re.escape(package)}(\[[a-z0-9, -]+\])?==\S+", entry)
        assert re.findall(r"--hash=sha256:[0-9a-f]{64}", entry), package


@pytest.mark.parametrize("name", LOCKS)
def test_it_names_no_index_and_no_host(name: str) -> None:
    text = (ROOT / name).read_text()
    assert "://" not in text
    assert not re.search(r"--(extra-)?index-url|--find-links|--trusted-host", text)


def test_the_development_lock_holds_the_same_versions_as_the_run_time_one() -> None:
    development = pins("requirements-dev.txt")
    for package, entry in pins("requirements.txt").items():
        # Only the marker may differ: a test tool may want on every Python what the product wants on some.
        assert development[package].split()[0] == entry.split()[0]


def test_the_locks_hold_everything_that_the_project_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    wanted = [
        *project["project"]["dependencies"],
        *(line for group in project["dependency-groups"].values() for line in group),
    ]
    names = {re.split(r"[\[<>=!~ ]", line, maxsplit=1)[0].lower() for line in wanted}
    assert names <= set(pins("requirements-dev.txt"))
