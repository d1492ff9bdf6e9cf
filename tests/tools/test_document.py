"""Every tool's call, in each of its forms, is one that NinjaOne's own document accepts."""

from __future__ import annotations

from typing import Any

import pytest

from tests.ninjaone_document import DocumentRequest, document, needs_document
from tests.tools.building import ACTION, ALERT, USER, call_of, the
from tools.calls import Call
from tools.registry import TOOLS

TICKET = {"organization_id": 2, "ticket_form_id": 1, "subject": "x"}
STATES = the("ninja-get-device-services").input_schema["properties"]["state"]["enum"]
TYPES = the("ninja-create-ticket").input_schema["properties"]["type"]["enum"]
PRIORITIES = the("ninja-create-ticket").input_schema["properties"]["priority"]["enum"]
SEVERITIES = the("ninja-create-ticket").input_schema["properties"]["severity"]["enum"]
LOG_TYPES = the("ninja-get-ticket-log").input_schema["properties"]["type"]["items"]["enum"]

CHANGES: list[dict[str, Any]] = [
    {"subject": "x"},
    {"status": "6000"},
    {"type": "TASK"},
    {"priority": "LOW"},
    {"severity": "CRITICAL"},
    {"device_id": 42},
    {"location_id": 6},
    {"requester_uid": USER},
    {"assignee_id": 13},
    {"tags": []},
    {"attributes": [{"attribute_id": 70, "value": "x"}, {"attribute_id": 1, "value": "y"}]},
]
FORMS: list[tuple[str, dict[str, Any]]] = [
    ("ninja-list-organizations", {}),
    ("ninja-list-organizations", {"limit": 1, "after": 7}),
    ("ninja-get-organization", {"organization_id": 2}),
    ("ninja-list-devices", {}),
    ("ninja-list-devices", {"organization_id": 2, "filter": "class in (MAC,LINUX_SERVER) && online", "limit": 1000}),
    ("ninja-list-devices", {"filter": "created after 2026-01-31", "after": 43}),
    ("ninja-get-device", {"device_id": 43}),
    ("ninja-get-device-activities", {"device_id": 43}),
    ("ninja-get-device-activities", {"device_id": 43, "limit": 1}),
    (
        "ninja-get-device-activities",
        {
            "device_id": 43,
            "activity_type": "ACTION",
            "status": "COMPLETED",
            "older_than": 9,
            "newer_than": 0,
            "limit": 1000,
        },
    ),
    ("ninja-get-device-disks", {"device_id": 41, "limit": 5}),
    ("ninja-get-device-volumes", {"device_id": 41}),
    ("ninja-get-device-volumes", {"device_id": 41, "include_bitlocker": True, "limit": 5}),
    ("ninja-get-device-volumes", {"device_id": 41, "include_bitlocker": False}),
    ("ninja-get-device-software", {"device_id": 41, "name": "chrome", "limit": 5, "offset": 5}),
    ("ninja-get-device-services", {"device_id": 41, "name": "MSSQL$X & Y", "limit": 5}),
    *(("ninja-get-device-services", {"device_id": 41, "state": state}) for state in STATES),
    ("ninja-get-device-alerts", {"device_id": 41, "limit": 5}),
    *(
        ("ninja-control-service", {"device_id": 41, "service": "MSSQL$SQL EXPRESS", "action": action})
        for action in ("start", "stop", "restart")
    ),
    ("ninja-reboot-device", {"device_id": 43}),
    ("ninja-reboot-device", {"device_id": 43, "mode": "NORMAL", "reason": "hung"}),
    ("ninja-reboot-device", {"device_id": 43, "mode": "FORCED"}),
    ("ninja-list-scripts", {"name": "a", "language": "sh", "operating_system": "Linux", "limit": 5, "offset": 1}),
    ("ninja-run-script", {"device_id": 41, "script_id": 26}),
    ("ninja-run-script", {"device_id": 41, "script_id": 26, "parameters": "-a b", "run_as": "26"}),
    ("ninja-run-script", {"device_id": 43, "action_uid": ACTION}),
    ("ninja-run-script", {"device_id": 43, "action_uid": ACTION, "parameters": "-a", "run_as": "loggedonuser"}),
    ("ninja-run-bash", {"device_id": 43, "script": "echo 'ä'\n"}),
    ("ninja-list-alerts", {}),
    ("ninja-list-alerts", {"organization_id": 2, "source_type": "AGENT_OFFLINE", "limit": 5, "offset": 1}),
    ("ninja-dismiss-alert", {"alert_uid": ALERT}),
    ("ninja-create-ticket", TICKET),
    (
        "ninja-create-ticket",
        {
            **TICKET,
            "description": "a\nb",
            "public": False,
            "status": "2000",
            "device_id": 41,
            "location_id": 5,
            "requester_uid": USER,
            "assignee_id": 12,
            "tags": ["a"],
            "cc_emails": ["a@b.example"],
            "attributes": [{"attribute_id": 7, "value": ""}],
        },
    ),
    *(("ninja-create-ticket", {**TICKET, "type": value}) for value in TYPES),
    *(("ninja-create-ticket", {**TICKET, "priority": value}) for value in PRIORITIES),
    *(("ninja-create-ticket", {**TICKET, "severity": value}) for value in SEVERITIES),
    *(("ninja-update-ticket", {"ticket_id": 1014, **change}) for change in CHANGES),
    ("ninja-get-ticket-log", {"ticket_id": 1014}),
    ("ninja-get-ticket-log", {"ticket_id": 1014, "type": LOG_TYPES, "after": 7, "limit": 5}),
    ("ninja-api-get", {"path": "/v2/devices/search", "query": {"q": "ACME & co", "limit": 3}}),
    ("ninja-api-get", {"path": "/v2/ticketing/statuses"}),
    ("ninja-api-post", {"path": "/v2/device/41/patch/os/scan"}),
    ("ninja-api-post", {"path": "/v2/device/43/reboot/NORMAL", "body": {"reason": "x"}}),
    ("ninja-api-put", {"path": "/v2/organization/2/policies", "body": [{"nodeRoleId": 101, "policyId": 58}]}),
    ("ninja-api-patch", {"path": "/v2/device/43", "body": {"displayName": "x"}}),
    ("ninja-api-delete", {"path": "/v2/device/43/maintenance"}),
]


