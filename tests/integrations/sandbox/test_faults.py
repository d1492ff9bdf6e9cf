from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator

import pytest
import requests

from integrations.ninjaone.sandbox import ACME, Sandbox, faults, seed_grant
from integrations.ninjaone.sandbox.server import serve_in_thread
from tests.ninjaone_mount import NinjaMock, mount

PATH = "/v2/organizations"


@pytest.fixture(params=["mounted", "served"])
def url(request: pytest.FixtureRequest, sandbox: Sandbox) -> Iterator[str]:
    """The same faults, seen through `responses` and through a real socket."""
    if request.param == "served":
        with serve_in_thread(sandbox) as server:
            yield server.url
    else:
        with NinjaMock() as rsps:
            mount(rsps, sandbox, "https://eu.ninjarmm.com")
            yield "https://eu.ninjarmm.com"


def _get(url: str, *, timeout: float = 5.0) -> requests.Response:
    headers = {"Authorization": f"Bearer {seed_grant(ACME).access_token}", "Connection": "close"}
    return requests.get(url + PATH, headers=headers, timeout=timeout)


@pytest.mark.parametrize("status", [403, 404, 429, 500, 502, 503])
def test_a_status_comes_with_the_words_of_ninjaone(sandbox: Sandbox, url: str, status: int) -> None:
    sandbox.faults.add("GET", PATH, faults.status(status, retry_after="7"))
    answer = _get(url)
    assert answer.status_code == status
    assert answer.headers["Retry-After"] == "7"
    assert answer.json()["resultCode"] == "FAILURE"
    assert _get(url).status_code == 200


def test_a_body_of_ones_own_can_be_given(sandbox: Sandbox, url: str) -> None:
    body = {"error": "user_context_required", "error_code": 5}
    sandbox.faults.add("GET", PATH, faults.status(403, body=body))
    assert _get(url).json() == body


def test_html_garbage_and_nothing_take_the_place_of_json(sandbox: Sandbox, url: str) -> None:
    sandbox.faults.add("GET", PATH, faults.html(200))
    sandbox.faults.add("GET", PATH, faults.garbage())
    sandbox.faults.add("GET", PATH, faults.empty())
    sandbox.faults.add("GET", PATH, faults.raw(400, b'"a string error"', "application/json"))
    page = _get(url)
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html;charset=utf-8")
    broken = _get(url)
    assert broken.headers["Content-Type"] == "application/json"
    with pytest.raises(requests.JSONDecodeError):
        broken.json()
    assert _get(url).content == b""
    assert _get(url).json() == "a string error"


def test_a_dropped_connection_gives_no_answer(sandbox: Sandbox, url: str) -> None:
    sandbox.faults.add("GET", PATH, faults.dropped())
    with pytest.raises(requests.ConnectionError):
        _get(url)


def test_a_cut_body_breaks_while_it_is_read(sandbox: Sandbox, url: str) -> None:
    sandbox.faults.add("GET", PATH, faults.cut())
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        _get(url)


def test_a_slow_answer_times_out_or_is_waited_for(sandbox: Sandbox, url: str) -> None:
    sandbox.faults.add("GET", PATH, faults.slow(0.3))
    with pytest.raises(requests.ReadTimeout):
        _get(url, timeout=0.1)
    sandbox.faults.add("GET", PATH, faults.slow(0.05))
    assert _get(url).status_code == 200


def test_a_dripping_body_arrives_whole_and_late(sandbox: Sandbox, url: str) -> None:
    sandbox.faults.add("GET", PATH, faults.dripping(0.0005))
    begun = time.monotonic()
    assert len(_get(url).json()) == 3
    assert time.monotonic() - begun > 0.05


def test_a_lost_answer_has_had_its_effect_and_a_refusal_has_not(sandbox: Sandbox, url: str) -> None:
    headers = {"Authorization": f"Bearer {seed_grant(ACME).access_token}", "Connection": "close"}
    reboot = url + "/v2/device/43/reboot/NORMAL"
    plan = [faults.status(503), faults.dropped(is_after_effect=False), faults.dropped()]
    seen = []
    for fault in plan:
        sandbox.faults.add("POST", "/v2/device/43/reboot/NORMAL", fault)
        with contextlib.suppress(requests.ConnectionError):
            requests.post(reboot, headers=headers, timeout=5)
        seen.append(len(sandbox.acme.runs))
    assert seen == [0, 0, 1]
    assert len(sandbox.calls("POST")) == 3


def test_a_plan_fits_by_method_and_whole_path_and_counts_down(sandbox: Sandbox, url: str) -> None:
    sandbox.faults.add("POST", PATH, faults.status(500))
    sandbox.faults.add("GET", "/v2", faults.status(500))
    assert _get(url).status_code == 200
    sandbox.faults.add("*", r"/v2/.*", faults.status(429), times=2)
    assert [_get(url).status_code for _ in range(3)] == [429, 429, 200]
    sandbox.faults.add("GET", PATH, faults.status(500))
    sandbox.faults.clear()
    assert _get(url).status_code == 200


def test_the_token_endpoint_can_fail_too(sandbox: Sandbox, url: str) -> None:
    sandbox.faults.add("POST", "/ws/oauth/token", faults.html(502))
    answer = requests.post(url + "/ws/oauth/token", data={"client_id": ACME}, timeout=5)
    assert answer.status_code == 502
    assert len(sandbox.calls("POST", "/ws/oauth/token")) == 1


def test_bodies_and_queries_reach_the_sandbox_as_sent(sandbox: Sandbox, url: str) -> None:
    headers = {"Authorization": f"Bearer {seed_grant(ACME).access_token}", "Connection": "close"}
    requests.get(url + "/v2/devices?df=org%20%3D%202&pageSize=1", headers=headers, timeout=5)
    requests.post(url + "/v2/device/43/reboot/NORMAL", headers=headers, json={"reason": "é"}, timeout=5)
    requests.post(url + "/v2/device/43/reboot/a%2Fb", headers=headers, data='{"reason":"x"}', timeout=5)
    first, second, third = sandbox.received
    assert first.query == "df=org%20%3D%202&pageSize=1"
    assert json.loads(second.body) == {"reason": "é"}
    assert (third.path, third.body) == ("/v2/device/43/reboot/a%2Fb", b'{"reason":"x"}')
