from __future__ import annotations

from typing import Any

import pytest

from tests.integrations.sandbox.caller import Caller
from tests.tools.building import ACTION, ALERT, TICKET, call_of, the
from tests.tools.fact_reading import Reader, facts_of, read, refusal_of, upstream
from tools.calls import Call
from tools.errors import InvalidArgumentsError, UnusableAnswerError, UpstreamNotFoundError
from tools.facts import (
    AlertFact,
    DeviceFact,
    OrganizationFact,
    ScriptFact,
    Target,
    TicketFact,
    facts_needed,
    target_of,
)
from tools.subjects import Subjects, subjects_of

__all__ = ["read", "upstream"]


@pytest.mark.parametrize(
    ("tool", "arguments", "names"),
    [
        ("ninja-list-organizations", {}, ()),
        ("ninja-get-device", {"device_id": 43}, ("device",)),
        ("ninja-reboot-device", {"device_id": 43}, ("device",)),
        ("ninja-run-script", {"device_id": 41, "script_id": 26}, ("script", "device")),
        ("ninja-run-script", {"device_id": 43, "action_uid": ACTION}, ("device", "action")),
        ("ninja-run-bash", {"device_id": 43, "script": "id"}, ("device", "runner", "mark")),
        ("ninja-dismiss-alert", {"alert_uid": ALERT}, ("alert", "device")),
        ("ninja-update-ticket", {"ticket_id": 1014, "status": "3000"}, ("ticket", "device", "organization")),
        ("ninja-create-ticket", {"organization_id": 2, "ticket_form_id": 1, "subject": "x"}, ("organization",)),
        ("ninja-api-post", {"path": "/v2/device/43/reboot/FORCED"}, ("device",)),
        ("ninja-api-post", {"path": "/v2/Device/043/decommission"}, ("device",)),
        ("ninja-api-patch", {"path": "/v2/organization/2"}, ("organization",)),
        ("ninja-api-put", {"path": "/v2/ticketing/ticket/1014"}, ("ticket", "device", "organization")),
        ("ninja-api-delete", {"path": f"/v2/alert/{ALERT}"}, ("alert", "device")),
        ("ninja-api-get", {"path": "/v2/organization/documents"}, ()),
        ("ninja-api-get", {"path": "/v2/device/99999999999"}, ()),
        (
            "ninja-api-post",
            {"path": "/v2/device/41/script/run", "body": {"type": "SCRIPT", "id": 26}},
            ("device", "script"),
        ),
        (
            "ninja-api-post",
            {"path": "/v2/device/43/script/run", "body": {"type": "ACTION", "uid": ACTION.upper()}},
            ("device", "action"),
        ),
        ("ninja-api-post", {"path": "/v2/device/43/script/run", "body": []}, ("device",)),
        ("ninja-api-post", {"path": "/v2/device/43/script/run", "body": {"uid": 7, "id": True}}, ("device",)),
    ],
)
def test_an_approval_shows_everything_that_a_call_touches(
    tool: str, arguments: dict[str, Any], names: tuple[str, ...]
) -> None:
    one = the(tool)
    assert set(facts_needed(one, subjects_of(one.parse(arguments)), for_approval=True)) == set(names)


@pytest.mark.parametrize(
    ("tool", "arguments", "names"),
    [
        ("ninja-get-device", {"device_id": 43}, ()),
        ("ninja-reboot-device", {"device_id": 43}, ()),
        ("ninja-run-script", {"device_id": 41, "script_id": 26}, ("script",)),
        ("ninja-run-bash", {"device_id": 43, "script": "id"}, ("device", "runner", "mark")),
        ("ninja-update-ticket", {"ticket_id": 1014, "status": "3000"}, ("ticket",)),
    ],
)
def test_without_an_approval_only_what_the_call_is_made_of_is_read(
    tool: str, arguments: dict[str, Any], names: tuple[str, ...]
) -> None:
    one = the(tool)
    assert facts_needed(one, subjects_of(one.parse(arguments)), for_approval=False) == names


def test_a_device_comes_with_the_name_of_whose_it_is(read: Reader) -> None:
    device = facts_of(read, "ninja-reboot-device", device_id=43)["device"]
    assert isinstance(device, DeviceFact)
    assert (device.id, device.name, device.organization_id) == (43, "ACME-WEB01", 2)
    assert device.organization_name
    assert device.node_class == "LINUX_SERVER"
    assert device.os_name.startswith("Ubuntu")
    assert device.runs_bash
    assert isinstance(device.last_contact, float)


