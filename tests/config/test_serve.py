"""The server as a process: it answers, it does the background work on SQLite, and it goes when it is told."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
from django.conf import settings
from django.db import connection

from bench.servers import postgresql_at
from config.ports import free_port
from integrations.ninjaone.sandbox import Sandbox
from integrations.ninjaone.sandbox.server import serve_in_thread
from tests.config.processes import environment_of, manage, migrate, running, wait_until_it_answers


def filled(env: dict[str, str]) -> dict[str, Any]:
    """A migrated database with the demo's data, which this gives back."""
    migrate(env)
    data: dict[str, Any] = json.loads(manage(env, "demo_data", "--json").stdout)
    return data


def wait_for_exit(process: subprocess.Popen[str]) -> tuple[int, str]:
    """The exit status, and everything that it printed."""
    output, _ = process.communicate(timeout=45)
    return process.returncode, output


APPROVE = """
from approvals.decisions import request_approve
from approvals.models import Invocation
from integrations.models import User
row = Invocation.objects.get(pk="{id}")
approver = User.objects.get(username="acme-approver")
request_approve(user=approver, msp=row.msp, invocation_id=row.pk, digest=row.digest)
"""


def countersigned(env: dict[str, str], port: int, key: str) -> str:
    """Asks for a reboot over HTTP, approves it in another process, and gives the status that the agent ends with."""
    api = requests.Session()
    api.headers["Authorization"] = f"Bearer {key}"
    asked = api.post(
        f"http://127.0.0.1:{port}/api/v1/tools/ninja-reboot-device/invoke",
        json={"arguments": {"device_id": 45}},
        timeout=30,
    )
    assert asked.status_code == 202, asked.text
    approved = manage(env, "shell", "-c", APPROVE.format(id=asked.json()["id"]))
    assert approved.returncode == 0, approved.stderr
    ended = api.get(f"http://127.0.0.1:{port}/api/v1/invocations/{asked.json()['id']}?wait=30", timeout=60)
    return str(ended.json()["status"])


def test_it_answers_sends_what_is_approved_and_exits_with_0_on_sigterm(tmp_path: Path) -> None:
    port = free_port()
    with serve_in_thread(Sandbox()) as sandbox:
        env = environment_of(tmp_path, NINJAONE_SANDBOX_URL=sandbox.url)
        key = filled(env)["msps"][0]["agents"][0]["key"]
        with running(env, "serve", "--port", str(port)) as server:
            assert wait_until_it_answers(f"http://127.0.0.1:{port}/readyz", server).json() == {"status": "ready"}
            assert countersigned(env, port, key) == "succeeded"
            metrics = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=10).text
            assert "countersign_background_round_timestamp_seconds" in metrics
            server.send_signal(signal.SIGTERM)
            status, output = wait_for_exit(server)
    assert status == 0, output
    assert "Traceback" not in output
    assert [call.path for call in sandbox.sandbox.calls("POST")] == ["/v2/device/45/reboot/NORMAL"]


@pytest.mark.skipif(connection.vendor != "postgresql", reason="on PostgreSQL alone there is more than one process")
def test_on_postgresql_the_server_has_several_processes_and_the_worker_sends(tmp_path: Path) -> None:
    port, temporary = free_port(), tmp_path / "temporary"
    temporary.mkdir()
    with serve_in_thread(Sandbox()) as sandbox, postgresql_at(settings.TEST_DATABASE_URL) as database:
        env = environment_of(tmp_path, NINJAONE_SANDBOX_URL=sandbox.url, DATABASE_URL=database.url)
        env["TMPDIR"] = str(temporary)
        key = filled(env)["msps"][0]["agents"][0]["key"]
        with running(env, "serve", "--port", str(port), "--workers", "2") as server, running(env, "worker") as worker:
            wait_until_it_answers(f"http://127.0.0.1:{port}/readyz", server)
            assert countersigned(env, port, key) == "succeeded"
            metrics = requests.get(f"http://127.0.0.1:{port}/metrics", timeout=10).text
            assert "countersign_background_round_timestamp_seconds" not in metrics
            assert len(list(temporary.glob("countersign-metrics-*"))) == 1
            for process in (server, worker):
                process.send_signal(signal.SIGTERM)
            assert [wait_for_exit(process)[0] for process in (server, worker)] == [0, 0]
    assert list(temporary.glob("countersign-metrics-*")) == []


