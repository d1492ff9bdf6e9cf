"""The lock of what comes by npm: whole, hashed, and free of any registry."""

from __future__ import annotations

import json
from typing import Any

from tests.config.processes import ROOT

FOLDER = ROOT / "tests" / "mcp" / "npm"


def locked() -> dict[str, dict[str, Any]]:
    """Each package of the lock; the first is the project itself."""
    packages: dict[str, dict[str, Any]] = json.loads((FOLDER / "package-lock.json").read_text())["packages"]
    return packages


def test_every_package_has_a_hash_and_names_no_registry() -> None:
    packages = locked()
    del packages[""]
    assert len(packages) > 100
    for name, package in packages.items():
        assert str(package["integrity"]).startswith("sha512-"), name
        assert "resolved" not in package, name


def test_the_lock_is_of_what_the_project_asks_for() -> None:
    wanted = json.loads((FOLDER / "package.json").read_text())["dependencies"]
    assert locked()[""]["dependencies"] == wanted
    for name, version in wanted.items():
        assert locked()[f"node_modules/{name}"]["version"] == version
