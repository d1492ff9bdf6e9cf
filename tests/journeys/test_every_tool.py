"""Each of the 25 tools, called over HTTP as a new user would, against the sandbox."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from approvals.decisions import request_approve
from approvals.models import Invocation
from tests.journeys.conftest import Product
from tools.bash_wrapper import bash_unwrapped
from tools.registry import TOOLS

AUTO: dict[str, dict[str, Any]] = {
    "ninja-list-organizations": {},
    "ninja-get-organization": {"organization_id": 2},
    "ninja-list-devices": {"organization_id": 2},
    "ninja-get-device": {"device_id": 43},
    "ninja-get-device-activities": {"device_id": 43, "limit": 20},
    "ninja-get-device-disks": {"device_id": 41},
    "ninja-get-device-volumes": {"device_id": 41, "include_bitlocker": True},
    "ninja-get-device-software": {"device_id": 41, "name": "chrome"},
    "ninja-get-device-services": {"device_id": 41},
    "ninja-list-scripts": {"language": "sh"},
    "ninja-list-alerts": {},
    "ninja-get-device-alerts": {"device_id": 41},
    "ninja-create-ticket": {"organization_id": 2, "ticket_form_id": 1, "subject": "Printer is on fire"},
    "ninja-get-ticket-log": {"ticket_id": 1014},
    "ninja-api-get": {"path": "/v2/organizations"},
}
ASKS: dict[str, dict[str, Any]] = {
    "ninja-control-service": {"device_id": 41, "service": "Spooler", "action": "restart"},
    "ninja-reboot-device": {"device_id": 43, "mode": "NORMAL", "reason": "hung"},
    "ninja-run-script": {"device_id": 41, "script_id": 26},
    "ninja-run-bash": {"device_id": 43, "script": "echo hello from acme\n"},
    "ninja-dismiss-alert": {"alert_uid": "b1c0a0de-52f1-4a49-9f0a-8d5f3f0a0001"},
    "ninja-update-ticket": {"ticket_id": 1014, "priority": "HIGH"},
    "ninja-api-post": {"path": "/v2/ticketing/trigger/board/2/run", "body": {"pageSize": 10}},
    "ninja-api-put": {
        "path": "/v2/device/43/maintenance",
        "body": {"disabledFeatures": ["ALERTS"], "end": 4102444800000},
    },
    "ninja-api-patch": {"path": "/v2/device/43", "body": {"displayName": "ACME-WEB01"}},
    "ninja-api-delete": {"path": "/v2/device/43/maintenance"},
}


def test_these_are_the_25_tools_with_their_defaults(product: Product) -> None:
    tools = product.request("GET", "/api/v1/tools").json()["tools"]
    assert {tool["name"]: tool["policy"] for tool in tools} == {
        **dict.fromkeys(AUTO, "auto"),
        **dict.fromkeys(ASKS, "approval_needed"),
    }
    assert [tool["id"] for tool in tools] == list(TOOLS)


@pytest.mark.parametrize("tool", AUTO)
def test_it_answers_at_once(product: Product, tool: str) -> None:
    answer = product.invoke(tool, **AUTO[tool])
    assert answer.status_code == 200, answer.text
    envelope = answer.json()
    assert envelope["status"] == "succeeded"
    assert envelope["result"] is not None
    assert envelope["next"] is None


@pytest.mark.parametrize("tool", ASKS)
def test_it_waits_for_a_person_and_then_does_it(product: Product, tool: str) -> None:
    answer = product.invoke(tool, **ASKS[tool])
    assert answer.status_code == 202, answer.text
    envelope = answer.json()
    assert envelope["status"] == "pending_approval"
    before = len([call for call in product.sandbox.calls() if call.method != "GET"])
    assert before == 0
    row = Invocation.objects.get(pk=envelope["id"])
    tenant = product.tenant
    request_approve(user=tenant.approver, msp=tenant.msp, invocation_id=row.pk, digest=envelope["digest"])
    done = product.outcome(envelope["id"])
    assert done["status"] == "succeeded", done
    sent = [call for call in product.sandbox.calls() if call.method != "GET"]
    assert [(call.method, call.path) for call in sent] == [(row.method, row.path)]
    assert sent[0].body.decode() == (row.body or "")


def test_ninjaone_gets_the_whole_bash_script_as_base64(product: Product) -> None:
    script = "#!/bin/bash\nset -e\necho 'ä → 漢'\n"
    envelope = product.invoke("ninja-run-bash", device_id=43, script=script).json()
    tenant = product.tenant
    request_approve(user=tenant.approver, msp=tenant.msp, invocation_id=envelope["id"], digest=envelope["digest"])
    assert product.outcome(envelope["id"])["status"] == "succeeded"
    body = next(call for call in product.sandbox.calls("POST")).body.decode()
    inside = bash_unwrapped(base64.b64decode(json.loads(body)["parameters"]))
    assert inside is not None
    assert inside.script.decode() == script
