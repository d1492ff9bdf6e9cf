"""The Python SDK's client, of both eras, against the running product."""

from __future__ import annotations

import json
from typing import Any

import anyio
import pytest
from mcp import Client, MCPError
from mcp.types import CallToolResult, TextContent

from approvals.mcp.protocol import INVALID_PARAMS, LEGACY, MODERN
from tests.journeys.conftest import Product
from tests.journeys.test_every_tool import ASKS, AUTO
from tests.mcp.clients.sdk import beside, envelope_of, talk
from tests.mcp.clients.tasks_extension import (
    Acknowledged,
    CancelTask,
    CreatedTask,
    DetailedTask,
    GetTask,
    TaskParams,
    TasksExtension,
)
from tests.mcp.clients.technician import Technician
from tools.registry import TOOLS

MODES = {"auto": MODERN, "legacy": LEGACY[0]}
REBOOT, WEB = "ninja-reboot-device", 43


async def settled(client: Client, envelope: dict[str, Any]) -> CallToolResult:
    """What came of a call, asked for as the envelope says."""
    advice = envelope["next"]
    return await client.call_tool(advice["tool"], advice["arguments"])


@pytest.mark.parametrize("mode", MODES)
def test_it_lists_the_tools_and_calls_one(product: Product, mode: str) -> None:
    async def story(client: Client) -> None:
        assert client.protocol_version == MODES[mode]
        assert client.server_info is not None
        assert client.server_info.name == "countersign"
        listed = await client.list_tools()
        assert listed.next_cursor is None
        assert {tool.name for tool in listed.tools} == {*AUTO, *ASKS, "get-invocation"}
        for tool in listed.tools:
            assert tool.annotations is not None
            assert None not in tool.annotations.model_dump().values()
        # Clients that fill in every argument send null for what the model left out.
        result = await client.call_tool("ninja-list-devices", {"organization_id": 2, "filter": None, "limit": None})
        assert not result.is_error
        envelope = envelope_of(result)
        assert isinstance(result.content[0], TextContent)
        assert json.loads(result.content[0].text) == envelope
        assert {device["organizationId"] for device in envelope["result"]["items"]} == {2}

    talk(product, mode, story)


@pytest.mark.parametrize("mode", MODES)
def test_a_call_waits_for_the_dashboard_and_then_runs_once(product: Product, mode: str) -> None:
    technician = Technician(product)

    async def story(client: Client) -> None:
        asked = await client.call_tool(REBOOT, {"device_id": WEB, "mode": "NORMAL", "reason": None})
        assert not asked.is_error
        envelope = envelope_of(asked)
        assert envelope["status"] == "pending_approval"
        again = await client.call_tool(REBOOT, {"device_id": WEB, "mode": "NORMAL"})
        assert envelope_of(again)["id"] == envelope["id"]
        assert not product.sandbox.calls("POST")
        async with anyio.create_task_group() as group:
            group.start_soon(beside, technician.approve, envelope["id"])
            done = await settled(client, envelope)
        assert not done.is_error
        assert envelope_of(done)["status"] == "succeeded"

    talk(product, mode, story)
    assert [call.path for call in product.sandbox.calls("POST")] == [f"/v2/device/{WEB}/reboot/NORMAL"]


@pytest.mark.parametrize("mode", MODES)
def test_a_denial_comes_with_its_reason(product: Product, mode: str) -> None:
    technician = Technician(product)

    async def story(client: Client) -> None:
        envelope = envelope_of(await client.call_tool(REBOOT, {"device_id": WEB}))
        await beside(lambda: technician.deny(envelope["id"], reason_code="wrong_time", comment="Not before 22:00."))
        done = await settled(client, envelope)
        assert done.is_error
        told = envelope_of(done)
        assert told["status"] == "denied"
        assert (told["approval"]["reason_code"], told["approval"]["comment"]) == ("wrong_time", "Not before 22:00.")
        assert isinstance(done.content[0], TextContent)
        assert "Not before 22:00." in done.content[0].text

    talk(product, mode, story)
    assert not product.sandbox.calls("POST")


@pytest.mark.parametrize("mode", MODES)
def test_it_is_told_what_was_wrong(product: Product, mode: str) -> None:
    async def story(client: Client) -> None:
        with pytest.raises(MCPError) as unknown:
            await client.call_tool("ninja-format-disk", {})
        assert unknown.value.code == INVALID_PARAMS
        wrong = await client.call_tool(REBOOT, {"device_id": "43", "now": True})
        assert wrong.is_error
        error = envelope_of(wrong)["error"]
        assert error["code"] == "invalid_arguments"
        assert {each["field"] for each in error["errors"]} == {"device_id", "now"}
        nobody = await client.call_tool("get-invocation", {"invocation_id": "00000000-0000-4000-8000-000000000000"})
        assert nobody.is_error
        assert envelope_of(nobody)["error"]["code"] == "not_found"

    talk(product, mode, story)


@pytest.mark.parametrize("is_approved", [True, False])
def test_a_client_of_the_tasks_extension_just_gets_the_result_later(product: Product, is_approved: bool) -> None:
    technician = Technician(product)

    async def story(client: Client) -> None:
        async def decide() -> None:
            await tasks.created.wait()
            if is_approved:
                await beside(technician.approve, tasks.task_id)
            else:
                await beside(lambda: technician.deny(tasks.task_id, reason_code="wrong_device", comment="Wrong one."))

        async with anyio.create_task_group() as group:
            group.start_soon(decide)
            result = await client.call_tool(REBOOT, {"device_id": WEB})
        assert result.is_error is not is_approved
        assert envelope_of(result)["status"] == ("succeeded" if is_approved else "denied")

    tasks = TasksExtension()
    talk(product, "auto", story, extensions=[tasks])
    # Denied is completed, too: "failed" would be an error of the protocol.
    assert tasks.seen == ["working", "completed"]
    assert len(product.sandbox.calls("POST")) == is_approved


def test_a_client_of_the_tasks_extension_withdraws(product: Product) -> None:
    async def story(client: Client) -> None:
        task = await client.session.call_tool(REBOOT, {"device_id": WEB}, allow_claimed=True)
        assert isinstance(task, CreatedTask)
        which = TaskParams(task_id=task.task_id)
        # A second time for good measure: it stays withdrawn.
        for _ in range(2):
            await client.session.send_request(CancelTask(params=which), Acknowledged)
            now = await client.session.send_request(GetTask(params=which), DetailedTask)
            assert (now.status, now.result, now.poll_interval_ms) == ("cancelled", None, None)
        with pytest.raises(MCPError) as unknown:
            await client.session.send_request(GetTask(params=TaskParams(task_id="none")), DetailedTask)
        assert unknown.value.code == INVALID_PARAMS

    talk(product, "auto", story, extensions=[TasksExtension()])
    assert not product.sandbox.calls("POST")


@pytest.mark.parametrize("mode", MODES)
def test_the_read_only_door_has_no_other_tools(product: Product, mode: str) -> None:
    async def story(client: Client) -> None:
        listed = await client.list_tools()
        assert {tool.name for tool in listed.tools} == {
            "get-invocation",
            *(tool.name for tool in TOOLS.values() if tool.read_only),
        }
        with pytest.raises(MCPError) as unknown:
            await client.call_tool(REBOOT, {"device_id": WEB})
        assert unknown.value.code == INVALID_PARAMS

    talk(product, mode, story, path="/mcp/readonly")
