from __future__ import annotations

from typing import Any

import pytest

from tests.tools.building import TICKET, USER, call_of, the
from tools.errors import ToolRefusedError, UnusableAnswerError
from tools.facts import TicketFact


def update(ticket: dict[str, Any], **arguments: Any) -> dict[str, Any]:
    tool = the("ninja-update-ticket")
    call = tool.build(tool.parse({"ticket_id": 1014, **arguments}), {"ticket": TicketFact.of(ticket)})
    assert (call.method, call.path) == ("PUT", "/v2/ticketing/ticket/1014")
    body: dict[str, Any] = call.body
    return body


def test_an_update_sends_the_whole_ticket_with_its_version_and_one_change() -> None:
    assert update(TICKET, priority="HIGH") == {
        "version": 3,
        "clientId": 2,
        "ticketFormId": 1,
        "locationId": 5,
        "nodeId": 41,
        "subject": "Print server spooler keeps stopping",
        "type": "PROBLEM",
        "cc": {"uids": [], "emails": ["boss@acme.example"]},
        "assignedAppUserId": 12,
        "requesterUid": USER,
        "severity": "MODERATE",
        "priority": "HIGH",
        "tags": ["printing"],
        "additionalAssignedTechnicianIds": [13],
        "followupTime": 1763999999.0,
        "status": "2000",
        "attributes": [
            {"id": 7, "attributeId": 70, "value": "gold"},
            {"id": 8, "attributeId": 80, "value": "5"},
        ],
    }


def test_every_argument_of_an_update_has_its_place() -> None:
    body = update(
        TICKET,
        subject="New",
        status="3000",
        type="TASK",
        severity="NONE",
        device_id=42,
        location_id=6,
        requester_uid="00000000-0000-4000-8000-000000000000",
        assignee_id=14,
        tags=[],
    )
    assert body["subject"] == "New"
    assert body["status"] == "3000"
    assert body["type"] == "TASK"
    assert body["severity"] == "NONE"
    assert body["nodeId"] == 42
    assert body["locationId"] == 6
    assert body["requesterUid"] == "00000000-0000-4000-8000-000000000000"
    assert body["assignedAppUserId"] == 14
    assert body["tags"] == []


def test_attributes_are_changed_one_by_one() -> None:
    changes = [{"attribute_id": 80, "value": "6"}, {"attribute_id": 99, "value": "new"}]
    assert update(TICKET, attributes=changes)["attributes"] == [
        {"id": 7, "attributeId": 70, "value": "gold"},
        {"id": 8, "attributeId": 80, "value": "6"},
        {"attributeId": 99, "value": "new"},
    ]


@pytest.mark.parametrize("attributes", [["gold"], [None], [[]], {"70": "gold"}, [{"attributeId": "70"}], [{}]])
def test_attributes_that_cannot_be_read_are_not_lost_by_an_update(attributes: Any) -> None:
    with pytest.raises(UnusableAnswerError):
        update({**TICKET, "attributeValues": attributes}, priority="LOW")


def test_an_attribute_without_a_value_can_get_one() -> None:
    assert {"id": 9, "attributeId": 90, "value": "x"} in update(
        TICKET, attributes=[{"attribute_id": 90, "value": "x"}]
    )["attributes"]


@pytest.mark.parametrize(
    ("value", "sent"), [(True, "true"), (2.5, "2.5"), (["a", "ä"], '["a","ä"]'), ({"b": 1}, '{"b":1}')]
)
def test_the_values_of_attributes_are_sent_as_text(value: Any, sent: str) -> None:
    ticket = {**TICKET, "attributeValues": [{"attributeId": 70, "value": value}]}
    assert update(ticket, priority="LOW")["attributes"] == [{"attributeId": 70, "value": sent}]


@pytest.mark.parametrize(
    ("status", "sent"),
    [
        ({"statusId": 2001, "name": "x"}, "2001"),
        ({"statusId": None, "name": "OPEN"}, "OPEN"),
        ({"name": "OPEN"}, "OPEN"),
        ("1000", "1000"),
        (1000, "1000"),
    ],
)
def test_a_status_is_sent_as_text(status: Any, sent: str) -> None:
    assert update({**TICKET, "status": status}, priority="LOW")["status"] == sent


def test_a_ticket_stays_below_its_parent() -> None:
    assert update({**TICKET, "parentTicketId": 1000}, priority="LOW")["parentTicketId"] == 1000


def test_what_the_ticket_does_not_have_is_not_sent() -> None:
    bare = {
        key: TICKET[key] for key in ("id", "version", "clientId", "ticketFormId", "subject", "status", "requesterUid")
    }
    assert update({**bare, "nodeId": None}, priority="LOW") == {
        "version": 3,
        "clientId": 2,
        "ticketFormId": 1,
        "subject": TICKET["subject"],
        "requesterUid": USER,
        "status": "2000",
        "priority": "LOW",
    }


def test_a_ticket_without_a_requester_needs_one_from_the_agent() -> None:
    orphan = {**TICKET, "requesterUid": None}
    with pytest.raises(ToolRefusedError, match="Give requester_uid too") as caught:
        update(orphan, priority="LOW")
    assert caught.value.code == "invalid_arguments"
    assert update(orphan, requester_uid=USER)["requesterUid"] == USER


@pytest.mark.parametrize("missing", ["clientId", "ticketFormId", "subject", "status"])
def test_a_ticket_without_what_ninjaone_requires_is_unusable(missing: str) -> None:
    with pytest.raises(UnusableAnswerError, match=f"without {missing}"):
        update({**TICKET, missing: None}, priority="LOW")


def test_a_new_ticket_has_what_was_given_and_the_defaults() -> None:
    call = call_of("ninja-create-ticket", organization_id=2, ticket_form_id=1, subject="Printer")
    assert (call.method, call.path) == ("POST", "/v2/ticketing/ticket")
    assert call.body == {"clientId": 2, "ticketFormId": 1, "subject": "Printer", "status": "1000"}


def test_every_argument_of_a_new_ticket_has_its_place() -> None:
    call = call_of(
        "ninja-create-ticket",
        organization_id=2,
        ticket_form_id=1,
        subject="Printer",
        description="Smoke",
        public=False,
        status="2000",
        type="INCIDENT",
        priority="LOW",
        severity="MINOR",
        device_id=41,
        location_id=5,
        requester_uid=USER,
        assignee_id=12,
        tags=["a"],
        cc_emails=["a@b.example"],
        attributes=[{"attribute_id": 70, "value": "gold"}],
    )
    assert call.body == {
        "clientId": 2,
        "ticketFormId": 1,
        "subject": "Printer",
        "status": "2000",
        "description": {"public": False, "body": "Smoke"},
        "type": "INCIDENT",
        "priority": "LOW",
        "severity": "MINOR",
        "nodeId": 41,
        "locationId": 5,
        "requesterUid": USER,
        "assignedAppUserId": 12,
        "tags": ["a"],
        "cc": {"emails": ["a@b.example"]},
        "attributes": [{"attributeId": 70, "value": "gold"}],
    }
