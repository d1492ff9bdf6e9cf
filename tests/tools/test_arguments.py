from __future__ import annotations

from typing import Any

import pytest

from tests.tools.building import ACTION, ALERT, USER, errors_of, the
from tools.errors import InvalidArgumentsError


@pytest.mark.parametrize("value", ["43", 43.0, True, 0, -1, 2**31, 10**30, [43], {"id": 43}])
def test_an_id_is_a_positive_int32_and_nothing_that_looks_like_one(value: Any) -> None:
    errors = errors_of("ninja-get-device", {"device_id": value})
    assert [error.field for error in errors] == ["device_id"]
    assert errors[0].code in {"type", "range"}


def test_the_largest_id_is_fine() -> None:
    assert the("ninja-get-device").parse({"device_id": 2**31 - 1}) == {"device_id": 2**31 - 1}


def test_everything_that_is_wrong_is_said_at_once() -> None:
    errors = errors_of("ninja-reboot-device", {"mode": "SOON", "colour": 1})
    assert {(error.field, error.code) for error in errors} == {
        ("colour", "unknown"),
        ("device_id", "required"),
        ("mode", "choice"),
    }


def test_errors_come_in_the_shape_of_the_wire_contract() -> None:
    with pytest.raises(InvalidArgumentsError, match="device_id: Is missing") as caught:
        the("ninja-get-device").parse({})
    assert caught.value.as_json() == [{"field": "device_id", "code": "required", "message": "Is missing."}]


def test_null_is_absent_and_defaults_are_not_filled_in() -> None:
    tool = the("ninja-reboot-device")
    assert tool.parse({"device_id": 43, "mode": None}) == tool.parse({"device_id": 43}) == {"device_id": 43}
    assert errors_of("ninja-get-device", {"device_id": None})[0].code == "required"


def test_the_same_call_has_the_same_canonical_arguments_in_any_order() -> None:
    tool = the("ninja-list-devices")
    first = tool.parse({"limit": 5, "filter": "class=linux_server && ONLINE", "organization_id": 2})
    second = tool.parse({"organization_id": 2, "filter": "class eq LINUX_SERVER and online", "limit": 5})
    assert list(first.items()) == list(second.items())


@pytest.mark.parametrize("limit", [0, 1001, "5", 5.0])
def test_a_limit_is_one_to_a_thousand(limit: Any) -> None:
    assert errors_of("ninja-list-organizations", {"limit": limit})[0].field == "limit"


def test_a_uuid_is_written_in_one_way() -> None:
    assert the("ninja-dismiss-alert").parse({"alert_uid": ALERT.upper()}) == {"alert_uid": ALERT}


@pytest.mark.parametrize(
    "uid", ["", "x", ALERT + "0", "{" + ALERT + "}", "urn:uuid:" + ALERT, ALERT.replace("-", ""), 7]
)
def test_what_is_no_uuid_is_refused(uid: Any) -> None:
    assert errors_of("ninja-dismiss-alert", {"alert_uid": uid})[0].code in {"format", "type"}


def test_a_script_run_names_a_script_or_an_action() -> None:
    assert errors_of("ninja-run-script", {"device_id": 43})[0].code == "required"
    both = {"device_id": 43, "script_id": 26, "action_uid": ACTION}
    assert errors_of("ninja-run-script", both)[0].code == "exclusive"


@pytest.mark.parametrize("run_as", ["SYSTEM", "System", "root", "0", "SR_LINUX", "26 ", "loggedOnUser", 26])
def test_run_as_is_one_of_the_words_that_ninjaone_knows(run_as: Any) -> None:
    assert errors_of("ninja-run-script", {"device_id": 43, "script_id": 26, "run_as": run_as})[0].field == "run_as"


@pytest.mark.parametrize("run_as", ["system", "loggedonuser", "SR_LINUX_SCRIPT", "26"])
def test_run_as_takes_roles_and_credentials(run_as: str) -> None:
    assert the("ninja-run-script").parse({"device_id": 43, "script_id": 26, "run_as": run_as})["run_as"] == run_as


@pytest.mark.parametrize("service", ["", ".", "..", "a/b", "a\\b", "a\nb", "a\u200bb", "x" * 257, 7])
def test_a_service_is_a_visible_name_without_slashes(service: Any) -> None:
    arguments = {"device_id": 41, "service": service, "action": "stop"}
    assert errors_of("ninja-control-service", arguments)[0].field == "service"


@pytest.mark.parametrize("service", ["Spooler", "MSSQL$SQLEXPRESS", "...", ".hidden", "..x", "Dienst für alles"])
def test_services_have_all_sorts_of_names(service: str) -> None:
    arguments = {"device_id": 41, "service": service, "action": "stop"}
    assert the("ninja-control-service").parse(arguments)["service"] == service


def test_an_update_changes_something() -> None:
    assert errors_of("ninja-update-ticket", {"ticket_id": 1014})[0].code == "required"


TICKET = {"organization_id": 2, "ticket_form_id": 1, "subject": "x"}


@pytest.mark.parametrize(
    ("field", "value", "where"),
    [
        ("subject", "x" * 201, "subject"),
        ("subject", "two\nlines", "subject"),
        ("subject", "", "subject"),
        ("public", 1, "public"),
        ("type", "BUG", "type"),
        ("type", 1, "type"),
        ("priority", "CRITICAL", "priority"),
        ("tags", "vip", "tags"),
        ("tags", ["vip", 7], "tags[1]"),
        ("tags", ["x"] * 51, "tags"),
        ("cc_emails", ["a@b.example", "nobody"], "cc_emails[1]"),
        ("requester_uid", "me", "requester_uid"),
        ("description", "nul\x00", "description"),
        ("description", "half \ud800", "description"),
        ("attributes", [{"attribute_id": 7}], "attributes[0].value"),
        ("attributes", [{"attribute_id": 7, "value": "x", "id": 3}], "attributes[0].id"),
        ("attributes", [{"attribute_id": "7", "value": "x"}], "attributes[0].attribute_id"),
        ("attributes", ["x"], "attributes[0]"),
    ],
)
def test_a_ticket_field_that_ninjaone_would_refuse_is_named(field: str, value: Any, where: str) -> None:
    assert [error.field for error in errors_of("ninja-create-ticket", {**TICKET, field: value})] == [where]


def test_a_description_may_have_lines() -> None:
    parsed = the("ninja-create-ticket").parse({**TICKET, "description": "a\nb\tc\r\n", "requester_uid": USER})
    assert parsed["description"] == "a\nb\tc\r\n"


@pytest.mark.parametrize("word", ["action", "A B", ""])
def test_words_of_the_activity_feed_are_in_capitals(word: str) -> None:
    assert errors_of("ninja-get-device-activities", {"device_id": 43, "activity_type": word})


def test_parameters_show_everything_that_is_in_them() -> None:
    arguments = {"device_id": 41, "script_id": 26, "parameters": "-a\u00a0-b"}
    assert errors_of("ninja-run-script", arguments)[0].code == "invisible_character"
