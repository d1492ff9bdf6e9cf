"""The sandbox answers what NinjaOne's own document says, for every route it has."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import parse_qsl

import pytest

from integrations.ninjaone.sandbox import Sandbox, SandboxResponse
from integrations.ninjaone.sandbox.routing import ROUTES
from tests.integrations.sandbox.caller import Caller, Clock
from tests.ninjaone_document import DocumentRequest, DocumentResponse, document, needs_document, paths

pytestmark = needs_document

ALERT = "b1c0a0de-52f1-4a49-9f0a-8d5f3f0a0001"
TICKET = {"clientId": 2, "ticketFormId": 1, "subject": "x", "status": "1000"}
UPDATE = {**TICKET, "version": 3, "requesterUid": "1fa74a18-a329-40d8-b5b7-0a22624f7801", "type": "TASK"}
RUN = {"type": "SCRIPT", "id": 146, "parameters": "ZWNobyBoaQ==", "runAs": "system"}
ACTION = {"type": "ACTION", "uid": "8b8ad7a5-1d5a-4f1d-8f0a-0c8a0f0a0001"}

CALLS: list[tuple[str, str, Any]] = [
    ("GET", "/v2/organizations?pageSize=2&after=2", None),
    ("GET", "/v2/organizations-detailed", None),
    ("POST", "/v2/organizations", {"name": "Delta", "locations": [{"name": "Yard"}]}),
    ("GET", "/v2/organization/2", None),
    ("PATCH", "/v2/organization/2", {"description": "x"}),
    ("GET", "/v2/organization/2/devices?pageSize=3", None),
    ("GET", "/v2/organization/2/locations", None),
    ("POST", "/v2/organization/2/locations", {"name": "Annex"}),
    ("PUT", "/v2/organization/2/policies", [{"nodeRoleId": 101, "policyId": 58}]),
    ("GET", "/v2/organization/2/custom-fields", None),
    ("PATCH", "/v2/organization/2/custom-fields", {"tier": "gold"}),
    ("GET", "/v2/organization/3/end-users", None),
    ("GET", "/v2/locations", None),
    ("GET", "/v2/devices", None),
    ("GET", "/v2/devices-detailed?df=org%20%3D%202", None),
    ("GET", "/v2/devices/search?q=acme&limit=3", None),
    *(("GET", f"/v2/device/{number}", None) for number in (41, 42, 43, 44, 62, 66)),
    ("PATCH", "/v2/device/41", {"displayName": "x"}),
    ("GET", "/v2/device/41/custom-fields", None),
    ("PATCH", "/v2/device/41/custom-fields", {"rack": "B4"}),
    ("PUT", "/v2/device/41/maintenance", {"start": 1.0, "end": 2.0, "reasonMessage": "x"}),
    ("DELETE", "/v2/device/41/maintenance", None),
    ("GET", "/v2/device/43/activities?pageSize=1000", None),
    ("GET", "/v2/device/41/disks", None),
    ("GET", "/v2/device/44/disks", None),
    ("GET", "/v2/device/41/volumes?include=bl", None),
    ("GET", "/v2/device/43/volumes", None),
    ("GET", "/v2/device/46/software", None),
    ("GET", "/v2/device/41/windows-services?state=RUNNING", None),
    ("GET", "/v2/device/41/processors", None),
    ("GET", "/v2/device/41/network-interfaces", None),
    ("GET", "/v2/device/41/os-patches", None),
    ("GET", "/v2/device/41/last-logged-on-user", None),
    ("GET", "/v2/device/41/policy/overrides", None),
    ("GET", "/v2/device/41/dashboard-url", None),
    ("GET", "/v2/device/43/jobs", None),
    ("GET", "/v2/device/41/alerts", None),
    ("GET", "/v2/device/43/scripting/options", None),
    ("POST", "/v2/device/43/script/run", RUN),
    ("POST", "/v2/device/43/script/run", ACTION),
    ("POST", "/v2/device/43/reboot/NORMAL", {"reason": "x"}),
    ("POST", "/v2/device/43/reboot/FORCED", None),
    ("POST", "/v2/device/41/windows-service/Spooler/control", {"action": "START"}),
    ("POST", "/v2/device/41/windows-service/Spooler/configure", {"startType": "DISABLED"}),
    ("POST", "/v2/device/41/patch/os/scan", None),
    ("POST", "/v2/device/41/patch/os/apply", None),
    ("GET", "/v2/automation/scripts", None),
    ("GET", "/v2/activities?pageSize=1000", None),
    ("GET", "/v2/jobs", None),
    ("GET", "/v2/alerts?sourceType=AGENT_OFFLINE", None),
    ("GET", "/v2/alerts", None),
    ("DELETE", f"/v2/alert/{ALERT}", None),
    ("POST", f"/v2/alert/{ALERT}/reset", {"by": "x"}),
    ("POST", "/v2/ticketing/ticket", {**TICKET, "description": {"public": True, "body": "x"}}),
    ("GET", "/v2/ticketing/ticket/1014", None),
    ("PUT", "/v2/ticketing/ticket/1014", UPDATE),
    ("GET", "/v2/ticketing/ticket/1014/log-entry?type=SAVE&pageSize=5", None),
    ("GET", "/v2/ticketing/ticket/1014/log-entry", None),
    ("GET", "/v2/ticketing/statuses", None),
    ("GET", "/v2/ticketing/ticket-form", None),
    ("GET", "/v2/ticketing/ticket-form/1", None),
    ("GET", "/v2/ticketing/attributes", None),
    ("GET", "/v2/ticketing/contact/contacts", None),
    ("GET", "/v2/ticketing/app-user-contact", None),
    ("GET", "/v2/ticketing/trigger/boards", None),
    ("POST", "/v2/ticketing/trigger/board/2/run", {"pageSize": 3}),
    ("GET", "/v2/users", None),
    ("GET", "/v2/user/technicians", None),
    ("GET", "/v2/contacts", None),
    ("GET", "/v2/policies", None),
    ("GET", "/v2/roles", None),
    ("GET", "/v2/groups", None),
    ("GET", "/v2/tasks", None),
    ("GET", "/v2/tag", None),
    ("GET", "/v2/notification-channels", None),
    ("GET", "/v2/software-products", None),
    ("GET", "/v2/billing/products", None),
    ("GET", "/v2/billing/products/12", None),
    ("PUT", "/v2/billing/products/12", {"name": "x"}),
    *(
        ("GET", f"/v2/queries/{report}?pageSize=10", None)
        for report in (
            "disks",
            "volumes",
            "software",
            "windows-services",
            "os-patches",
            "processors",
            "network-interfaces",
            "operating-systems",
            "computer-systems",
            "logged-on-users",
            "device-health",
        )
    ),
]
REFUSALS: list[tuple[str, str, Any, int]] = [
    ("GET", "/v2/device/9999", None, 404),
    ("GET", "/v2/organization/9999", None, 404),
    ("GET", "/v2/billing/products/9999", None, 404),
    ("GET", "/v2/devices?df=nonsense", None, 400),
    ("POST", "/v2/device/9999/reboot/NORMAL", None, 404),
    ("POST", "/v2/device/41/script/run", RUN, 400),
    ("POST", "/v2/device/43/script/run", {**RUN, "runAs": "SYSTEM"}, 403),
    ("POST", "/v2/ticketing/ticket", {**TICKET, "clientId": 9999}, 400),
    ("PUT", "/v2/webhook", {"url": "https://x.example"}, 403),
    ("DELETE", "/v2/webhook", None, 403),
]
# Multipart, which is not JSON on either side of the call; test_tickets covers it.
NOT_JSON = {("POST", "/v2/ticketing/ticket/{ticketId}/comment")}


def _request(method: str, path: str, body: Any) -> DocumentRequest:
    bare, _, query = path.partition("?")
    return DocumentRequest(method, bare, parse_qsl(query), None if body is None else json.dumps(body))


def _response(answer: SandboxResponse) -> DocumentResponse:
    return DocumentResponse(answer.status, answer.body, answer.headers.get("Content-Type", ""), dict(answer.headers))


def _send(acme: Caller, method: str, path: str, body: Any) -> SandboxResponse:
    bare, _, query = path.partition("?")
    pairs: dict[str, Any] = dict(parse_qsl(query))
    return acme.send(method, bare, body=body, **pairs)


@pytest.fixture
def busy(sandbox: Sandbox, acme: Caller, clock: Clock) -> Caller:
    """A world in which things have happened: activities of every kind, a finished run and a running one."""
    acme.send("POST", "/v2/device/43/script/run", body=RUN)
    acme.send("POST", "/v2/device/45/reboot/NORMAL")
    acme.send("POST", "/v2/device/41/windows-service/Spooler/control", body={"action": "RESTART"})
    clock.pass_seconds(60)
    acme.send("POST", "/v2/device/43/script/run", body=RUN)
    acme.send("PUT", "/v2/device/42/maintenance", body={"end": clock.at + 60})
    sandbox.acme.devices[44].notes = [{"text": "bring charger"}]
    return acme


@pytest.mark.parametrize(("method", "path", "body"), CALLS, ids=lambda value: str(value)[:60])
def test_call_and_answer_are_what_the_document_says(busy: Caller, method: str, path: str, body: Any) -> None:
    request = _request(method, path, body)
    answer = _send(busy, method, path, body)
    assert answer.status in {200, 204}, answer.body
    document().validate_request(request)
    document().validate_response(request, _response(answer))


@pytest.mark.parametrize(("method", "path", "body", "status"), REFUSALS)
def test_a_refusal_is_one_that_the_document_knows(acme: Caller, method: str, path: str, body: Any, status: int) -> None:
    answer = _send(acme, method, path, body)
    assert answer.status == status
    document().validate_response(_request(method, path, body), _response(answer))


def test_every_route_of_the_sandbox_is_tried() -> None:
    tried_calls = [*((method, path) for method, path, _ in CALLS), *((call[0], call[1]) for call in REFUSALS)]
    called = [(method, path.partition("?")[0]) for method, path in tried_calls]
    untried = {
        (method, path)
        for method, path in ROUTES
        if not any(
            method == tried_method and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", path), tried)
            for tried_method, tried in called
        )
    }
    assert untried == NOT_JSON


def test_every_route_of_the_sandbox_is_in_the_document() -> None:
    shapes = {
        (method.upper(), re.sub(r"\{\w+\}", "{}", path)) for path, methods in paths().items() for method in methods
    }
    unknown = {(method, path) for method, path in ROUTES if (method, re.sub(r"\{\w+\}", "{}", path)) not in shapes}
    assert unknown == set()
