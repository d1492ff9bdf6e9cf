from __future__ import annotations

from typing import Any

import pytest

from integrations.ninjaone.sandbox import Sandbox
from tests.integrations.sandbox.caller import Caller


def _ids(rows: list[dict[str, Any]]) -> list[int]:
    return [row["id"] for row in rows]


def test_devices_page_by_the_last_id_seen(acme: Caller) -> None:
    assert _ids(acme.get("/v2/devices", pageSize=3)) == [41, 42, 43]
    assert _ids(acme.get("/v2/devices", pageSize=3, after=43)) == [44, 45, 46]
    assert acme.get("/v2/devices", after=100) == []
    assert acme.error("GET", "/v2/devices", pageSize=0)[0] == 400
    assert acme.error("GET", "/v2/devices", pageSize="many")[0] == 404
    assert len(acme.get("/v2/devices", pageSize="")) == 17


@pytest.mark.parametrize(
    ("df", "ids"),
    [
        ("org = 2", [41, 42, 43, 44, 45, 46, 47]),
        ("organization eq 2 AND offline", [42]),
        ("org=2 and online and class in (WINDOWS_SERVER, LINUX_SERVER)", [41, 43, 45]),
        ("class = LINUX_SERVER && offline", [63]),
        ("id in (41,43)", [41, 43]),
        ("id notin (41,42,43,44,45,46,47) AND org != 7", [61, 62, 63, 64, 65, 66]),
        ("loc = 13", [82]),
        ("role = 106", [66]),
        ("status = PENDING", [85]),
        ("status in (PENDING,APPROVED) AND loc = 13", [82, 85]),
        ("org = 404", []),
    ],
)
def test_the_filter_joins_its_clauses_with_and(acme: Caller, df: str, ids: list[int]) -> None:
    assert _ids(acme.get("/v2/devices", df=df)) == ids


@pytest.mark.parametrize(
    "df", ["org = 2 OR org = 3", "owner = 2", "org", "org = (2", "class > 3", "org =", "org = ()x"]
)
def test_a_filter_that_cannot_be_read_is_refused(acme: Caller, df: str) -> None:
    status, message = acme.error("GET", "/v2/devices", df=df)
    assert status == 400
    assert message.startswith("Invalid device filter")


def test_unknown_query_parameters_are_silently_ignored(acme: Caller) -> None:
    everything = acme.get("/v2/devices")
    assert acme.get("/v2/devices", status="OFFLINE", online="true") == everything
    assert 85 not in _ids(everything)


def test_the_devices_of_one_organization_know_no_filter(acme: Caller) -> None:
    rows = acme.get("/v2/organization/3/devices", df="org = 2")
    assert _ids(rows) == [61, 62, 63, 64, 65, 66]
    assert _ids(acme.get("/v2/organization/3/devices", pageSize=2, after=62)) == [63, 64]
    assert acme.error("GET", "/v2/organization/4/devices")[0] == 404


def test_a_single_device_tells_more_than_a_list_does(acme: Caller) -> None:
    device = acme.get("/v2/device/43")
    assert device["os"]["name"] == "Ubuntu 24.04.2 LTS"
    assert device["ipAddresses"] == ["10.20.0.43"]
    (row,) = acme.get("/v2/devices", df="id = 43")
    assert "os" not in row
    assert "ipAddresses" not in row
    (detailed,) = acme.get("/v2/devices-detailed", df="id = 43")
    assert "ipAddresses" in detailed
    assert acme.error("GET", "/v2/device/9999") == (404, "Device not found")


def test_search_finds_by_a_part_of_the_name(acme: Caller) -> None:
    assert _ids(acme.get("/v2/devices/search", q="bor-")["devices"]) == [61, 62, 63, 64, 65, 66]
    assert len(acme.get("/v2/devices/search", q="a", limit=2)["devices"]) == 2


