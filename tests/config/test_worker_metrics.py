"""What a worker tells Prometheus: on loopback to everybody, on another address to whoever shows METRICS_TOKEN."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest
import requests
import yaml

from config.ports import free_port
from tests.chaos.product import wait_for
from tests.config.processes import ROOT, environment_of, manage, migrate, running, wait_until_it_answers

TOKEN = "metrics-token-for-tests-only-0123456789abcdef"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


def own_address() -> str:
    """An address of this machine that is not loopback, as another machine would ask; nothing is sent for that."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as found:
        try:
            found.connect(("192.0.2.1", 9))
        except OSError:
            pytest.skip("needs: an address beside loopback")
        return str(found.getsockname()[0])


def test_the_worker_tells_what_it_did_where_it_is_told_to(tmp_path: Path) -> None:
    env, port = environment_of(tmp_path), free_port()
    migrate(env)
    with running(env, "worker", "--metrics-port", str(port)) as worker:
        text = wait_until_it_answers(f"http://127.0.0.1:{port}/metrics", worker).text
        wait_for(lambda: is_healthy(port))
    assert "# TYPE countersign_upstream_seconds histogram" in text
    assert not is_healthy(port)


def test_it_is_scraped_on_the_address_that_was_given_with_the_token(tmp_path: Path) -> None:
    env, port, address = environment_of(tmp_path, METRICS_TOKEN=TOKEN), free_port(), own_address()
    migrate(env)
    url = f"http://{address}:{port}/metrics"
    with running(env, "worker", "--metrics-host", address, "--metrics-port", str(port)) as worker:
        wait_until_it_answers(url, worker)
        assert "# TYPE countersign_upstream_seconds histogram" in requests.get(url, headers=BEARER, timeout=30).text
        for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": f"Basic {TOKEN}"}):
            answer = requests.get(url, headers=headers, timeout=30)
            assert (answer.status_code, "countersign_" in answer.text) == (401, False)
        with pytest.raises(requests.ConnectionError):
            requests.get(f"http://127.0.0.1:{port}/metrics", timeout=30)


def test_on_all_addresses_loopback_needs_no_token_unless_it_was_forwarded(tmp_path: Path) -> None:
    env, port = environment_of(tmp_path, METRICS_TOKEN=TOKEN), free_port()
    migrate(env)
    url = f"http://127.0.0.1:{port}/metrics"
    with running(env, "worker", "--metrics-host", "0.0.0.0", "--metrics-port", str(port)) as worker:  # noqa: S104
        assert "countersign_" in wait_until_it_answers(url, worker).text
        for name in ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host"):
            assert requests.get(url, headers={name: "198.51.100.7"}, timeout=30).status_code == 401
        assert requests.get(f"http://{own_address()}:{port}/metrics", headers=BEARER, timeout=30).status_code == 200


@pytest.mark.parametrize(
    ("host", "token", "words"),
    [
        ("0.0.0.0", "", "Nobody could read the metrics on 0.0.0.0: set METRICS_TOKEN"),  # noqa: S104
        ("192.0.2.1", TOKEN, "The metrics cannot be told on 192.0.2.1, port"),
    ],
)
def test_what_nobody_could_read_is_no_start(tmp_path: Path, host: str, token: str, words: str) -> None:
    env = environment_of(tmp_path, METRICS_TOKEN=token)
    migrate(env)
    done = manage(env, "worker", "--metrics-host", host, "--metrics-port", str(free_port()))
    assert done.returncode == 1
    assert words in done.stderr


def is_healthy(port: int) -> bool:
    """What compose.yaml's health check says of a worker."""
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    *_, program = compose["services"]["worker1"]["healthcheck"]["test"]
    command = [sys.executable, "-c", program.replace("9100", str(port))]
    return subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode == 0
