"""`make demo`: keys, a database with two MSPs, a NinjaOne sandbox and the server, until Ctrl-C."""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django
import requests
from django.core.management import call_command

from config.ports import PortError, port_check
from integrations.ninjaone.sandbox import Sandbox
from integrations.ninjaone.sandbox.server import serve_in_thread

ROOT = Path(__file__).resolve().parent.parent
STATE = ROOT / "var"
KEYS = ("SECRET_KEY", "FERNET_KEYS", "AUDIT_KEY")
# The server starts within a second or two; on a very busy machine it may take longer.
PATIENCE_SECONDS = 60.0
# Longer than the server's own grace.
STOP_SECONDS = 40.0


class DemoError(Exception):
    """The demo cannot go on; its sentence is all there is to say."""


def main() -> int:
    """Runs the demo. Its state under var/ lasts, so that keys and passwords stay the same. Returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8800)
    parser.add_argument("--sandbox-port", type=int, default=8801)
    parser.add_argument("--state", type=Path, default=STATE, help="the folder of demo.env and demo.sqlite3")
    options = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        os.environ.update(environment_write(options.state, port=options.port, sandbox_port=options.sandbox_port))
        _run(options.port, options.sandbox_port)
    except DemoError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nThe demo has ended. `make demo` goes on where you left it.")
    return 0


def environment_write(state: Path, *, port: int, sandbox_port: int) -> dict[str, str]:
    """The demo's environment, with keys that are made once; also in demo.env, for a shell to source."""
    file = state / "demo.env"
    database = state.resolve() / "demo.sqlite3"
    values = {
        **_keys(file, database),
        "DATABASE_URL": f"sqlite:///{database}",
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "COUNTERSIGN_SANDBOX": "1",
        "NINJAONE_SANDBOX_URL": f"http://127.0.0.1:{sandbox_port}",
    }
    state.mkdir(parents=True, exist_ok=True)
    with open(file, "w", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)) as stream:
        stream.writelines(f"{name}='{value}'\n" for name, value in values.items())
    return values


def _keys(file: Path, database: Path) -> dict[str, str]:
    if file.is_file():
        lines = dict(line.split("=", 1) for line in file.read_text(encoding="utf-8").splitlines() if line)
        return {name: lines[name].strip("'") for name in KEYS}
    if database.exists():
        raise DemoError(f"{database} was made with keys that are gone ({file}). Remove it, then start again.")
    return {name: secrets.token_urlsafe(48) for name in KEYS}


def _run(port: int, sandbox_port: int) -> None:
    for variable, needed in (("DEMO_PORT", port), ("DEMO_SANDBOX_PORT", sandbox_port)):
        try:
            port_check("127.0.0.1", needed)
        except PortError as error:
            raise DemoError(f"{error} Choose another one: make demo {variable}={needed + 100}") from error
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    call_command("migrate", verbosity=0)
    with serve_in_thread(Sandbox(), sandbox_port), _server(port) as server:
        data = io.StringIO()
        call_command("demo_data", json=True, stdout=data)
        _wait_until_ready(server, port)
        print(greeting(json.loads(data.getvalue()), f"http://127.0.0.1:{port}"), flush=True)
        raise DemoError(f"The server has ended with status {server.wait()}.")


@contextlib.contextmanager
def _server(port: int) -> Iterator[subprocess.Popen[bytes]]:
    """`manage.py serve`, out of reach of the terminal's Ctrl-C: it is stopped here, and only here."""
    command = [sys.executable, "manage.py", "serve", "--port", str(port)]
    server = subprocess.Popen(command, cwd=ROOT, start_new_session=True)
    try:
        yield server
    finally:
        server.terminate()
        server.wait(STOP_SECONDS)


def _wait_until_ready(server: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if server.poll() is not None:
            raise DemoError("The server did not start, for the reason above.")
        with contextlib.suppress(requests.ConnectionError):
            if requests.get(f"http://127.0.0.1:{port}/readyz", timeout=5).ok:
                return
        time.sleep(0.1)
    raise DemoError(f"The server was not ready within {PATIENCE_SECONDS:.0f} s.")


def greeting(data: dict[str, Any], url: str) -> str:
    """Where to log in, as whom, and two calls to try."""
    lines = [f"Countersign runs on {url}/dashboard/ with a made-up NinjaOne. Sign in as:", ""]
    for msp in data["msps"]:
        lines += [f"  {user['username']:<22}{user['password']:<22}{user['role']}" for user in msp["users"]]
    agent = data["msps"][0]["agents"][0]
    lines += ["", f"The agent {agent['name']} of {data['msps'][0]['slug']} has the key {agent['key']}", ""]
    lines += ["A read that runs at once:", "", _curl(url, agent["key"], "ninja-list-devices", {}), ""]
    reboot = {"device_id": 45, "reason": "Ticket 1014: hung after the update"}
    lines += ["A reboot that waits until an approver countersigns it in the dashboard:", ""]
    lines += [_curl(url, agent["key"], "ninja-reboot-device", reboot), ""]
    lines += [f"MCP clients reach the same at {url}/mcp, with the key as Authorization: Bearer.", ""]
    lines += ["Ctrl-C ends the demo."]
    return "\n".join(lines)


def _curl(url: str, key: str, tool: str, arguments: dict[str, Any]) -> str:
    body = json.dumps({"arguments": arguments})
    return (
        f"curl -s {url}/api/v1/tools/{tool}/invoke -H 'Authorization: Bearer {key}' "
        f"-H 'Content-Type: application/json' -d '{body}'"
    )


if __name__ == "__main__":
    sys.exit(main())
