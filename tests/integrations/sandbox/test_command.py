from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from integrations.ninjaone.sandbox import ACME, seed_grant

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_until_it_is_told_to_stop_and_ends_cleanly(number: signal.Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, "-u", "manage.py", "ninjaone_sandbox", "--port", "0"],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    introduction = "".join(process.stdout.readline() for _ in range(4))
    found = re.search(r"http://127\.0\.0\.1:(\d+)", introduction)
    assert found is not None, introduction
    connection = http.client.HTTPConnection("127.0.0.1", int(found[1]), timeout=5)
    headers = {"Authorization": f"Bearer {seed_grant(ACME).access_token}"}
    connection.request("GET", "/v2/organizations", headers=headers)
    assert connection.getresponse().status == 200
    process.send_signal(number)
    _, errors = process.communicate(timeout=10)
    connection.close()
    assert (process.returncode, errors) == (0, "")
    for part in ("sandbox-acme-secret", "sandbox-northwind-secret", f"NINJAONE_SANDBOX_URL={found[0]}", "146"):
        assert part in introduction


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "localhost"])  # noqa: S104  must be refused
def test_it_refuses_to_listen_anywhere_but_on_loopback(host: str) -> None:
    with pytest.raises(CommandError, match=r"127\.0\.0\.1 alone"):
        call_command("ninjaone_sandbox", host=host, port=0)


def test_a_port_that_is_taken_is_named_with_the_way_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(CommandError, match=rf"Port {port} cannot be used.*--port"):
            call_command("ninjaone_sandbox", port=port)
    with pytest.raises(CommandError, match="Port 99999 cannot be used"):
        call_command("ninjaone_sandbox", port=99_999)
