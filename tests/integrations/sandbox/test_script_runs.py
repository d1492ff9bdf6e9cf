from __future__ import annotations

import base64
from typing import Any

import pytest

from integrations.ninjaone.sandbox import Sandbox
from tests.integrations.sandbox.caller import Caller, Clock


def _bash(acme: Caller, text: str, device_id: int = 43) -> int:
    body = {
        "type": "SCRIPT",
        "id": 146,
        "parameters": base64.b64encode(text.encode()).decode(),
        "runAs": "system",
    }
    return acme.send("POST", f"/v2/device/{device_id}/script/run", body=body).status


def _codes(rows: list[dict[str, Any]]) -> list[str]:
    return [row["statusCode"] for row in rows]


def test_a_run_is_requested_then_started_then_completed(acme: Caller, clock: Clock) -> None:
    before = acme.get("/v2/device/43/activities")["lastNodeActivityId"]
    assert _bash(acme, "echo hello") == 204
    assert _codes(acme.activities(43, newerThan=before)) == ["START_REQUESTED"]
    clock.pass_seconds(1.5)
    assert _codes(acme.activities(43, newerThan=before)) == ["STARTED", "START_REQUESTED"]
    clock.pass_seconds(5)
    rows = acme.activities(43, newerThan=before, activityType="ACTION")
    assert _codes(rows) == ["COMPLETED", "STARTED", "START_REQUESTED"]
    assert len({row["seriesUid"] for row in rows}) == 1
    assert rows[0]["activityResult"] == "SUCCESS"
    assert rows[0]["sourceName"] == "Run Bash Runner"
    assert rows[0]["userId"] == 12
    assert rows[0]["message"] == (
        "Action completed: Run Bash Runner Result: SUCCESS Output: Action: Run Bash Runner, Result: Success\nhello\n"
    )
    assert rows[0]["activityTime"] - rows[2]["activityTime"] == pytest.approx(3.0)


def test_an_exit_code_other_than_zero_is_a_failure(acme: Caller, clock: Clock) -> None:
    _bash(acme, "echo before\nexit 3\necho after")
    clock.pass_seconds(5)
    done = acme.activities(43, activityType="ACTION")[0]
    assert done["activityResult"] == "FAILURE"
    assert done["message"].endswith("Result: Failed\nbefore\n")


def test_output_is_cut_at_ten_thousand_characters(acme: Caller, clock: Clock) -> None:
    _bash(acme, "\n".join(["echo " + "x" * 99] * 200))
    clock.pass_seconds(5)
    message = acme.activities(43, activityType="ACTION")[0]["message"]
    assert len(message.partition("Result: Success\n")[2]) == 10_000


def test_a_run_in_progress_is_a_job(acme: Caller, clock: Clock) -> None:
    _bash(acme, "true")
    (job,) = acme.get("/v2/device/43/jobs")
    assert job["jobStatus"] == "START_REQUESTED"
    clock.pass_seconds(2)
    (job,) = acme.get("/v2/jobs", jobType="ACTION", df="org = 2")
    assert job["jobStatus"] == "STARTED"
    assert job["uid"] == acme.activities(43)[0]["seriesUid"]
    assert acme.get("/v2/jobs", df="org = 3") == []
    clock.pass_seconds(2)
    assert acme.get("/v2/jobs") == []


def test_an_offline_device_runs_it_when_it_returns(sandbox: Sandbox, acme: Caller, clock: Clock) -> None:
    assert _bash(acme, "echo late", 63) == 204
    clock.pass_seconds(7200)
    assert _codes(acme.activities(63, activityType="ACTION")) == ["START_REQUESTED"]
    assert acme.get("/v2/device/63/jobs")[0]["jobStatus"] == "START_REQUESTED"
    sandbox.acme.devices[63].offline = False
    assert _codes(acme.activities(63, activityType="ACTION")) == ["START_REQUESTED"]
    clock.pass_seconds(5)
    rows = acme.activities(63, activityType="ACTION")
    assert _codes(rows) == ["COMPLETED", "STARTED", "START_REQUESTED"]
    assert rows[1]["activityTime"] - rows[2]["activityTime"] >= 7200


def test_a_device_that_goes_offline_before_the_start_waits_too(sandbox: Sandbox, acme: Caller, clock: Clock) -> None:
    _bash(acme, "echo hello")
    sandbox.acme.devices[43].offline = True
    clock.pass_seconds(60)
    assert _codes(acme.activities(43, activityType="ACTION")) == ["START_REQUESTED"]


