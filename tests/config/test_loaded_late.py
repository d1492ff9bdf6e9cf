"""What a server or a worker does without until somebody needs it, and what it says when that is not installed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from integrations import starting
from integrations.starting import PackagesError, start_check
from tests.config.processes import MANAGE, ROOT, environment_of, migrate, running

LOAD = "import sys, django; django.setup(); import config.management.commands.{command}; print(*sys.modules)"
# Libraries for what few requests do, and what SQLite does without: 40 MB in all.
LATE = {"apprise", "drf_spectacular", "markdown", "oauthlib", "opentelemetry", "requests_oauthlib"}
LATE |= {"psycopg", "pygments", "requests", "yaml"}
OIDC = {
    "OIDC_SERVICES": "entra",
    "OIDC_ENTRA_CLIENT_ID": "countersign",
    "OIDC_ENTRA_CLIENT_SECRET": "y0AHTaSDEXgqZBY1KqV9",
    "OIDC_ENTRA_URL": "https://login.microsoftonline.com/0f3c/v2.0",
}


def loaded(command: str, tmp_path: Path, **changes: str) -> set[str]:
    """The modules that are there once that command can start."""
    env = environment_of(tmp_path, DJANGO_SETTINGS_MODULE="config.settings", **changes)
    done = subprocess.run(
        [sys.executable, "-c", LOAD.format(command=command)],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


@pytest.mark.parametrize("command", ["serve", "worker"])
def test_it_starts_without_what_few_requests_need(command: str, tmp_path: Path) -> None:
    names = loaded(command, tmp_path)
    assert f"config.management.commands.{command}" in names
    assert "config.background" in names
    assert {name for name in names if name.partition(".")[0] in LATE} == set()
    assert "rest_framework.compat" in names
    assert "django.contrib.postgres" not in names
    assert "allauth.socialaccount.providers.openid_connect.provider" not in names


def test_a_worker_starts_without_the_pages(tmp_path: Path) -> None:
    migrate(env := environment_of(tmp_path))
    command = [sys.executable, "-X", "importtime", *MANAGE[1:], "worker"]
    with running(env, command=command) as worker:
        assert worker.stdout is not None
        lines: list[str] = []
        while not lines or "Background work runs" not in lines[-1]:
            lines.append(next(worker.stdout))
    assert any(line.endswith(" approvals.dispatch\n") for line in lines)
    assert not any(line.endswith((" config.urls\n", " approvals.rest.views\n")) for line in lines)


def test_a_server_with_other_sign_in_services_has_what_they_need_from_the_start(tmp_path: Path) -> None:
    assert "allauth.socialaccount.providers.openid_connect.provider" in loaded("serve", tmp_path, **OIDC)


@pytest.mark.django_db
def test_a_package_that_would_be_missed_later_is_missed_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    start_check()
    monkeypatch.setattr(starting, "LATE", ("apprise", "no_such_package"))
    with pytest.raises(PackagesError, match=r"^Not installed: no_such_package\. Run `pip install"):
        start_check()
