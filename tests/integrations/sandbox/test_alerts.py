from __future__ import annotations

from integrations.ninjaone.sandbox import SandboxRequest
from tests.integrations.sandbox.caller import Caller

UID = "b1c0a0de-52f1-4a49-9f0a-8d5f3f0a0001"


def test_alerts_can_be_asked_by_source_and_device(acme: Caller) -> None:
    assert len(acme.get("/v2/alerts")) == 4
    assert [row["deviceId"] for row in acme.get("/v2/alerts", sourceType="AGENT_OFFLINE")] == [63]
    assert len(acme.get("/v2/alerts", df="org = 2")) == 2
    assert {row["deviceId"] for row in acme.get("/v2/device/41/alerts")} == {41}
    assert acme.error("GET", "/v2/device/9999/alerts")[0] == 404


def test_dismissing_removes_the_alert_once(acme: Caller) -> None:
    assert acme.send("DELETE", f"/v2/alert/{UID}").status == 204
    assert UID not in {row["uid"] for row in acme.get("/v2/alerts")}
    assert acme.error("DELETE", f"/v2/alert/{UID}") == (404, "Alert not found")
    assert acme.activities(41)[0]["statusCode"] == "RESET"


def test_a_delete_with_a_body_is_refused(acme: Caller) -> None:
    headers = {"Authorization": f"Bearer {acme.token}", "Content-Type": "application/json"}
    answer = acme.sandbox.handle(SandboxRequest(method="DELETE", path=f"/v2/alert/{UID}", headers=headers, body=b"{}"))
    assert answer.status == 400
    assert len(acme.get("/v2/alerts")) == 4


def test_a_reset_keeps_its_object_as_activity_data(acme: Caller) -> None:
    assert acme.send("POST", f"/v2/alert/{UID}/reset", body={"ticket": 1014}).status == 204
    assert acme.activities(41)[0]["data"] == {"ticket": 1014}


def test_another_msps_alert_does_not_exist(northwind: Caller) -> None:
    assert northwind.error("DELETE", f"/v2/alert/{UID}")[0] == 404