def test_a_device_is_read_once_although_two_facts_need_it(upstream: Caller) -> None:
    seen: list[str] = []

    def counting(call: Call) -> Any:
        seen.append(call.path)
        return upstream.get(call.path)

    facts_of(counting, "ninja-update-ticket", ticket_id=1014, status="3000")
    assert len(seen) == len(set(seen))


def test_a_script_is_shown_with_who_changed_it_last(read: Reader) -> None:
    script = facts_of(read, "ninja-run-script", device_id=41, script_id=26)["script"]
    assert isinstance(script, ScriptFact)
    assert (script.id, script.active, script.operating_systems) == (26, True, ("Windows",))
    assert script.updated_on is not None


def test_a_built_in_action_is_shown_by_its_name(read: Reader) -> None:
    facts = facts_of(read, "ninja-run-script", device_id=43, action_uid=ACTION)
    assert facts["action"].to_json() == {"uid": ACTION, "name": "Update Agent"}


def test_an_alert_brings_its_device(read: Reader) -> None:
    facts = facts_of(read, "ninja-dismiss-alert", alert_uid=ALERT)
    alert, device = facts["alert"], facts["device"]
    assert isinstance(alert, AlertFact)
    assert isinstance(device, DeviceFact)
    assert alert.device_id == device.id
    assert alert.message
    assert target_of(facts, subjects_of({"alert_uid": ALERT})).device == device.name


@pytest.mark.parametrize(
    ("tool", "arguments", "what"),
    [
        ("ninja-reboot-device", {"device_id": 9999}, "Device 9999"),
        ("ninja-run-bash", {"device_id": 9999, "script": "id"}, "Device 9999"),
        ("ninja-run-script", {"device_id": 41, "script_id": 9999}, "Script 9999"),
        ("ninja-run-script", {"device_id": 9999, "action_uid": ACTION}, "Device 9999"),
        ("ninja-run-script", {"device_id": 43, "action_uid": ALERT}, f"An action {ALERT} on device 43"),
        ("ninja-update-ticket", {"ticket_id": 9999, "status": "1000"}, "Ticket 9999"),
        ("ninja-dismiss-alert", {"alert_uid": ACTION}, f"Alert {ACTION}"),
        ("ninja-create-ticket", {"organization_id": 99, "ticket_form_id": 1, "subject": "x"}, "Organization 99"),
        ("ninja-api-post", {"path": "/v2/device/9999/reboot/NORMAL"}, "Device 9999"),
    ],
)
def test_what_does_not_exist_is_not_found(read: Reader, tool: str, arguments: dict[str, Any], what: str) -> None:
    refusal = refusal_of(read, tool, **arguments)
    assert refusal.code == "not_found"
    assert refusal.message.startswith(what)
    assert "Nothing was sent" in refusal.message


def test_a_script_that_is_switched_off_does_not_run() -> None:
    def read(call: Call) -> Any:
        return [{"id": 26, "name": "Old", "active": False}]

    refusal = refusal_of(read, "ninja-run-script", device_id=41, script_id=26, for_approval=False)
    assert refusal.code == "not_found"
    assert "switched off" in refusal.message


def test_a_ticket_is_of_its_own_organization_and_about_its_own_device(read: Reader) -> None:
    facts = facts_of(read, "ninja-update-ticket", ticket_id=1014, status="3000")
    ticket, target = facts["ticket"], target_of(facts, subjects_of({"ticket_id": 1014}))
    assert isinstance(ticket, TicketFact)
    assert ticket.subject
    assert target.organization_id == ticket.organization_id
    assert target.organization
    assert target.device_id == ticket.device_id


def test_a_ticket_may_outlive_its_device(upstream: Caller) -> None:
    def read(call: Call) -> Any:
        if call.path.startswith("/v2/device/"):
            raise UpstreamNotFoundError(call.path)
        return upstream.get(call.path)

    facts = facts_of(read, "ninja-update-ticket", ticket_id=1014, status="3000")
    assert set(facts) == {"ticket", "organization"}


