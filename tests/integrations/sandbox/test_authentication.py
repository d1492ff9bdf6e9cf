from __future__ import annotations

import json

import pytest

from integrations.ninjaone.sandbox import ACME, NORTHWIND, Sandbox, SandboxRequest
from tests.integrations.sandbox.caller import Caller, code_of, exchange


@pytest.mark.parametrize(
    ("header", "status", "error"),
    [
        (None, 400, "missing_header"),
        ("", 400, "invalid_header"),
        ("Basic eDp5", 400, "invalid_header"),
        ("Bearer", 400, "invalid_header"),
        ("Bearer a b", 400, "invalid_header"),
        ("Bearer nonsense", 401, "not_authenticated"),
    ],
)
def test_a_call_without_a_good_token_is_refused(sandbox: Sandbox, header: str | None, status: int, error: str) -> None:
    headers = {} if header is None else {"AUTHORIZATION": header}
    answer = sandbox.handle(SandboxRequest(method="GET", path="/v2/organizations", headers=headers))
    assert answer.status == status
    assert json.loads(answer.body)["error"] == error


def test_reads_need_monitoring_and_writes_need_management(sandbox: Sandbox) -> None:
    monitoring = Caller(sandbox, exchange(sandbox, code_of(sandbox, scope="monitoring"))[1]["access_token"])
    management = Caller(sandbox, exchange(sandbox, code_of(sandbox, scope="management"))[1]["access_token"])
    reboot = "/v2/device/43/reboot/NORMAL"
    assert monitoring.error("POST", reboot) == (401, "insufficient_privileges")
    assert management.error("GET", "/v2/devices") == (401, "insufficient_privileges")
    assert management.send("POST", reboot).status == 204
    assert monitoring.send("POST", "/v2/ticketing/trigger/board/2/run").status == 200


def test_unknown_paths_and_wrong_methods_are_told_apart(acme: Caller) -> None:
    assert acme.error("GET", "/v2/scripts") == (404, "HTTP 404 Not Found")
    assert acme.error("POST", "/v2/device/43/reboot") == (404, "HTTP 404 Not Found")
    assert acme.error("GET", "/v2/device/43/disks/extra")[0] == 404
    assert acme.error("GET", "/v2/ticketing/ticket") == (405, "HTTP 405 Method Not Allowed")
    assert acme.error("GET", "/v2/alert/b1c0a0de-52f1-4a49-9f0a-8d5f3f0a0001")[0] == 405
    assert acme.error("GET", "/v2/device/forty")[0] == 404
    assert acme.error("GET", "/v2/device/99999999999")[0] == 404


def test_the_api_prefix_reaches_the_same(acme: Caller) -> None:
    assert acme.get("/api/v2/organizations") == acme.get("/v2/organizations")
    assert acme.error("GET", "/apiv2/organizations")[0] == 404


def test_two_msps_with_the_same_ids_never_see_each_other(acme: Caller, northwind: Caller) -> None:
    assert acme.get("/v2/device/43")["displayName"] == "ACME-WEB01"
    assert northwind.get("/v2/device/43")["displayName"] == "FAB-DOCS01"
    assert acme.get("/v2/organization/2")["name"] == "Acme Dental"
    assert northwind.get("/v2/organization/2")["name"] == "Fabrikam Law"
    assert northwind.error("GET", "/v2/device/61")[0] == 404
    acme.send("PATCH", "/v2/device/43", body={"displayName": "RENAMED"})
    assert northwind.get("/v2/device/43")["displayName"] == "FAB-DOCS01"
    uids = {row["uid"] for row in acme.get("/v2/devices")} & {row["uid"] for row in northwind.get("/v2/devices")}
    assert uids == set()


def test_what_was_received_can_be_counted(sandbox: Sandbox, acme: Caller, northwind: Caller) -> None:
    acme.get("/v2/devices", pageSize=2)
    northwind.send("POST", "/v2/device/41/reboot/FORCED", body={"reason": "patch"})
    exchange(sandbox, "none")
    acme.send("GET", "/v2/nowhere", headers={"Authorization": "Bearer broken"})
    seen = [(call.method, call.path, call.query, call.body, call.client_id) for call in sandbox.received]
    assert seen[:2] == [
        ("GET", "/v2/devices", "pageSize=2", b"", ACME),
        ("POST", "/v2/device/41/reboot/FORCED", "", b'{"reason": "patch"}', NORTHWIND),
    ]
    assert seen[2][1] == "/ws/oauth/token"
    assert seen[2][4] == ACME
    assert seen[3][4] is None
    assert len(sandbox.calls("GET")) == 2
    assert len(sandbox.calls("POST", "/ws/oauth/token")) == 1