def children(process: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def test_workers_share_what_the_main_process_loaded_and_no_connection(tmp_path: Path) -> None:
    port = free_port()
    env = environment_of(tmp_path)
    migrate(env)
    with running(env, "serve", "--port", str(port)) as server:
        wait_until_it_answers(f"http://127.0.0.1:{port}/readyz", server)
        [worker] = children(server.pid)
        opened = [str(file.readlink()) for file in Path(f"/proc/{server.pid}/fd").iterdir()]
        memory = Path(f"/proc/{worker}/smaps_rollup").read_text(encoding="ascii")
    assert [name for name in opened if "countersign.sqlite3" in name] == []
    [kilobytes] = [int(line.split()[1]) for line in memory.splitlines() if line.startswith("Shared_Dirty:")]
    assert kilobytes > 30_000


def test_ctrl_c_ends_it_with_0_too(tmp_path: Path) -> None:
    env, port = environment_of(tmp_path), free_port()
    with running(env, "serve", "--port", str(port)) as server:
        wait_until_it_answers(f"http://127.0.0.1:{port}/healthz", server)
        os.killpg(server.pid, signal.SIGINT)  # a terminal sends it to the workers too
        status, output = wait_for_exit(server)
    assert status == 0, output
    assert "Unexpected exit" not in output


def test_of_ctrl_c_the_workers_hear_from_the_server_alone(tmp_path: Path) -> None:
    env, port = environment_of(tmp_path), free_port()
    with running(env, "serve", "--port", str(port)) as server:
        wait_until_it_answers(f"http://127.0.0.1:{port}/healthz", server)
        [worker] = children(server.pid)
        os.kill(worker, signal.SIGINT)
        time.sleep(0.5)
        assert wait_until_it_answers(f"http://127.0.0.1:{port}/healthz", server).ok
        assert children(server.pid) == [worker]
        server.send_signal(signal.SIGINT)
        assert wait_for_exit(server)[0] == 0


def test_a_stop_waits_for_the_call_that_is_under_way(tmp_path: Path) -> None:
    env, port = environment_of(tmp_path), free_port()
    migrate(env)
    with running(env, "serve", "--port", str(port)) as server, contextlib.closing(socket.socket()) as client:
        wait_until_it_answers(f"http://127.0.0.1:{port}/healthz", server)
        client.settimeout(30)
        client.connect(("127.0.0.1", port))
        client.sendall(b"POST /api/v1/tools/x/invoke HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\n\r\n{")
        time.sleep(0.3)
        server.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        client.sendall(b"}")
        assert client.recv(1000).startswith(b"HTTP/1.1 401 ")
        assert wait_for_exit(server)[0] == 0


def answer_on(client: socket.socket, path: str) -> str:
    """What the server says to a GET on this connection, with its headers."""
    client.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
    heard = b""
    while not (match := re.search(rb"(?i)content-length: (\d+)\r\n.*?\r\n\r\n", heard, re.DOTALL)) or len(
        heard
    ) < match.end() + int(match[1]):
        more = client.recv(10_000)
        assert more, heard
        heard += more
    return heard.decode()


def test_a_server_that_drains_ends_connections_with_their_answers_before_it_stops(tmp_path: Path) -> None:
    env, port = environment_of(tmp_path), free_port()
    migrate(env)
    with running(env, "serve", "--port", str(port), "--drain", "5") as server:
        wait_until_it_answers(f"http://127.0.0.1:{port}/readyz", server)
        with contextlib.closing(socket.create_connection(("127.0.0.1", port), 30)) as kept:
            assert "connection: close" not in answer_on(kept, "/readyz").lower()
            told_at = time.monotonic()
            server.send_signal(signal.SIGTERM)
            time.sleep(0.5)
            for client in (kept, socket.create_connection(("127.0.0.1", port), 30)):
                answer = answer_on(client, "/readyz").lower()
                assert answer.startswith("http/1.1 503 ")
                assert '"stopping"' in answer
                assert "connection: close" in answer
                assert client.recv(1) == b""
                client.close()
        status, output = wait_for_exit(server)
    assert status == 0, output
    assert time.monotonic() - told_at > 5


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
def test_of_two_signals_the_second_one_means_now(tmp_path: Path, second: signal.Signals) -> None:
    env, port = environment_of(tmp_path), free_port()
    with running(env, "serve", "--port", str(port), "--drain", "300") as server:
        wait_until_it_answers(f"http://127.0.0.1:{port}/healthz", server)
        server.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        assert server.poll() is None
        server.send_signal(second)
        assert wait_for_exit(server)[0] == 0


def test_who_waits_for_an_approval_is_answered_when_the_server_stops(tmp_path: Path) -> None:
    port = free_port()
    with serve_in_thread(Sandbox()) as sandbox:
        env = environment_of(tmp_path, NINJAONE_SANDBOX_URL=sandbox.url)
        key = filled(env)["msps"][0]["agents"][0]["key"]
        url = f"http://127.0.0.1:{port}/api/v1"
        agent = requests.Session()
        agent.headers["Authorization"] = f"Bearer {key}"
        with running(env, "serve", "--port", str(port)) as server, ThreadPoolExecutor(1) as threads:
            wait_until_it_answers(f"http://127.0.0.1:{port}/readyz", server)
            asked = agent.post(
                f"{url}/tools/ninja-reboot-device/invoke", json={"arguments": {"device_id": 45}}, timeout=30
            )
            waits = threads.submit(agent.get, f"{url}/invocations/{asked.json()['id']}?wait=55", timeout=70)
            time.sleep(2)
            assert not waits.done()
            server.send_signal(signal.SIGTERM)
            # Less than it would have waited, and less than a stop waits for.
            answer = waits.result(20)
            assert (answer.status_code, answer.json()["status"]) == (200, "pending_approval")
            assert answer.headers["Connection"] == "close"
            assert wait_for_exit(server)[0] == 0


@pytest.mark.parametrize("seconds", ["-1", "301", "nan"])
def test_a_drain_that_makes_no_sense_is_refused(tmp_path: Path, seconds: str) -> None:
    done = manage(environment_of(tmp_path), "serve", f"--drain={seconds}")
    assert (done.returncode, done.stdout) == (1, "")
    assert "--drain is 0 to 300 seconds." in done.stderr


def test_a_worker_that_died_is_replaced(tmp_path: Path) -> None:
    env, port = environment_of(tmp_path), free_port()
    with running(env, "serve", "--port", str(port)) as server:
        wait_until_it_answers(f"http://127.0.0.1:{port}/healthz", server)
        time.sleep(1)
        [worker] = children(server.pid)
        os.kill(worker, signal.SIGKILL)
        wait_until_it_answers(f"http://127.0.0.1:{port}/healthz", server)
        server.send_signal(signal.SIGTERM)
        assert wait_for_exit(server)[0] == 0


def test_secrets_of_the_environment_are_not_in_a_request(tmp_path: Path) -> None:
    env = environment_of(tmp_path)
    loaded = subprocess.run(
        [sys.executable, "-c", "import os, config.wsgi; print(sorted(os.environ))"],
        env={**env, "COUNTERSIGN_BACKGROUND": "0"},
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert not {"'SECRET_KEY'", "'FERNET_KEYS'", "'AUDIT_KEY'", "'DATABASE_URL'"} & set(loaded.stdout.split(", "))


def test_a_port_in_use_is_said_in_a_sentence(tmp_path: Path) -> None:
    with contextlib.closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = manage(environment_of(tmp_path), "serve", "--port", str(port))
    assert refused.returncode == 1
    assert refused.stderr.strip() == (
        f"CommandError: Cannot listen on 127.0.0.1:{port}: Address already in use. Choose another with --port."
    )


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--workers", "2"], "On SQLite the server is one process."),
        (["--threads", "-1"], "--workers and --threads are at least 1."),
        (["--port", "65536"], "Cannot listen on 127.0.0.1:65536"),
        (["--host", "192.0.2.1"], "Cannot listen on 192.0.2.1:"),
    ],
)
def test_what_cannot_be_served_is_refused(tmp_path: Path, arguments: list[str], sentence: str) -> None:
    refused = manage(environment_of(tmp_path), "serve", *arguments)
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"CommandError: {sentence}")


def test_the_worker_command_runs_until_sigterm(tmp_path: Path) -> None:
    env = environment_of(tmp_path)
    migrate(env)
    with running(env, "worker") as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline().startswith("Background work runs.")
        worker.send_signal(signal.SIGTERM)
        assert wait_for_exit(worker)[0] == 0
