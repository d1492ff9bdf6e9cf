"""An agent that is limited to organizations: others' things are like nothing, lists are cut."""

from __future__ import annotations

import json
from typing import Any

import pytest

from approvals.dispatch import dispatch_due
from approvals.errors import GateError
from approvals.models import Status
from integrations.models import Agent
from integrations.ninjaone.sandbox import Sandbox
from tests.approvals.asking import again, approve, ask
from tests.cast import Tenant
from tools.models import ToolPolicy

OWN, FOREIGN = 2, 3
NOTHING = 99_999


@pytest.fixture
def devices(acme: Tenant, ninjaone: Sandbox) -> dict[int, list[int]]:
    """The devices of the organizations, as an agent without limits lists them; then the limit is set."""
    rows = items(ask(acme, "ninja-list-devices", limit=1000))
    Agent.objects.filter(pk=acme.agent.pk).update(allowed_organizations=[OWN])
    found: dict[int, list[int]] = {}
    for row in rows:
        found.setdefault(row["organizationId"], []).append(row["id"])
    assert found[OWN]
    assert found[FOREIGN]
    return found


def items(row: Any) -> list[dict[str, Any]]:
    assert row.status == Status.SUCCEEDED
    rows: list[dict[str, Any]] = json.loads(row.result)["items"]
    return rows


def refusal(tenant: Tenant, tool: str, **arguments: Any) -> tuple[str, str]:
    with pytest.raises(GateError) as caught:
        ask(tenant, tool, **arguments)
    return caught.value.code, caught.value.message


CALLS: dict[str, dict[str, Any]] = {
    "ninja-get-device": {},
    "ninja-get-device-services": {},
    "ninja-reboot-device": {},
    "ninja-run-bash": {"script": "id"},
    "ninja-run-script": {"script_id": NOTHING},
}


@pytest.mark.parametrize("tool", CALLS)
def test_a_foreign_device_is_like_none(acme: Tenant, devices: dict[int, list[int]], tool: str) -> None:
    code, none = refusal(acme, tool, device_id=NOTHING, **CALLS[tool])
    assert code == "not_found"
    for device in devices[FOREIGN][:3]:
        theirs = refusal(acme, tool, device_id=device, **CALLS[tool])
        assert theirs == (code, none.replace(str(NOTHING), str(device), 1))


def test_a_foreign_action_is_like_none(acme: Tenant, devices: dict[int, list[int]]) -> None:
    uid = "00000000-0000-4000-8000-000000000000"
    foreign = devices[FOREIGN][0]
    none = refusal(acme, "ninja-run-script", device_id=NOTHING, action_uid=uid)[1]
    theirs = refusal(acme, "ninja-run-script", device_id=foreign, action_uid=uid)[1]
    assert theirs == none.replace(str(NOTHING), str(foreign))


def test_a_foreign_organization_is_like_none(acme: Tenant, devices: dict[int, list[int]]) -> None:
    for tool in ("ninja-get-organization", "ninja-list-devices", "ninja-list-alerts"):
        none, theirs = (refusal(acme, tool, organization_id=number) for number in (NOTHING, FOREIGN))
        assert theirs == (none[0], none[1].replace(str(NOTHING), str(FOREIGN)))
    assert ask(acme, "ninja-get-organization", organization_id=OWN).status == Status.SUCCEEDED


def test_lists_hold_what_is_of_the_organizations(acme: Tenant, devices: dict[int, list[int]]) -> None:
    assert [row["id"] for row in items(ask(acme, "ninja-list-organizations"))] == [OWN]
    assert [row["id"] for row in items(ask(acme, "ninja-list-devices", limit=1000))] == devices[OWN]
    assert {row["organizationId"] for row in items(ask(acme, "ninja-list-devices", limit=1))} == {OWN}
    alerts = items(ask(acme, "ninja-list-alerts"))
    assert all(row["deviceId"] in devices[OWN] for row in alerts)
    assert items(ask(acme, "ninja-list-scripts"))


def test_a_foreign_alert_is_like_none(acme: Tenant, ninjaone: Sandbox, devices: dict[int, list[int]]) -> None:
    Agent.objects.update(allowed_organizations=None)
    alerts = items(ask(acme, "ninja-list-alerts"))
    Agent.objects.update(allowed_organizations=[OWN])
    foreign = [row["uid"] for row in alerts if row["deviceId"] not in devices[OWN]]
    assert foreign
    uid = "00000000-0000-4000-8000-000000000000"
    code, none = refusal(acme, "ninja-dismiss-alert", alert_uid=uid)
    assert refusal(acme, "ninja-dismiss-alert", alert_uid=foreign[0]) == (code, none.replace(uid, foreign[0].lower()))