def test_every_tool_and_every_argument_is_tried() -> None:
    tried: dict[str, set[str]] = {}
    for name, arguments in FORMS:
        tried.setdefault(name, set()).update(arguments)
    for tool in TOOLS.values():
        if not tool.is_generic:
            assert set(tool.parameters) - tried[tool.name] == set(), tool.name
    assert set(tried) == {tool.name for tool in TOOLS.values()}


def request_of(call: Call) -> DocumentRequest:
    return DocumentRequest(call.method, call.path, call.query, call.body_text)


@needs_document
@pytest.mark.parametrize(("name", "arguments"), FORMS, ids=str)
def test_the_call_is_one_that_ninjaone_knows(name: str, arguments: dict[str, Any]) -> None:
    document().validate_request(request_of(call_of(name, **arguments)))


@needs_document
@pytest.mark.parametrize(
    ("name", "arguments"), [form for form in FORMS if form[0].startswith(("ninja-list", "ninja-get"))], ids=str
)
def test_no_query_parameter_is_one_that_ninjaone_would_ignore(name: str, arguments: dict[str, Any]) -> None:
    request = request_of(call_of(name, **arguments))
    unmarshalled = document().unmarshal_request(request)
    assert set(unmarshalled.parameters.query) == {key for key, _ in call_of(name, **arguments).query}


@needs_document
def test_the_document_refuses_what_is_wrong() -> None:
    call = call_of("ninja-api-post", path="/v2/device/43/script/run", body={"type": "SCRIPT", "scriptId": 26})
    with pytest.raises(Exception, match=r"body|schema"):
        document().validate_request(request_of(call))
