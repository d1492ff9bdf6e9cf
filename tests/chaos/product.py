"""Real processes on the test's own database, with a NinjaOne in the test's process."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from django.conf import settings
from django.db import connection

from chaos.processes import Process, wait_until_ready
from config.ports import free_port
from integrations.ninjaone.sandbox import Sandbox
from tests.cast import Tenant

# Long enough for a busy machine to kill in time, short enough to wait for.
LEASE_SECONDS = 4.0
PATIENCE_SECONDS = 30.0


@dataclass
class Product:
    """Started and killed by a test as it likes."""

    tenant: Tenant
    sandbox: Sandbox
    folder: Path
    port: int = field(default_factory=free_port)
    # Environment that a test adds.
    more: dict[str, str] = field(default_factory=dict)

    @contextlib.contextmanager
    def running(self, lease_seconds: float = LEASE_SECONDS) -> Iterator[list[Process]]:
        """A server, and what does its background work; killed at the end if the test did not stop them."""
        env = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "DATABASE_URL": database_url(),
            "NINJAONE_SANDBOX_URL": settings.NINJAONE_SANDBOX_URL,
            "DISPATCH_LEASE_SECONDS": str(lease_seconds),
            "SWEEP_SECONDS": "0.5",
            **self.more,
        }
        serve = ["serve", "--port", str(self.port), "--workers", "1"]
        processes = [Process("server", serve, self.port, self.folder / "server.log", env)]
        if connection.vendor != "sqlite":
            processes.append(Process("worker", ["worker"], None, self.folder / "worker.log", env))
        try:
            wait_until_ready(processes)
            yield processes
        finally:
            kill(processes)

    def invoke(self, tool: str, /, *, idempotency_key: str | None = None, **arguments: Any) -> requests.Response:
        """The tenant's agent calls."""
        key = {} if idempotency_key is None else {"Idempotency-Key": idempotency_key}
        return requests.post(
            f"http://127.0.0.1:{self.port}/api/v1/tools/{tool}/invoke",
            json={"arguments": arguments},
            headers={"Authorization": f"Bearer {self.tenant.key_text}", **key},
            timeout=60,
        )

    def received(self, method: str, path: str) -> int:
        """How often NinjaOne got it."""
        return len(self.sandbox.calls(method, path))


def kill(processes: list[Process]) -> None:
    """SIGKILL to all of them."""
    for process in processes:
        process.end()


def wait_for(condition: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
    """Returns as soon as `condition` holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "It did not happen in time"
        time.sleep(0.02)


def database_url() -> str:
    """The database that the test uses right now."""
    values = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{values['NAME']}"
    login = f"{values['USER']}:{values['PASSWORD']}" if values["PASSWORD"] else values["USER"]
    return f"postgresql://{login}@{values['HOST']}:{values['PORT']}/{values['NAME']}"
