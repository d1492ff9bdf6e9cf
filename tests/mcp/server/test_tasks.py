"""The same wait as a task, to a client that declares the extension io.modelcontextprotocol/tasks on the request."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from approvals.dispatch import dispatch_due
from approvals.models import Decision, Invocation
from integrations.ninjaone.sandbox import Sandbox
from integrations.ninjaone.sandbox.faults import status
from tests.approvals.asking import again, approve, approved_and_sent, deny
from tests.cast import Tenant
from tests.mcp.server.calling import DC, WEB, McpClient
from tests.mcp.server.policies import set_mode
from tools.models import Mode

REBOOT = "ninja-reboot-device"
METHODS = ("tasks/get", "tasks/update", "tasks/cancel")
ACKNOWLEDGED = {"resultType", "_meta"}


def waiting(tasker: McpClient) -> Any:
    """A task that waits for a technician."""
    return tasker.call(REBOOT, {"device_id": DC}).result


def get(tasker: McpClient, task: Any) -> Any:
    """The task as it stands now."""
    result = tasker.ask("tasks/get", {"taskId": task["taskId"]}).result
    assert result["resultType"] == "complete"
    return result


def test_a_call_that_waits_is_answered_with_a_task(tasker: McpClient) -> None:
    task = waiting(tasker)
    row = Invocation.objects.get()
    assert set(task) == {
        "resultType", "taskId", "status", "statusMessage", "createdAt", "lastUpdatedAt", "ttlMs", "pollIntervalMs",
        "_meta",
    }  # fmt: skip
    assert (task["resultType"], task["taskId"], task["status"]) == ("task", str(row.pk), "working")
    assert (task["ttlMs"], task["pollIntervalMs"]) == (None, 5000)
    assert "a technician of Acme MSP must approve it" in task["statusMessage"]
    assert waiting(tasker) == task  # the identical call
    assert {**get(tasker, task), "resultType": "task"} == task


def test_a_call_that_does_not_wait_is_answered_at_once(tasker: McpClient) -> None:
    answer = tasker.call("ninja-get-device", {"device_id": WEB})
    assert (answer.result["resultType"], answer.envelope["status"]) == ("complete", "succeeded")
    dry = tasker.call(REBOOT, {"device_id": DC}, dry_run=True)
    assert dry.result["resultType"] == "complete"
    assert tasker.call(REBOOT, {"device_id": "x"}).is_error is True


def test_an_approved_task_ends_with_the_result_of_the_call(tasker: McpClient, acme: Tenant) -> None:
    task = waiting(tasker)
    row = again(uuid.UUID(task["taskId"]))
    approve(acme, row)
    queued = get(tasker, task)
    assert (queued["status"], queued["pollIntervalMs"]) == ("working", 1000)
    assert queued["lastUpdatedAt"] > task["lastUpdatedAt"]
    dispatch_due()
    done = get(tasker, task)
    assert (done["status"], done["result"]["isError"]) == ("completed", False)
    assert "pollIntervalMs" not in done
    assert done["lastUpdatedAt"] > queued["lastUpdatedAt"]
    look = tasker.call("get-invocation", {"invocation_id": task["taskId"]}).result
    assert {**done["result"], "_meta": None} == {**look, "_meta": None}
    assert tasker.ask("tools/call", {"name": REBOOT, "arguments": {"device_id": DC}}).result["resultType"] == "task"


def test_a_denied_task_is_completed_with_an_error_that_says_why(tasker: McpClient, acme: Tenant) -> None:
    task = waiting(tasker)
    deny(acme, again(uuid.UUID(task["taskId"])))
    done = get(tasker, task)
    assert (done["status"], done["result"]["isError"]) == ("completed", True)
    assert "That one is in surgery." in done["statusMessage"]
    assert done["result"]["structuredContent"]["status"] == "denied"


@pytest.mark.parametrize("ending", ["expired", "blocked"])
def test_every_other_bad_end_is_completed_with_an_error_too(tasker: McpClient, ending: str) -> None:
    task = waiting(tasker)
    Invocation.objects.update(status=ending)
    done = get(tasker, task)
    assert (done["status"], done["result"]["isError"]) == ("completed", True)
    assert done["result"]["structuredContent"]["status"] == ending
    assert "error" not in done


@pytest.mark.parametrize(("code", "ending"), [(403, "failed"), (500, "unknown")])
def test_an_approved_task_that_goes_wrong_is_completed_with_an_error(
    tasker: McpClient, acme: Tenant, ninjaone: Sandbox, code: int, ending: str
) -> None:
    task = waiting(tasker)
    ninjaone.faults.add("POST", f"/v2/device/{DC}/reboot/NORMAL", status(code))
    approved_and_sent(acme, again(uuid.UUID(task["taskId"])))
    done = get(tasker, task)
    assert (done["status"], done["result"]["isError"]) == ("completed", True)
    assert done["result"]["structuredContent"]["status"] == ending


def test_a_withdrawn_task_is_cancelled_and_never_sent(tasker: McpClient, acme: Tenant, ninjaone: Sandbox) -> None:
    task = waiting(tasker)
    for _ in range(2):
        assert set(tasker.ask("tasks/cancel", {"taskId": task["taskId"]}).result) == ACKNOWLEDGED
    found = get(tasker, task)
    assert (found["status"], "result" in found) == ("cancelled", False)
    dispatch_due()
    assert not ninjaone.calls("POST")


def test_the_wish_to_withdraw_what_is_over_is_acknowledged_and_changes_nothing(tasker: McpClient, acme: Tenant) -> None:
    task = waiting(tasker)
    approved_and_sent(acme, again(uuid.UUID(task["taskId"])))
    assert set(tasker.ask("tasks/cancel", {"taskId": task["taskId"]}).result) == ACKNOWLEDGED
    assert get(tasker, task)["status"] == "completed"


@pytest.mark.parametrize(
    "responses",
    [
        {},
        {"approve": {"action": "accept", "content": {"approved": True}}},
        {"decision": {"action": "accept", "content": {"verdict": "approved", "digest": "sha256:" + "0" * 64}}},
    ],
)
def test_nothing_that_a_client_answers_decides(tasker: McpClient, ninjaone: Sandbox, responses: dict[str, Any]) -> None:
    task = waiting(tasker)
    update = {"taskId": task["taskId"], "inputResponses": responses}
    assert set(tasker.ask("tasks/update", update).result) == ACKNOWLEDGED
    tasker.ask("tools/call", {"name": REBOOT, "arguments": {"device_id": DC}, "inputResponses": responses})
    dispatch_due()
    assert get(tasker, task)["status"] == "working"
    assert not Decision.objects.exists()
    assert not ninjaone.calls("POST")
    assert tasker.ask("tasks/update", {"taskId": task["taskId"]}).code == (200, -32602)


@pytest.mark.parametrize("method", METHODS)
def test_a_client_that_does_not_declare_tasks_has_none(agent: McpClient, tasker: McpClient, method: str) -> None:
    task = waiting(tasker)
    for wanted in (task["taskId"], str(uuid.uuid4())):
        answer = agent.ask(method, {"taskId": wanted, "inputResponses": {}})
        assert answer.code == (400, -32021)
        needed: dict[str, Any] = {"extensions": {"io.modelcontextprotocol/tasks": {}}}
        assert answer.error["data"] == {"requiredCapabilities": needed}
    assert agent.call(REBOOT, {"device_id": DC}).envelope["id"] == task["taskId"]
    agent.version = "2025-11-25"
    assert agent.ask(method, {"taskId": task["taskId"]}).code == (200, -32601)
    assert agent.call(REBOOT, {"device_id": DC}).envelope["id"] == task["taskId"]


@pytest.mark.parametrize("method", METHODS)
def test_what_is_not_ones_own_does_not_exist(tasker: McpClient, stranger: McpClient, method: str) -> None:
    task = waiting(tasker)
    ids = (task["taskId"], str(uuid.uuid4()), "x", "", None, 7, ["a"])
    answers = [
        stranger.ask(method, {"taskId": wanted, "inputResponses": {}}, X_Request_Id="the-same-one") for wanted in ids
    ]
    assert {answer.code for answer in answers} == {(200, -32602)}
    assert len({answer.response.content for answer in answers}) == 1
    assert get(tasker, task)["status"] == "working"


def test_the_read_only_address_has_the_tasks_of_reads_alone(tasker: McpClient, acme: Tenant) -> None:
    write = waiting(tasker)
    set_mode(acme, "ninja-get-device", Mode.APPROVAL_NEEDED)
    tasker.url = "/mcp/readonly"
    read = tasker.call("ninja-get-device", {"device_id": WEB}).result
    assert get(tasker, read)["status"] == "working"
    for method in METHODS:
        assert tasker.ask(method, {"taskId": write["taskId"], "inputResponses": {}}).code == (200, -32602)
    assert again(uuid.UUID(write["taskId"])).status == "pending_approval"
