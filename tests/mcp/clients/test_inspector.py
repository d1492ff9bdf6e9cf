"""The official Inspector's command line, of both eras, against the running product."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest
from django.db import connection

from tests.journeys.conftest import Product
from tests.journeys.test_every_tool import ASKS, AUTO
from tests.mcp.clients.technician import Technician
from tests.mcp.node import INSPECTOR, NEEDS_NODE, node

pytestmark = [
    NEEDS_NODE,
    pytest.mark.skipif(connection.vendor != "sqlite", reason="is about the wire, and passes on SQLite"),
]
PATIENCE_SECONDS = 30
REBOOT = ("ninja-reboot-device", "device_id=43")


@dataclass(frozen=True)
class Inspector:
    """Started anew for each question, as from a shell."""

    product: Product
    era: str
    home: Path

    def run(self, method: str, *options: str) -> CompletedProcess[str]:
        """One question."""
        return node(
            INSPECTOR,
            *("--cli", f"{self.product.url}/mcp", "--transport", "http", "--protocol-era", self.era),
            *("--header", f"Authorization: Bearer {self.product.tenant.key_text}"),
            *("--method", method, *options),
            home=self.home,
        )

    def call(self, tool: str, *arguments: str) -> dict[str, Any]:
        """A call of a tool, and the result."""
        answer = self.run("tools/call", "--tool-name", tool, *(("--tool-arg", *arguments) if arguments else ()))
        assert answer.stdout, answer.stderr
        result: dict[str, Any] = json.loads(answer.stdout)
        assert json.loads(result["content"][0]["text"]) == result["structuredContent"]
        return result


def what_waits(product: Product) -> str:
    """The id of the one call that waits for somebody, as soon as there is one."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        waiting = product.request("GET", "/api/v1/invocations?status=pending_approval").json()["invocations"]
        if waiting:
            return str(waiting[0]["id"])
        time.sleep(0.2)
    raise AssertionError(f"Nothing waited within {PATIENCE_SECONDS} s.")


@pytest.mark.parametrize("era", ["modern", "legacy"])
def test_it_lists_the_tools_and_calls_one(product: Product, tmp_path: Path, era: str) -> None:
    inspector = Inspector(product, era, tmp_path)
    listed = inspector.run("tools/list", "--strict")
    assert listed.returncode == 0, listed.stderr
    # Some clients cannot read those; the Inspector knows.
    assert "`type` is an array" not in listed.stderr
    assert {tool["name"] for tool in json.loads(listed.stdout)["tools"]} == {*AUTO, *ASKS, "get-invocation"}
    result = inspector.call("ninja-list-devices", "organization_id=2", "limit=1")
    assert result["isError"] is False
    assert [device["organizationId"] for device in result["structuredContent"]["result"]["items"]] == [2]


def test_one_that_knows_tasks_waits_by_itself_for_the_dashboard(product: Product, tmp_path: Path) -> None:
    inspector, technician = Inspector(product, "modern", tmp_path), Technician(product)
    with ThreadPoolExecutor() as terminal:
        asked = terminal.submit(inspector.call, *REBOOT)
        technician.approve(what_waits(product))
        assert asked.result()["structuredContent"]["status"] == "succeeded"
        asked = terminal.submit(inspector.call, *REBOOT)
        technician.deny(what_waits(product), reason_code="wrong_time", comment="Not before 22:00.")
        denied = asked.result()
    assert denied["isError"] is True
    assert denied["structuredContent"]["status"] == "denied"
    assert "Not before 22:00." in denied["structuredContent"]["message"]
    assert [call.path for call in product.sandbox.calls("POST")] == ["/v2/device/43/reboot/NORMAL"]


def test_one_that_does_not_looks_again(product: Product, tmp_path: Path) -> None:
    inspector, technician = Inspector(product, "legacy", tmp_path), Technician(product)
    asked = inspector.call(*REBOOT)
    assert asked["isError"] is False
    envelope = asked["structuredContent"]
    assert envelope["status"] == "pending_approval"
    technician.approve(envelope["id"])
    arguments = [f"{name}={value}" for name, value in envelope["next"]["arguments"].items()]
    done = inspector.call(envelope["next"]["tool"], *arguments)
    assert done["structuredContent"]["status"] == "succeeded"
