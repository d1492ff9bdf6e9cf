"""nginx, two web processes, two workers, one PostgreSQL: whoever is killed, calls go on, and none is sent twice."""

from __future__ import annotations

import itertools
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
import requests
from django.db import connection

from chaos.processes import Process, wait_until_ready
from integrations.ninjaone.sandbox import SandboxRequest, SandboxResponse
from integrations.ninjaone.sandbox.messages import Delivery
from tests.config.processes import manage
from tests.machines.site import Site, site_running

pytestmark = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="on PostgreSQL alone there is more than one machine"
)

TICKETS, REBOOT = "/v2/ticketing/ticket", "/v2/device/45/reboot/NORMAL"
AGENTS = 6
# `fail_timeout` in deploy/nginx.conf: for so long after it refused a process gets nothing, even if it is back by then.
LEFT_ALONE_SECONDS = 5.0
LIMIT = """
from integrations.models import Agent
Agent.objects.filter(name="{name}").update(allowed_addresses={addresses})
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One for all: starting it is most of what they take."""
    with site_running(tmp_path_factory.mktemp("machines")) as site:
        yield site


@pytest.fixture
def _slow_writes(site: Site) -> Iterator[None]:
    """NinjaOne takes its time over each write, so that kills meet some on the wire."""
    handle = site.sandbox.handle

    def slowly(request: SandboxRequest) -> SandboxResponse:
        answer = handle(request)
        return replace(answer, delivery=Delivery(delay=0.6)) if request.method == "POST" else answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(site.sandbox, "handle", slowly)
        yield


def wait_until_asked_again(process: Process) -> None:
    """It is back, and nginx knows."""
    wait_until_ready([process])
    time.sleep(LEFT_ALONE_SECONDS)


def under_load(call: Callable[[int, int], requests.Response], during: Callable[[], None]) -> list[requests.Response]:
    """The answers to agents that call one after the other, from a moment before `during` until a moment after it."""
    over = threading.Event()

    def agent(number: int) -> list[requests.Response]:
        return [call(number, turn) for turn in itertools.takewhile(lambda _: not over.is_set(), itertools.count())]

    with ThreadPoolExecutor(AGENTS) as threads:
        working = [threads.submit(agent, number) for number in range(AGENTS)]
        time.sleep(1.0)
        try:
            during()
            time.sleep(1.0)
        finally:
            over.set()
        return [answer for agent in working for answer in agent.result()]


def calls_recorded(site: Site) -> int:
    count = "from approvals.models import Invocation; print('calls:', Invocation.objects.count())"
    said = manage(site.env, "shell", "--command", count).stdout
    return int(re.findall(r"^calls: (\d+)$", said, re.MULTILINE)[0])


def test_the_client_is_whom_nginx_saw_and_https_is_https(site: Site) -> None:
    name = site.msp["agents"][1]["name"]
    limit = LIMIT.format(name=name, addresses=["127.0.0.2/32"])
    assert manage(site.env, "shell", "--command", limit).returncode == 0
    me = f"{site.url}/api/v1/me"
    assert site.agent("127.0.0.2", 1).get(me, timeout=30).status_code == 200
    for lie in ("X-Forwarded-For", "X_Forwarded_For", "Forwarded"):
        liar = site.agent("127.0.0.3", 1)
        claim = "for=127.0.0.2" if lie == "Forwarded" else "127.0.0.2"
        assert liar.get(me, headers={lie: claim}, timeout=30).status_code == 401, lie
    browser = site.signed_in("viewer")
    cookies = {cookie.name: cookie for cookie in browser.cookies}
    assert {"__Host-session", "__Host-csrf"} <= set(cookies)
    assert all(cookie.secure for cookie in cookies.values())
    moved = site.client().get(f"{site.plain_url}/dashboard/", allow_redirects=False, timeout=30)
    assert (moved.status_code, moved.headers["Location"][:8]) == (301, "https://")
    assert site.client().get(f"{site.url}/metrics", timeout=30).status_code == 404


