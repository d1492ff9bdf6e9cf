from __future__ import annotations

import pytest

from integrations.ninjaone.sandbox import Sandbox
from tests.integrations.sandbox.caller import Caller, Clock

CONTROL = "/v2/device/41/windows-service/Spooler/control"


def _state(acme: Caller) -> str:
    (row,) = acme.get("/v2/device/41/windows-services", name="Spooler")
    state: str = row["state"]
    return state


@pytest.mark.parametrize(
    ("action", "state"),
    [("START", "RUNNING"), ("RESTART", "RUNNING"), ("STOP", "STOPPED"), ("PAUSE", "PAUSED")],
)
def test_controlling_a_service_changes_its_state(acme: Caller, action: str, state: str) -> None:
    before = acme.get("/v2/device/41/activities")["lastNodeActivityId"]
    assert acme.send("POST", CONTROL, body={"action": action}).status == 204
    assert _state(acme) == state
    codes = [row["statusCode"] for row in acme.activities(41, newerThan=before)]
    assert codes[-1] == "REMOTE_TOOLS_SERVICE_CONTROL_INITIATED"
    assert codes[:-1] == ([] if action == "PAUSE" else [f"REMOTE_TOOLS_{action}_SERVICE_SUCCESS"])


def test_a_service_of_an_offline_device_changes_when_it_returns(sandbox: Sandbox, acme: Caller) -> None:
    sandbox.acme.devices[41].offline = True
    assert acme.send("POST", CONTROL, body={"action": "START"}).status == 204
    assert _state(acme) == "STOPPED"
    sandbox.acme.devices[41].offline = False
    assert _state(acme) == "RUNNING"


def test_service_names_are_decoded_from_the_path(sandbox: Sandbox, acme: Caller) -> None:
    sandbox.acme.devices[41].services[0]["name"] = "My Service/2"
    path = "/v2/device/41/windows-service/My%20Service%2F2/control"
    assert acme.send("POST", path, body={"action": "START"}).status == 204


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/v2/device/41/windows-service/nope/control", {"action": "STOP"}, 404),
        ("/v2/device/43/windows-service/Spooler/control", {"action": "STOP"}, 400),
        ("/v2/device/9999/windows-service/Spooler/control", {"action": "STOP"}, 404),
        (CONTROL, {"action": "stop"}, 400),
        (CONTROL, {}, 400),
        (CONTROL, {"action": "STOP", "force": True}, 400),
        ("/v2/device/41/windows-service/Spooler/start", {}, 404),
    ],
)
def test_a_service_call_that_cannot_be_is_refused(
    acme: Caller, path: str, body: dict[str, object], status: int
) -> None:
    assert acme.error("POST", path, body=body)[0] == status
    assert _state(acme) == "STOPPED"


def test_a_service_can_be_configured(acme: Caller) -> None:
    path = "/v2/device/41/windows-service/Spooler/configure"
    assert acme.send("POST", path, body={"startType": "DISABLED"}).status == 204
    assert acme.get("/v2/device/41/windows-services", name="Spooler")[0]["startType"] == "DISABLED"


def test_a_reboot_leaves_activities_and_a_new_boot_time(acme: Caller, clock: Clock) -> None:
    booted = acme.get("/v2/device/45")["os"]
    assert booted["needsReboot"] is True
    before = acme.get("/v2/device/45/activities")["lastNodeActivityId"]
    answer = acme.send("POST", "/v2/device/45/reboot/NORMAL", body={"reason": "after update"})
    assert answer.status == 204
    (requested,) = acme.activities(45, newerThan=before)
    assert "after update" in requested["message"]
    assert acme.get("/v2/device/45")["os"] == booted
    clock.pass_seconds(30)
    codes = [row["statusCode"] for row in acme.activities(45, newerThan=before)]
    assert codes == ["SYSTEM_REBOOTED", "COMPLETED", "STARTED", "START_REQUESTED"]
    after = acme.get("/v2/device/45")["os"]
    assert after["lastBootTime"] > booted["lastBootTime"]
    assert after["needsReboot"] is False


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/v2/device/45/reboot/normal", None, 404),
        ("/v2/device/45/reboot/GENTLE", None, 404),
        ("/v2/device/9999/reboot/NORMAL", None, 404),
        ("/v2/device/45/reboot/NORMAL", {"reason": 5}, 400),
        ("/v2/device/45/reboot/NORMAL", {"why": "x"}, 400),
    ],
)
def test_a_reboot_that_cannot_be_is_refused(acme: Caller, path: str, body: object, status: int) -> None:
    assert acme.error("POST", path, body=body)[0] == status


def test_patches_are_scanned_everywhere_and_applied_on_windows(acme: Caller) -> None:
    assert acme.send("POST", "/v2/device/41/patch/os/scan").status == 204
    assert acme.send("POST", "/v2/device/41/patch/os/apply").status == 204
    assert acme.error("POST", "/v2/device/43/patch/os/apply") == (400, "Device is not applicable for os apply.")
