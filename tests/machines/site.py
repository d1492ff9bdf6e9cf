"""What compose.yaml starts, as processes: nginx, two web processes, two workers, and a database of their own."""

from __future__ import annotations

import contextlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from django.conf import settings
from requests.adapters import HTTPAdapter

from bench.servers import LIFT_LIMITS, postgresql_at
from chaos.processes import Process, wait_until_ready
from config.ports import free_port
from integrations.ninjaone.sandbox import Sandbox
from integrations.ninjaone.sandbox.server import serve_in_thread
from tests.config.processes import environment_of, manage
from tests.config.test_serve import filled
from tests.machines.nginx import nginx

# Longer than nginx keeps a connection that nobody uses.
SERVE = ["--workers", "1", "--drain", "4"]
QUEUE = "/dashboard/approvals/approvalrequest/"


class FromAddress(HTTPAdapter):
    """Another machine, as far as loopback has some."""

    def __init__(self, address: str) -> None:
        self.address = address
        super().__init__()

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """Each connection comes from there."""
        super().init_poolmanager(*arguments, **options, source_address=(self.address, 0))


@dataclass
class Site:
    """All of it. Who is killed is started again by `look`."""

    url: str
    plain_url: str
    certificate: Path
    env: dict[str, str]
    sandbox: Sandbox
    webs: list[Process]
    workers: list[Process]
    # The demo's people and agents of the first MSP.
    msp: dict[str, Any]

    def client(self, address: str = "127.0.0.2") -> requests.Session:
        """Trusts the certificate, and comes from `address`."""
        session = requests.Session()
        session.trust_env = False
        session.verify = str(self.certificate)
        for scheme in ("https://", "http://"):
            session.mount(scheme, FromAddress(address))
        return session

    def agent(self, address: str = "127.0.0.2", number: int = 0) -> requests.Session:
        """A client with an agent's key."""
        session = self.client(address)
        session.headers["Authorization"] = f"Bearer {self.msp['agents'][number]['key']}"
        return session

    def invoke(self, agent: requests.Session, tool: str, /, *, key: str = "", **arguments: Any) -> requests.Response:
        """The agent calls."""
        headers = {"Idempotency-Key": key} if key else {}
        url = f"{self.url}/api/v1/tools/{tool}/invoke"
        return agent.post(url, json={"arguments": arguments}, headers=headers, timeout=70)

    def signed_in(self, role: str) -> requests.Session:
        """A person's browser."""
        browser = self.client()
        [person] = [one for one in self.msp["users"] if one["role"] == role][:1]
        page = browser.get(f"{self.url}/dashboard/", timeout=30)
        fields = {"username": person["username"], "password": person["password"]}
        answer = self.post(browser, page, page.url, fields)
        assert "Log out" in answer.text, answer.text
        return browser

    def approve(self, browser: requests.Session, invocation_id: str) -> None:
        """What somebody reads, and countersigns."""
        page = browser.get(f"{self.url}{QUEUE}{invocation_id}/", timeout=30)
        fields = {"digest": _field(page, "digest")}
        assert self.post(browser, page, f"{self.url}{QUEUE}{invocation_id}/approve/", fields).ok

    def post(
        self, browser: requests.Session, page: requests.Response, url: str, fields: dict[str, str]
    ) -> requests.Response:
        """A form of that page."""
        fields = {**fields, "csrfmiddlewaretoken": _field(page, "csrfmiddlewaretoken")}
        return browser.post(url, data=fields, headers={"Referer": page.url}, timeout=30)

    def received(self, path: str) -> Counter[str]:
        """The POSTs that reached NinjaOne there, by their subject or reason."""
        bodies = [json.loads(call.body) for call in self.sandbox.calls("POST", path)]
        return Counter(str(body.get("subject") or body.get("reason")) for body in bodies)


@contextlib.contextmanager
def site_running(folder: Path) -> Iterator[Site]:
    """Started, and stopped in the end."""
    ports = free_port(), free_port()
    with (
        serve_in_thread(Sandbox()) as sandbox,
        postgresql_at(settings.TEST_DATABASE_URL) as database,
        nginx(folder, ports) as front,
    ):
        url = f"https://127.0.0.1:{front.https}"
        env = environment_of(
            folder,
            PUBLIC_URL=url,
            DATABASE_URL=database.url,
            DATABASE_POOL="8",
            TRUSTED_PROXIES="127.0.0.1",
            NINJAONE_SANDBOX_URL=sandbox.url,
            DISPATCH_LEASE_SECONDS="4",
            SWEEP_SECONDS="0.5",
        )
        msp = filled(env)["msps"][0]
        assert manage(env, "shell", "--command", LIFT_LIMITS).returncode == 0
        webs = [
            Process(f"web {port}", ["serve", "--port", str(port), *SERVE], port, folder / f"{port}.log", env)
            for port in ports
        ]
        workers = [Process(f"worker {n}", ["worker"], None, folder / f"worker-{n}.log", env) for n in (1, 2)]
        try:
            wait_until_ready([*webs, *workers])
            plain = f"http://127.0.0.1:{front.http}"
            yield Site(url, plain, front.certificate, env, sandbox.sandbox, webs, workers, msp)
        finally:
            for process in (*webs, *workers):
                process.end()


def _field(page: requests.Response, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', page.text)
    assert found, page.text
    return found[1]
