"""What agents are told of an outcome, by REST and by MCP, and what they wait for."""

from __future__ import annotations

from uuid import UUID

import pytest

from approvals.ledger import Until, invocation_wait
from approvals.models import Invocation
from approvals.waiting import WAITS
from integrations.ninjaone.sandbox import Sandbox
from integrations.ninjaone.sandbox.world import World
from tests.approvals.asking import again, approved_and_sent, ask
from tests.approvals.outcomes.looking import bash, ended, look_everywhere
from tests.approvals.rest.calling import Caller, caller_of
from tests.cast import Tenant
from tests.mcp.server.calling import TASKS_DECLARED, McpClient

pytestmark = pytest.mark.usefixtures("at_once")
LOOK_AGAIN = "get-invocation"


@pytest.fixture
def agent(acme: Tenant) -> Caller:
    return caller_of(acme)


@pytest.fixture
def client(acme: Tenant) -> McpClient:
    return McpClient(acme.key_text)


def waited(
    tenant: Tenant, row: Invocation, until: Until | None, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> tuple[str, int]:
    """Wait while the run ends; the outcome's state then, and how often somebody waited."""
    waits = []

    def until_changed(*arguments: object) -> None:
        waits.append(arguments)
        ended(sandbox)
        look_everywhere()

    monkeypatch.setattr(WAITS, "until_changed", until_changed)
    seen, _ = invocation_wait(principal=tenant.principal(), invocation_id=row.pk, seconds=20, until=until)
    return seen.effect.state, len(waits)


def test_rest_shows_the_output_and_the_exit_code(acme: Tenant, ninjaone: Sandbox, agent: Caller) -> None:
    row = bash(acme, "echo hello\n")
    early = agent.get(f"invocations/{row.pk}").body
    assert (early["status"], early["next"]) == ("succeeded", None)
    assert early["outcome"] == {
        "state": "submitted", "reason": None, "exit_code": None, "output": None, "truncated": False, "sha256": None,
        "started_at": None, "finished_at": None,
        "next": {
            "method": "GET", "url": f"/api/v1/invocations/{row.pk}?wait=30&until=outcome", "after_seconds": 2,
        },
    }  # fmt: skip
    assert "Look again with outcome.next." in early["message"]
    ended(ninjaone)
    look_everywhere()
    late = agent.get(f"invocations/{row.pk}").body
    outcome = late["outcome"]
    assert (outcome["state"], outcome["exit_code"], outcome["output"]) == ("verified", 0, "hello\n")
    assert (outcome["truncated"], outcome["next"]) == (False, None)
    assert len(outcome["sha256"]) == 64
    assert outcome["started_at"] <= outcome["finished_at"]
    assert late["message"] == "Done, and verified. What it printed stands in outcome.output."
    assert agent.get("invocations").body["invocations"][0]["outcome"] == outcome


def test_of_what_printed_nothing_it_is_not_said_where_that_stands(
    acme: Tenant, agent: Caller, ninjaone: Sandbox, world: World
) -> None:
    script = bash(acme, "true")
    reboot = approved_and_sent(acme, ask(acme, "ninja-reboot-device", device_id=45))
    ended(ninjaone)
    # That the reboot is over is there before the device is back.
    world.activities[:] = [one for one in world.activities if one["statusCode"] != "SYSTEM_REBOOTED"]
    look_everywhere()
    for row in (script, reboot):
        told = agent.get(f"invocations/{row.pk}").body
        assert (told["outcome"]["state"], told["outcome"]["output"]) == ("verified", "")
        assert told["message"] == "Done, and verified."


def test_its_own_advice_can_be_followed(acme: Tenant, agent: Caller, ninjaone: Sandbox) -> None:
    row = bash(acme)
    follow = agent.get(f"invocations/{row.pk}").body["outcome"]["next"]["url"]
    ended(ninjaone)
    look_everywhere()
    assert agent.get(follow.removeprefix("/api/v1/")).body["outcome"]["state"] == "verified"


def test_a_read_and_a_request_that_waits_have_no_outcome(acme: Tenant, agent: Caller) -> None:
    read = agent.invoke("ninja-get-device", {"device_id": 43}).body
    waiting = agent.invoke("ninja-reboot-device", {"device_id": 43}).body
    assert (read["outcome"], waiting["outcome"]) == (None, None)


@pytest.mark.parametrize("value", ["", "forever", "OUTCOME"])
def test_what_one_cannot_wait_for_is_refused(acme: Tenant, agent: Caller, value: str) -> None:
    row = bash(acme)
    answer = agent.get(f"invocations/{row.pk}?until={value}")
    assert (answer.status, answer.error["errors"][0]["field"]) == (422, "until")


@pytest.mark.parametrize(
    ("until", "waits"),
    [(None, True), (Until.OUTCOME, True), (Until.STATUS, False)],
    ids=["default", "outcome", "status"],
)
def test_for_a_script_one_waits_for_what_it_prints(
    acme: Tenant, ninjaone: Sandbox, until: Until | None, waits: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = bash(acme)
    assert waited(acme, row, until, ninjaone, monkeypatch) == (("verified", 1) if waits else ("submitted", 0))


@pytest.mark.parametrize(("until", "waits"), [(None, False), (Until.OUTCOME, True)], ids=["default", "outcome"])
def test_for_a_reboot_one_waits_for_the_dispatch(
    acme: Tenant, ninjaone: Sandbox, until: Until | None, waits: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = approved_and_sent(acme, ask(acme, "ninja-reboot-device", device_id=43))
    assert waited(acme, row, until, ninjaone, monkeypatch) == (("verified", 1) if waits else ("submitted", 0))


def test_mcp_shows_the_same_and_calls_it_data(acme: Tenant, ninjaone: Sandbox, client: McpClient) -> None:
    row = bash(acme, "echo hello\n")
    early = client.call(LOOK_AGAIN, {"invocation_id": str(row.pk)})
    follow = early.envelope["outcome"]["next"]
    assert (early.is_error, follow["tool"]) == (False, LOOK_AGAIN)
    assert follow["arguments"] == {"invocation_id": str(row.pk), "wait_seconds": 20}
    ended(ninjaone)
    look_everywhere()
    late = client.call(follow["tool"], follow["arguments"])
    assert late.envelope["outcome"] == caller_of(acme).get(f"invocations/{row.pk}").body["outcome"]
    assert late.envelope["outcome"]["output"] == "hello\n"
    assert "never an instruction" in late.envelope["message"]
    assert late.is_error is False


def test_a_script_that_failed_is_an_error_to_the_model(acme: Tenant, ninjaone: Sandbox, client: McpClient) -> None:
    row = bash(acme, "exit 3")
    ended(ninjaone)
    look_everywhere()
    answer = client.call(LOOK_AGAIN, {"invocation_id": str(row.pk)})
    assert (answer.is_error, answer.envelope["status"]) == (True, "succeeded")
    assert "exit code 3" in answer.envelope["message"]


def test_a_task_works_until_its_output_is_there(acme: Tenant, ninjaone: Sandbox) -> None:
    client = McpClient(acme.key_text, capabilities=TASKS_DECLARED)
    created = client.call("ninja-run-bash", {"device_id": 43, "script": "echo hello"}).result
    row = again(UUID(created["taskId"]))
    approved_and_sent(acme, row)
    working = client.ask("tasks/get", {"taskId": str(row.pk)}).result
    assert (working["status"], working["pollIntervalMs"]) == ("working", 2000)
    ended(ninjaone)
    look_everywhere()
    done = client.ask("tasks/get", {"taskId": str(row.pk)}).result
    assert (done["status"], "pollIntervalMs" in done) == ("completed", False)
    assert done["result"]["structuredContent"]["outcome"]["output"] == "hello\n"


def test_people_see_it_with_everything_odd_marked(acme: Tenant, ninjaone: Sandbox) -> None:
    row = bash(acme, "echo '<b>\u0430dmin</b>'")
    browser, url = acme.signed_in(acme.viewer), f"/dashboard/approvals/invocation/{row.pk}/"
    early = browser.get(url).content.decode()
    assert "Sent, not started" in early
    assert f'hx-get="{url}"' in early
    ended(ninjaone)
    look_everywhere()
    page = browser.get(url).content.decode()
    assert "Done and verified" in page
    assert f'hx-get="{url}"' not in page
    assert "as approved" in page
    assert "&lt;b&gt;" in page
    assert "<b>U+0430</b>" in page
    assert page.count("Exit code") == 1


def test_another_msps_agent_sees_nothing_of_it(acme: Tenant, northwind: Tenant, ninjaone: Sandbox) -> None:
    row = bash(acme)
    assert caller_of(northwind).get(f"invocations/{row.pk}?wait=20&until=outcome").status == 404
    assert northwind.signed_in(northwind.admin).get(f"/dashboard/approvals/invocation/{row.pk}/").status_code == 404


def test_a_list_does_not_call_a_success_what_failed_on_the_device(acme: Tenant, ninjaone: Sandbox) -> None:
    bash(acme, "exit 3")
    ended(ninjaone)
    look_everywhere()
    browser = acme.signed_in(acme.viewer)
    for url in (
        "/dashboard/",
        "/dashboard/approvals/invocation/",
        "/dashboard/approvals/approvalrequest/?show=decided",
    ):
        page = browser.get(url).content.decode()
        assert "Failed on the device" in page, url
        assert ">Succeeded</span>" not in page, url
