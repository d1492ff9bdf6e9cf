"""Whatever is killed after a script was sent, its output arrives."""

from __future__ import annotations

import requests

from approvals.models import Effect, Invocation
from integrations.ninjaone.sandbox import ACME
from tests.approvals.asking import approve
from tests.chaos.product import Product, kill, wait_for


def look(product: Product, row_id: str, query: str = "") -> dict[str, object]:
    """The invocation as the agent sees it."""
    answer = requests.get(
        f"http://127.0.0.1:{product.port}/api/v1/invocations/{row_id}{query}",
        headers={"Authorization": f"Bearer {product.tenant.key_text}"},
        timeout=70,
    )
    assert answer.status_code == 200, answer.text
    body: dict[str, object] = answer.json()
    return body


def test_a_script_that_was_sent_by_a_server_that_died_returns_its_output(product: Product) -> None:
    world = product.sandbox.clients[ACME].world
    world.script_finish_seconds = 3_600
    with product.running() as processes:
        asked = product.invoke("ninja-run-bash", device_id=43, script="echo hello\nexit 3\n").json()
        approve(product.tenant, Invocation.objects.get(pk=asked["id"]))
        sent = look(product, asked["id"], "?wait=55&until=status")
        assert (sent["status"], sent["outcome"]["state"]) == ("succeeded", "submitted")  # type: ignore[index]
        kill(processes)
    assert Effect.objects.get().is_open
    with product.sandbox.lock:
        for run in world.runs:
            run.steps = [(0.0, effect) for _, effect in run.steps]
    with product.running():
        wait_for(lambda: not Effect.objects.get().is_open)
        outcome = look(product, asked["id"], "?wait=55")["outcome"]
    assert isinstance(outcome, dict)
    assert (outcome["state"], outcome["exit_code"], outcome["output"]) == ("failed", 3, "hello\n")
    assert outcome["sha256"] == Effect.objects.get().wanted
    assert product.received("POST", "/v2/device/43/script/run") == 1


def test_waiting_for_a_script_waits_for_its_output(product: Product) -> None:
    product.sandbox.clients[ACME].world.script_finish_seconds = 4
    with product.running():
        asked = product.invoke("ninja-run-bash", device_id=43, script="echo hello\n").json()
        approve(product.tenant, Invocation.objects.get(pk=asked["id"]))
        outcome = look(product, asked["id"], "?wait=55")["outcome"]
    assert isinstance(outcome, dict)
    assert (outcome["state"], outcome["exit_code"], outcome["output"]) == ("verified", 0, "hello\n")
    assert outcome["finished_at"] > outcome["started_at"]