def test_runs_on_many_devices_finish_in_the_order_of_time(acme: Caller, clock: Clock) -> None:
    before = acme.get("/v2/activities")["lastActivityId"]
    for device_id in (43, 81, 44):
        _bash(acme, "true", device_id)
        clock.pass_seconds(0.5)
    clock.pass_seconds(60)
    rows = acme.get("/v2/activities", newerThan=before)["activities"]
    assert len(rows) == 9
    requested = [row["activityTime"] for row in rows if row["statusCode"] != "START_REQUESTED"]
    assert requested == sorted(requested, reverse=True)


@pytest.mark.parametrize(
    ("device_id", "body", "status"),
    [
        (9999, {"type": "SCRIPT", "id": 146}, 404),
        (43, {"type": "SCRIPT", "id": 4711}, 404),
        (43, {"type": "ACTION", "uid": "8b8ad7a5-0000-4000-8000-000000000000"}, 404),
        (41, {"type": "SCRIPT", "id": 146}, 400),
        (43, {"type": "SCRIPT", "id": 26}, 400),
        (41, {"type": "SCRIPT", "id": 73}, 400),
        (43, {"type": "ACTION", "uid": "8b8ad7a5-1d5a-4f1d-8f0a-0c8a0f0a0002"}, 400),
        (43, {"type": "SCRIPT", "id": 146, "runAs": "SYSTEM"}, 403),
        (43, {"type": "SCRIPT", "id": 146, "runAs": "loggedonuser"}, 403),
        (43, {"type": "SCRIPT", "id": 146, "runAs": "27"}, 403),
    ],
)
def test_what_cannot_run_on_the_device_is_refused(
    acme: Caller, device_id: int, body: dict[str, Any], status: int
) -> None:
    assert acme.error("POST", f"/v2/device/{device_id}/script/run", body=body)[0] == status


@pytest.mark.parametrize("run_as", ["system", "SR_LINUX_SCRIPT", "26"])
def test_the_run_as_values_of_the_device_are_accepted(acme: Caller, run_as: str) -> None:
    body = {"type": "SCRIPT", "id": 146, "runAs": run_as}
    assert acme.send("POST", "/v2/device/43/script/run", body=body).status == 204
    options = acme.get("/v2/device/43/scripting/options")["credentials"]
    assert run_as in {*options["roles"], *(str(row["id"]) for row in options["credentials"])}


def test_library_scripts_and_built_in_actions_have_their_own_ends(acme: Caller, clock: Clock) -> None:
    acme.send("POST", "/v2/device/41/script/run", body={"type": "SCRIPT", "id": 26})
    clock.pass_seconds(5)
    assert "3.1 GB" in acme.activities(41, activityType="ACTION")[0]["message"]
    acme.send("POST", "/v2/device/41/script/run", body={"type": "SCRIPT", "id": 31})
    clock.pass_seconds(5)
    assert acme.activities(41, activityType="ACTION")[0]["activityResult"] == "FAILURE"
    uid = "8b8ad7a5-1d5a-4f1d-8f0a-0c8a0f0a0001"
    acme.send("POST", "/v2/device/41/script/run", body={"type": "ACTION", "uid": uid})
    clock.pass_seconds(5)
    done = acme.activities(41, activityType="ACTION")[0]
    assert (done["sourceName"], done["activityResult"]) == ("Run Update Agent", "SUCCESS")


def test_a_command_line_too_long_for_windows_never_starts(acme: Caller, clock: Clock) -> None:
    body = {"type": "SCRIPT", "id": 26, "parameters": "x" * 8_001}
    assert acme.send("POST", "/v2/device/41/script/run", body=body).status == 204
    clock.pass_seconds(5)
    assert acme.activities(41, activityType="ACTION")[0]["activityResult"] == "FAILURE"


def test_options_list_what_may_run_on_the_device(acme: Caller) -> None:
    linux = acme.get("/v2/device/43/scripting/options")["scripts"]
    assert {row["name"] for row in linux} == {"Bash Runner", "Collect Diagnostics", "Update Agent"}
    windows = {row["name"] for row in acme.get("/v2/device/41/scripting/options")["scripts"]}
    assert "Bash Runner" not in windows
    assert "Reset Print Queue (old)" not in windows
    library = {row["id"]: row for row in acme.get("/v2/automation/scripts")}
    assert library[73]["active"] is False
    assert library[146]["operatingSystems"] == ["Linux", "Mac"]
    assert library[146]["lastUpdatedBy"] == "Dana Fields"