@pytest.mark.parametrize(
    ("tool", "more"), [("ninja-get-ticket-log", {}), ("ninja-update-ticket", {"priority": "HIGH"})]
)
def test_a_foreign_ticket_is_like_none(
    acme: Tenant, devices: dict[int, list[int]], tool: str, more: dict[str, str]
) -> None:
    own, *foreign = 1014, 1015, 1016
    code, none = refusal(acme, tool, ticket_id=NOTHING, **more)
    for ticket in foreign:
        assert refusal(acme, tool, ticket_id=ticket, **more) == (code, none.replace(str(NOTHING), str(ticket)))
    assert ask(acme, tool, ticket_id=own, **more).status in {Status.SUCCEEDED, Status.PENDING_APPROVAL}


def test_a_list_that_waited_is_cut_all_the_same(acme: Tenant, devices: dict[int, list[int]]) -> None:
    tool = "ninjaone:ninja-list-alerts"
    ToolPolicy.objects.create(msp=acme.msp, connection=acme.connection, tool=tool, mode="approval_needed")
    row = ask(acme, "ninja-list-alerts", limit=1000)
    assert row.status == Status.PENDING_APPROVAL
    approve(acme, row)
    dispatch_due()
    assert all(alert["deviceId"] in devices[OWN] for alert in items(again(row.pk)))


def test_generic_calls_pass_only_where_the_organization_is_known(acme: Tenant, devices: dict[int, list[int]]) -> None:
    own, foreign = devices[OWN][0], devices[FOREIGN][0]
    assert ask(acme, "ninja-api-get", path=f"/v2/device/{own}").status == Status.SUCCEEDED
    assert refusal(acme, "ninja-api-get", path="/v2/devices")[0] == "scope_denied"
    assert refusal(acme, "ninja-api-get", path="/v2/queries/software")[0] == "scope_denied"
    none = refusal(acme, "ninja-api-get", path=f"/v2/device/{NOTHING}")
    theirs = refusal(acme, "ninja-api-get", path=f"/v2/device/{foreign}")
    assert theirs == (none[0], none[1].replace(str(NOTHING), str(foreign)))


@pytest.mark.parametrize(
    "body",
    [{"organizationId": FOREIGN}, {"move": {"clientId": FOREIGN}}, {"nodeIds": [NOTHING]}, {"locationId": 1}],
    ids=["organization", "client", "devices", "location"],
)
def test_a_generic_write_does_not_reach_past_its_path(
    acme: Tenant, devices: dict[int, list[int]], body: dict[str, Any]
) -> None:
    path = f"/v2/device/{devices[OWN][0]}"
    assert refusal(acme, "ninja-api-patch", path=path, body=body)[0] == "not_found"
    assert ask(acme, "ninja-api-patch", path=path, body={"organizationId": OWN, "displayName": "X"}).approvals_needed


def test_a_device_is_not_moved_to_a_location_that_has_its_number(acme: Tenant, devices: dict[int, list[int]]) -> None:
    device = devices[OWN][0]
    wanted = {"path": f"/v2/device/{device}", "body": {"locationId": device}}
    assert refusal(acme, "ninja-api-patch", **wanted)[0] == "not_found"


@pytest.mark.parametrize(
    ("tool", "more"),
    [
        ("ninja-create-ticket", {"organization_id": OWN, "ticket_form_id": 1, "subject": "Printer"}),
        ("ninja-update-ticket", {"ticket_id": 1014}),
    ],
)
def test_a_foreign_location_is_like_none(
    acme: Tenant, ninjaone: Sandbox, devices: dict[int, list[int]], tool: str, more: dict[str, Any]
) -> None:
    own, foreign = (ninjaone.acme.organizations[number].locations[0]["id"] for number in (OWN, FOREIGN))
    code, none = refusal(acme, tool, location_id=NOTHING, **more)
    assert code == "not_found"
    assert refusal(acme, tool, location_id=foreign, **more) == (code, none.replace(str(NOTHING), str(foreign)))
    assert ask(acme, tool, location_id=own, **more).status in {Status.SUCCEEDED, Status.PENDING_APPROVAL}


def test_a_path_leads_to_no_foreign_location(acme: Tenant, ninjaone: Sandbox, devices: dict[int, list[int]]) -> None:
    own, foreign = (ninjaone.acme.organizations[number].locations[0]["id"] for number in (OWN, FOREIGN))
    for rest in ("locations/{}", "location/{}/custom-fields"):
        path, body = f"/v2/organization/{OWN}/{rest}", {"name": "X"}
        none = refusal(acme, "ninja-api-patch", path=path.format(NOTHING), body=body)
        theirs = refusal(acme, "ninja-api-patch", path=path.format(f"0{foreign}"), body=body)
        assert theirs == (none[0], none[1].replace(str(NOTHING), str(foreign)))
        assert ask(acme, "ninja-api-patch", path=path.format(own), body=body).approvals_needed