def test_what_is_too_large_is_refused_before_a_thread_reads_it(site: Site) -> None:
    agent = site.agent()
    url = f"{site.url}/api/v1/tools/ninja-get-device/invoke"
    assert agent.post(url, data=b"x" * 600_000, timeout=30).status_code == 413


def test_what_is_approved_through_one_process_a_worker_sends_at_once(site: Site) -> None:
    agent, browser = site.agent(), site.signed_in("approver")
    asked = site.invoke(agent, "ninja-reboot-device", device_id=45, reason="at once")
    with ThreadPoolExecutor(1) as threads:
        url = f"{site.url}/api/v1/invocations/{asked.json()['id']}?wait=55"
        waits = threads.submit(lambda: agent.get(url, timeout=70).json())
        time.sleep(0.5)
        site.approve(browser, asked.json()["id"])
        assert waits.result()["status"] == "succeeded"
    assert site.received(REBOOT)["at once"] == 1


@pytest.mark.usefixtures("_slow_writes")
def test_a_web_process_dies_under_load_and_calls_go_on(site: Site) -> None:
    """Half of the agents have no Idempotency-Key: what nginx sent again would be a second ticket."""
    told: dict[str, list[int]] = {}

    def call(number: int, turn: int) -> requests.Response:
        agent, subject = site.agent(), f"killed {number}.{turn}"
        key = subject if number % 2 else ""
        ticket = {"organization_id": 2, "ticket_form_id": 1, "subject": subject}
        answer = site.invoke(agent, "ninja-create-ticket", key=key, **ticket)
        told[subject] = [answer.status_code]
        while key and told[subject][-1] >= 500 and len(told[subject]) < 20:
            time.sleep(0.2)
            told[subject].append(site.invoke(agent, "ninja-create-ticket", key=key, **ticket).status_code)
        return agent.get(f"{site.url}/api/v1/tools", timeout=30)

    listed = under_load(call, site.webs[0].end)
    received = site.received(TICKETS)
    assert max(received[subject] for subject in told) == 1
    assert all(received[subject] == 1 for subject, codes in told.items() if codes[-1] == 200)
    assert any(codes[0] == 502 for codes in told.values()), "the kill met nobody"
    # Reading is tried at the other one, and nobody sees that anything happened.
    assert {answer.status_code for answer in listed} == {200}
    assert sum(codes[0] == 200 for codes in told.values()) > AGENTS
    wait_until_asked_again(site.webs[0])


def test_a_web_process_that_is_told_to_stop_finishes_what_it_has(site: Site) -> None:
    def stop() -> None:
        site.webs[1].terminate()
        assert site.webs[1].wait() == 0

    def read(number: int, turn: int) -> requests.Response:
        return site.invoke(agents[number], "ninja-get-organization", organization_id=2)

    agents = [site.agent() for _ in range(AGENTS)]
    before = calls_recorded(site)
    answers = under_load(read, stop)
    told = Counter(answer.status_code for answer in answers)
    assert told[200] > AGENTS
    # Who connected in the very moment in which the port closed was not heard; what was heard was finished.
    assert told.total() - told[200] == told[502] <= AGENTS
    assert calls_recorded(site) - before == told[200]
    wait_until_asked_again(site.webs[1])


@pytest.mark.usefixtures("_slow_writes")
def test_a_worker_dies_while_it_sends_and_the_other_one_goes_on(site: Site) -> None:
    agent, browser = site.agent(), site.signed_in("approver")
    reasons = [f"worker {number}" for number in range(8)]
    asked = [site.invoke(agent, "ninja-reboot-device", device_id=45, reason=reason).json()["id"] for reason in reasons]
    for invocation in asked[:4]:
        site.approve(browser, invocation)
    site.workers[0].end()
    for invocation in asked[4:]:
        site.approve(browser, invocation)
    ends = [agent.get(f"{site.url}/api/v1/invocations/{one}?wait=30", timeout=70).json()["status"] for one in asked]
    assert set(ends) <= {"succeeded", "unknown"}
    assert ends[4:] == ["succeeded"] * 4
    received = site.received(REBOOT)
    assert all(received[reason] == 1 for reason, end in zip(reasons, ends, strict=True) if end == "succeeded")
    assert max(received[reason] for reason in reasons) == 1