def test_what_a_test_changes_in_the_world_is_what_the_api_says(sandbox: Sandbox, acme: Caller) -> None:
    device = sandbox.acme.devices[43]
    device.display_name, device.organization_id, device.offline = "MOVED", 3, True
    sandbox.acme.scripts[146].updated_on = 1.5
    got = acme.get("/v2/device/43")
    assert (got["displayName"], got["organizationId"], got["offline"]) == ("MOVED", 3, True)
    assert [row["updatedOn"] for row in acme.get("/v2/automation/scripts") if row["id"] == 146] == [1.5]


def test_a_patch_renames_and_moves_a_device(acme: Caller) -> None:
    answer = acme.send("PATCH", "/v2/device/46", body={"displayName": "FRONT", "organizationId": 3})
    assert answer.status == 204
    got = acme.get("/v2/device/46")
    assert (got["displayName"], got["organizationId"], got["systemName"]) == ("FRONT", 3, "ACME-FRONT1")
    assert acme.error("PATCH", "/v2/device/46", body={"organizationId": 404})[0] == 400


def test_user_data_is_shown_once_there_is_some(acme: Caller) -> None:
    assert "userData" not in acme.get("/v2/device/46")
    acme.send("PATCH", "/v2/device/46", body={"userData": {"asset": "A-7"}})
    acme.send("PATCH", "/v2/organization/2", body={"userData": {"crm": 9}})
    assert acme.get("/v2/device/46")["userData"] == {"asset": "A-7"}
    assert acme.get("/v2/organization/2")["userData"] == {"crm": 9}


def test_custom_fields_and_maintenance_change_and_stay(acme: Caller) -> None:
    assert acme.send("PATCH", "/v2/device/41/custom-fields", body={"rack": "B4"}).status == 204
    assert acme.get("/v2/device/41/custom-fields")["rack"] == "B4"
    window = {"end": 1_999_999_999.0, "disabledFeatures": ["ALERTS"], "reasonMessage": "move"}
    assert acme.send("PUT", "/v2/device/41/maintenance", body=window).status == 204
    assert acme.get("/v2/device/41")["maintenance"]["status"] == "IN_MAINTENANCE"
    assert acme.send("DELETE", "/v2/device/41/maintenance").status == 200
    assert "maintenance" not in acme.get("/v2/device/41")
    assert acme.error("PUT", "/v2/device/41/maintenance", body={"end": 1, "disabledFeatures": ["X"]})[0] == 400


def test_inventory_follows_the_class_of_the_device(acme: Caller) -> None:
    assert acme.get("/v2/device/41/disks")[0]["name"] == "\\\\.\\PHYSICALDRIVE0"
    assert acme.get("/v2/device/43/disks")[0]["name"] == "/dev/sda"
    assert "bitLockerStatus" not in acme.get("/v2/device/41/volumes")[0]
    assert acme.get("/v2/device/41/volumes", include="bl")[0]["bitLockerStatus"]["protectionStatus"] == "PROTECTED"
    assert len(acme.get("/v2/device/46/software")) == 412
    assert acme.get("/v2/device/43/windows-services") == []


def test_services_can_be_asked_by_name_and_state(acme: Caller) -> None:
    assert [row["state"] for row in acme.get("/v2/device/41/windows-services", name="spooler")] == ["STOPPED"]
    stopped = acme.get("/v2/device/41/windows-services", state="STOPPED")
    assert {row["name"] for row in stopped} == {"Spooler", "wuauserv", "RemoteRegistry"}


def test_reports_page_by_a_cursor(acme: Caller) -> None:
    first = acme.get("/v2/queries/software", df="id = 46", pageSize=300)
    second = acme.get("/v2/queries/software", df="id = 46", pageSize=300, cursor=first["cursor"]["name"])
    assert len(first["results"]) == 300
    assert len(second["results"]) == 112
    assert "cursor" not in second
    assert {row["deviceId"] for row in second["results"]} == {46}
    assert acme.error("GET", "/v2/queries/disks", cursor="software:300")[0] == 400