def test_a_ticket_about_nothing_has_no_device() -> None:
    def read(call: Call) -> Any:
        assert call.path == "/v2/ticketing/ticket/1014"
        return {**TICKET, "nodeId": None, "clientId": None}

    facts = facts_of(read, "ninja-update-ticket", ticket_id=1014, status="3000")
    assert set(facts) == {"ticket"}
    assert target_of(facts, subjects_of({"ticket_id": 1014})) == Target()


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("ninja-create-ticket", {"organization_id": 3, "ticket_form_id": 1, "subject": "x", "device_id": 43}),
        ("ninja-list-devices", {"organization_id": 2}),
    ],
)
def test_the_target_of_an_organization_is_that_organization(read: Reader, tool: str, arguments: dict[str, Any]) -> None:
    assert target_of({}, subjects_of(arguments)).organization_id == arguments["organization_id"]


def test_a_device_of_another_organization_is_not_smuggled_in(read: Reader) -> None:
    refusal = refusal_of(read, "ninja-create-ticket", organization_id=3, ticket_form_id=1, subject="x", device_id=43)
    assert refusal.code == "invalid_arguments"
    assert "belongs to" in refusal.message


def test_the_target_is_known_by_its_ids_before_anything_is_read() -> None:
    assert target_of({}, subjects_of({"device_id": 43})) == Target(device_id=43)
    assert target_of({}, subjects_of({"path": "/v2/device/43/jobs"})) == Target(device_id=43)
    assert target_of({}, subjects_of({"path": "/v2/organization/2"})) == Target(organization_id=2)
    assert target_of({}, Subjects()) == Target()


@pytest.mark.parametrize("page", [[], None, "<html>", {}, {"id": "43", "organizationId": 2}])
def test_a_device_of_another_shape_is_unusable(page: Any) -> None:
    with pytest.raises(UnusableAnswerError):
        facts_of(lambda call: page, "ninja-reboot-device", device_id=43)


def test_a_device_without_an_organization_is_unusable() -> None:
    with pytest.raises(UnusableAnswerError):
        facts_of(lambda call: {"id": 43, "displayName": "x"}, "ninja-reboot-device", device_id=43)


def test_a_device_without_names_goes_by_its_number() -> None:
    def read(call: Call) -> Any:
        if call.path == "/v2/organization/2":
            return {"id": 2, "name": "Acme"}
        return {"id": 43, "organizationId": 2, "os": None, "lastContact": True}

    device = facts_of(read, "ninja-reboot-device", device_id=43)["device"]
    assert device == DeviceFact(43, "device 43", 2, "Acme", "", "", None, None)


@pytest.mark.parametrize(("said", "offline"), [(True, True), (False, False), (None, None), ("true", None), (0, None)])
def test_a_device_is_called_online_only_where_ninjaone_says_so(said: Any, offline: bool | None) -> None:
    organization = OrganizationFact(2, "Acme")
    assert DeviceFact.of({"id": 43, "organizationId": 2, "offline": said}, organization).offline is offline


@pytest.mark.parametrize("owner", ["", "2", "..", None, True, 2.0, [2], {"id": 2}])
def test_a_device_whose_organization_is_no_id_is_unusable(owner: Any) -> None:
    with pytest.raises(UnusableAnswerError):
        facts_of(lambda call: {"id": 43, "organizationId": owner}, "ninja-reboot-device", device_id=43)


@pytest.mark.parametrize("number", [2**31, -1, 2**70, True, 2.0, "2"])
def test_what_is_no_id_of_ninjaones_is_none(number: Any) -> None:
    assert TicketFact.of({"id": 1014, "version": 3, "clientId": number, "nodeId": number}).organization_id is None


@pytest.mark.parametrize("answered", [44, "43", None])
def test_an_answer_about_another_device_is_not_taken_for_the_one_that_was_asked_for(answered: Any) -> None:
    def read(call: Call) -> Any:
        return {"id": answered, "organizationId": 2, "displayName": "ACME-DC01"}

    with pytest.raises(UnusableAnswerError, match="when asked for 43"):
        facts_of(read, "ninja-reboot-device", device_id=43)


def test_facts_are_only_of_calls_that_parse() -> None:
    with pytest.raises(InvalidArgumentsError):
        call_of("ninja-reboot-device", device_id="43")
