"""`make demo` as a newcomer meets it: keys made once, a printed call that works, a clear word on a taken port."""

from __future__ import annotations

import contextlib
import itertools
import os
import shlex
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from config.demo import DemoError, environment_write
from config.ports import free_port
from tests.config.processes import ROOT, environment_of


def test_its_keys_are_random_made_once_and_its_own(tmp_path: Path) -> None:
    first = environment_write(tmp_path, port=8800, sandbox_port=8801)
    again = environment_write(tmp_path, port=8900, sandbox_port=8901)
    other = environment_write(tmp_path / "other", port=8800, sandbox_port=8801)
    for name in ("SECRET_KEY", "FERNET_KEYS", "AUDIT_KEY"):
        assert len(first[name]) >= 60
        assert again[name] == first[name]
        assert other[name] != first[name]
    assert len({first["SECRET_KEY"], first["FERNET_KEYS"], first["AUDIT_KEY"]}) == 3
    assert again["PUBLIC_URL"] == "http://127.0.0.1:8900"


def test_its_environment_is_a_file_for_a_shell_that_nobody_else_reads(tmp_path: Path) -> None:
    values = environment_write(tmp_path, port=8800, sandbox_port=8801)
    file = tmp_path / "demo.env"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    script = f'. {shlex.quote(str(file))}; printf \'%s %s\' "$SECRET_KEY" "$NINJAONE_SANDBOX_URL"'
    sourced = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=True, env={})
    assert sourced.stdout == f"{values['SECRET_KEY']} http://127.0.0.1:8801"


def test_a_database_whose_keys_are_gone_is_not_opened_with_new_ones(tmp_path: Path) -> None:
    environment_write(tmp_path, port=8800, sandbox_port=8801)
    (tmp_path / "demo.sqlite3").touch()
    (tmp_path / "demo.env").unlink()
    with pytest.raises(DemoError, match="was made with keys that are gone"):
        environment_write(tmp_path, port=8800, sandbox_port=8801)


@contextlib.contextmanager
def demo(state: Path, port: int, sandbox_port: int) -> Iterator[subprocess.Popen[str]]:
    """The demo as a process."""
    command = [sys.executable, "-m", "config.demo", "--state", str(state)]
    process = subprocess.Popen(
        [*command, "--port", str(port), "--sandbox-port", str(sandbox_port)],
        cwd=ROOT,
        env={name: environment_of(state)[name] for name in ("PATH", "HOME") if name in os.environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.communicate(timeout=60)


def test_the_printed_calls_work_and_ctrl_c_ends_everything(tmp_path: Path) -> None:
    port, sandbox_port = free_port(), free_port()
    with demo(tmp_path, port, sandbox_port) as process:
        assert process.stdout is not None
        printed = []
        for line in process.stdout:
            printed.append(line.rstrip())
            if line.startswith("Ctrl-C"):
                break
        text = "\n".join(printed)
        assert f"http://127.0.0.1:{port}/dashboard/" in text
        assert "acme-approver" in text
        read, reboot = (_call(line) for line in printed if line.startswith("curl "))
        assert (read.status_code, read.json()["status"]) == (200, "succeeded")
        assert (reboot.status_code, reboot.json()["status"]) == (202, "pending_approval")
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "The demo has ended." in output
    for each in (port, sandbox_port):
        with contextlib.closing(socket.socket()) as probe:
            assert probe.connect_ex(("127.0.0.1", each)) != 0


def _call(line: str) -> requests.Response:
    """What a curl line says, done: the URL, its headers and its body."""
    words = shlex.split(line)
    headers = dict(word.split(": ", 1) for flag, word in itertools.pairwise(words) if flag == "-H")
    url = next(word for word in words if word.startswith("http://"))
    return requests.post(url, data=words[words.index("-d") + 1], headers=headers, timeout=30)


@pytest.mark.parametrize("variable", ["DEMO_PORT", "DEMO_SANDBOX_PORT"])
def test_a_taken_port_is_named_with_the_way_out(tmp_path: Path, variable: str) -> None:
    with contextlib.closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ports = (port, free_port()) if variable == "DEMO_PORT" else (free_port(), port)
        with demo(tmp_path, *ports) as process:
            output, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert output.strip() == (
        f"Cannot listen on 127.0.0.1:{port}: Address already in use. "
        f"Choose another one: make demo {variable}={port + 100}"
    )
