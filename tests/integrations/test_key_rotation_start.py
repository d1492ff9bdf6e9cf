"""A server or worker with keys that are not this database's does not start."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.config.processes import environment_of, manage, migrate

OTHER = "another-key-for-tests-only-0123456789abcdef"


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An installation that has been started once."""
    folder: Path = tmp_path_factory.mktemp("installation")
    env = environment_of(folder)
    migrate(env)
    assert manage(env, "rotate_keys").returncode == 0
    return env


@pytest.mark.parametrize(("command", "name"), [("serve", "FERNET_KEYS"), ("worker", "AUDIT_KEY")])
def test_wrong_keys_are_refused(env: dict[str, str], command: str, name: str) -> None:
    refused = manage({**env, name: OTHER}, command)
    assert refused.returncode == 1
    assert f"{name} " in refused.stderr
    assert "Put the former key back" in refused.stderr


@pytest.mark.parametrize("name", ["FERNET_KEYS", "AUDIT_KEY"])
def test_missing_keys_are_refused(env: dict[str, str], name: str) -> None:
    missing = manage({**env, name: ""}, "serve")
    assert missing.returncode == 1
    assert f"{name} is not set" in missing.stderr
