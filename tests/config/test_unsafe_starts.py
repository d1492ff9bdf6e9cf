"""A start that would be unsafe does not happen, and says why in one line for each reason."""

from __future__ import annotations

import secrets
from dataclasses import replace
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.unsafe import Start, load_safely, serve_safely
from tests.config.processes import environment_of, manage

RINGS = {name: [secrets.token_urlsafe(48)] for name in ("SECRET_KEY", "FERNET_KEYS", "AUDIT_KEY")}
SAFE = Start(
    debug=False,
    is_trial=False,
    public_url="https://countersign.msp.example",
    allowed_hosts=["countersign.msp.example"],
    sandbox_url="",
    rings=RINGS,
)
TRIAL = replace(
    SAFE,
    is_trial=True,
    public_url="http://127.0.0.1:8800",
    allowed_hosts=["127.0.0.1"],
    sandbox_url="http://127.0.0.1:8801",
)
PRODUCTION = {
    "COUNTERSIGN_SANDBOX": "",
    "NINJAONE_SANDBOX_URL": "",
    "PUBLIC_URL": "https://countersign.msp.example",
    "ALLOWED_HOSTS": "countersign.msp.example",
    **{name: ring[0] for name, ring in RINGS.items()},
}


def reasons(start: Start) -> list[str]:
    """What a server says to it; nothing when it starts."""
    try:
        load_safely(start)
        serve_safely(start)
    except ImproperlyConfigured as error:
        return str(error).splitlines()
    return []


def test_a_safe_production_and_a_trial_on_this_machine_start() -> None:
    assert reasons(SAFE) == []
    assert reasons(replace(SAFE, allowed_hosts=[".msp.example"])) == []
    assert reasons(TRIAL) == []


@pytest.mark.parametrize(
    ("start", "words"),
    [
        (replace(SAFE, debug=True), "DEBUG is on, and PUBLIC_URL is https://countersign.msp.example"),
        (replace(TRIAL, debug=True), "DEBUG is on: errors would show secrets."),
        (replace(SAFE, public_url="http://countersign.msp.example"), "would travel in the clear"),
        (replace(TRIAL, is_trial=False, sandbox_url=""), "would travel in the clear"),
        (replace(SAFE, allowed_hosts=["*"]), "ALLOWED_HOSTS holds *"),
        (replace(TRIAL, allowed_hosts=["*"]), "ALLOWED_HOSTS holds *"),
        (replace(SAFE, allowed_hosts=["other.example"]), "does not name countersign.msp.example"),
        (replace(SAFE, is_trial=True), "a trial, where a password alone lets people in"),
        (replace(SAFE, sandbox_url="http://127.0.0.1:8801"), "NINJAONE_SANDBOX_URL is set on a production start"),
        (replace(SAFE, rings={**RINGS, "FERNET_KEYS": []}), "FERNET_KEYS is not set"),
        (replace(SAFE, rings={**RINGS, "SECRET_KEY": [secrets.token_urlsafe(30)]}), "fewer than 50 characters"),
        (replace(SAFE, rings={**RINGS, "SECRET_KEY": ["ab" * 30]}), "a key that others can guess"),
        (replace(SAFE, rings={**RINGS, "AUDIT_KEY": RINGS["FERNET_KEYS"]}), "two of them share a key"),
    ],
    ids=[
        "debug", "debug-local", "http", "http-local", "any-host", "any-host-trial", "other-host", "trial-in-public",
        "sandbox", "no-ring", "short", "few-letters", "shared",
    ],
)  # fmt: skip
def test_an_unsafe_setting_is_refused_with_one_line(start: Start, words: str) -> None:
    [line] = reasons(start)
    assert words in line


@pytest.mark.parametrize("key", ["django-insecure-", "changeme", "secret-key-for-tests-only"])
def test_a_secret_from_an_example_is_refused_without_being_printed(key: str) -> None:
    text = f"{key}{secrets.token_urlsafe(48)}"
    [line] = reasons(replace(SAFE, rings={**RINGS, "SECRET_KEY": [text]}))
    assert "SECRET_KEY begins with a key that others can guess" in line
    assert text not in line
    assert text not in repr(replace(SAFE, rings={**RINGS, "SECRET_KEY": [text]}))


def test_several_reasons_are_several_lines() -> None:
    start = replace(SAFE, public_url="http://a.example", allowed_hosts=["*"], sandbox_url="http://127.0.0.1:8801")
    assert len(reasons(start)) == 3


def test_a_server_says_them_and_no_traceback(tmp_path: Path) -> None:
    env = environment_of(tmp_path, **{**PRODUCTION, "DEBUG": "1", "ALLOWED_HOSTS": "*"})
    refused = manage(env, "serve")
    assert refused.returncode == 1
    assert [line.split()[0] for line in refused.stderr.splitlines()] == ["DEBUG", "ALLOWED_HOSTS"]


def test_a_local_server_over_http_without_a_trial_does_not_start_and_its_commands_run(tmp_path: Path) -> None:
    local = {"PUBLIC_URL": "http://127.0.0.1:8800", "ALLOWED_HOSTS": ""}
    env = environment_of(tmp_path, **{**PRODUCTION, **local})
    for command in ("serve", "worker"):
        refused = manage(env, command)
        assert (refused.returncode, len(refused.stderr.splitlines())) == (1, 1), refused.stderr
        assert "PUBLIC_URL is http://127.0.0.1:8800" in refused.stderr
    assert manage(env, "check").returncode == 0
    refused = manage(env, "check", "--deploy")
    assert refused.returncode == 1
    assert "countersign.E001" in refused.stderr


def test_a_safe_production_passes_djangos_own_deployment_checks(tmp_path: Path) -> None:
    env = environment_of(tmp_path, **PRODUCTION)
    checked = manage(env, "check", "--deploy", "--fail-level", "WARNING")
    assert checked.returncode == 0, checked.stderr
