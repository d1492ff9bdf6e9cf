"""Tickets of NinjaOne's own ticketing."""

from __future__ import annotations

import json
from typing import Any

from tools.answers import OBJECT
from tools.args import (
    AfterEntry,
    AssigneeId,
    Attributes,
    Description,
    DeviceId,
    Emails,
    IsPublic,
    Limit,
    LocationId,
    LogTypes,
    OrganizationId,
    RequesterUid,
    Subject,
    Tags,
    TicketFormId,
    TicketId,
    TicketPriority,
    TicketSeverity,
    TicketStatus,
    TicketType,
)
from tools.calls import JSON, Call, get, post, put
from tools.definitions import tool
from tools.errors import ToolRefusedError, UnusableAnswerError
from tools.fact_types import TicketFact
from tools.lists import PagedAnswer, rows_of
from tools.models import Mode
from tools.parameters import at_least_one
from tools.queries import query_of

# A ticket as it is read, and the name of the same thing in a PUT. The rest needs more than another name.
_KEPT = {
    "clientId": "clientId",
    "ticketFormId": "ticketFormId",
    "locationId": "locationId",
    "nodeId": "nodeId",
    "subject": "subject",
    "type": "type",
    "ccList": "cc",
    "assignedAppUserId": "assignedAppUserId",
    "requesterUid": "requesterUid",
    "severity": "severity",
    "priority": "priority",
    # Not in NinjaOne's document of a ticket that is read; where it comes all the same, it must not get lost.
    "parentTicketId": "parentTicketId",
    "tags": "tags",
    "additionalAssignedTechnicianIds": "additionalAssignedTechnicianIds",
    "followupTime": "followupTime",
}
_REQUIRED = ("clientId", "ticketFormId", "subject", "status")


@tool("ninja-create-ticket", Mode.AUTO, group="tickets")
def create_ticket(
    *,
    organization_id: OrganizationId,
    ticket_form_id: TicketFormId,
    subject: Subject,
    description: Description | None = None,
    public: IsPublic = True,
    status: TicketStatus = "1000",
    type: TicketType | None = None,  # noqa: A002 - the name that agents know it by
    priority: TicketPriority | None = None,
    severity: TicketSeverity | None = None,
    device_id: DeviceId | None = None,
    location_id: LocationId | None = None,
    requester_uid: RequesterUid | None = None,
    assignee_id: AssigneeId | None = None,
    tags: Tags | None = None,
    cc_emails: Emails | None = None,
    attributes: Attributes | None = None,
) -> Call:
    """Create a ticket for an organization."""
    first_entry = None if description is None else {"public": public, "body": description}
    body = {
        "clientId": organization_id,
        "ticketFormId": ticket_form_id,
        "subject": subject,
        "status": status,
        "description": first_entry,
        "type": type,
        "priority": priority,
        "severity": severity,
        "nodeId": device_id,
        "locationId": location_id,
        "requesterUid": requester_uid,
        "assignedAppUserId": assignee_id,
        "tags": tags,
        "cc": None if cc_emails is None else {"emails": cc_emails},
        "attributes": None if attributes is None else _attributes_sent(attributes),
    }
    return post("/v2/ticketing/ticket", body=_without_none(body), answer=OBJECT)


@tool(
    "ninja-update-ticket",
    Mode.APPROVAL_NEEDED,
    group="tickets",
    destructive=True,
    rule=at_least_one(
        "subject",
        "status",
        "type",
        "priority",
        "severity",
        "device_id",
        "location_id",
        "requester_uid",
        "assignee_id",
        "tags",
        "attributes",
    ),
)
def update_ticket(
    ticket: TicketFact,
    *,
    ticket_id: TicketId,
    subject: Subject | None = None,
    status: TicketStatus | None = None,
    type: TicketType | None = None,  # noqa: A002 - the name that agents know it by
    priority: TicketPriority | None = None,
    severity: TicketSeverity | None = None,
    device_id: DeviceId | None = None,
    location_id: LocationId | None = None,
    requester_uid: RequesterUid | None = None,
    assignee_id: AssigneeId | None = None,
    tags: Tags | None = None,
    attributes: Attributes | None = None,
) -> Call:
    """Change fields of a ticket and leave the others as they are. Tags are replaced as a whole, attributes one by
    one. Comments cannot be added with this.
    """
    changes = {
        "subject": subject,
        "status": status,
        "type": type,
        "priority": priority,
        "severity": severity,
        "nodeId": device_id,
        "locationId": location_id,
        "requesterUid": requester_uid,
        "assignedAppUserId": assignee_id,
        "tags": tags,
    }
    body = {**_ticket_resent(ticket), **_without_none(changes)}
    if merged := _attributes_merged(ticket.ticket.get("attributeValues"), attributes or []):
        body["attributes"] = merged
    _body_check(ticket, body)
    return put("/v2/ticketing/ticket/{}", ticket_id, body=body, answer=OBJECT)


@tool("ninja-get-ticket-log", Mode.AUTO, group="tickets", read_only=True)
def get_ticket_log(
    *,
    ticket_id: TicketId,
    type: LogTypes | None = None,  # noqa: A002 - the name that agents know it by
    after: AfterEntry | None = None,
    limit: Limit = 100,
) -> Call:
    """List what was said and changed in a ticket."""
    return get(
        "/v2/ticketing/ticket/{}/log-entry",
        ticket_id,
        query=query_of(type=type, pageSize=limit, anchorId=after),
        answer=PagedAnswer(limit, parameter="anchorId", narrow="Ask for the rest with next, or narrow by type."),
    )


def _ticket_resent(ticket: TicketFact) -> dict[str, JSON]:
    """The whole ticket as a PUT wants it: what is left out of it, NinjaOne clears."""
    old = ticket.ticket
    body: dict[str, JSON] = {"version": ticket.version}
    for read_name, sent_name in _KEPT.items():
        if old.get(read_name) is not None:
            body[sent_name] = old[read_name]
    if (status := _status_sent(old.get("status"))) is not None:
        body["status"] = status
    return body


def _status_sent(status: JSON) -> str | None:
    """NinjaOne shows a status as an object and takes it as text: its id, or the name where there is no id."""
    if isinstance(status, dict):
        number = status.get("statusId")
        status = status.get("name") if number is None else number
    return None if status is None else str(status)


def _attributes_sent(attributes: list[dict[str, JSON]]) -> list[dict[str, Any]]:
    return [{"attributeId": one["attribute_id"], "value": one["value"]} for one in attributes]


def _attributes_merged(old: JSON, changes: list[dict[str, JSON]]) -> list[dict[str, Any]]:
    """The ticket's attributes with the changed ones in their places, and new ones at the end."""
    new = {one["attributeId"]: one for one in _attributes_sent(changes)}
    merged = []
    for row in [] if old is None else rows_of(old):
        number, value = row.get("attributeId"), row.get("value")
        if type(number) is not int:
            raise UnusableAnswerError(f"NinjaOne's ticket has an attribute whose id is {number!r}.")
        change = new.pop(number, None)
        if change is None and value is None:
            continue
        kept = {} if row.get("id") is None else {"id": row["id"]}
        merged.append({**kept, **(change or {"attributeId": number, "value": _value_sent(value)})})
    return merged + list(new.values())


def _value_sent(value: JSON) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _body_check(ticket: TicketFact, body: dict[str, JSON]) -> None:
    """Raises what an update without NinjaOne's required fields deserves."""
    if missing := [name for name in _REQUIRED if name not in body]:
        raise UnusableAnswerError(f"NinjaOne's ticket {ticket.id} came without {', '.join(missing)}.")
    if "requesterUid" not in body:
        raise ToolRefusedError(
            "invalid_arguments",
            f"Ticket {ticket.id} has no requester, and NinjaOne changes no ticket without one. Nothing was sent. "
            "Give requester_uid too.",
        )


def _without_none(fields: dict[str, JSON]) -> dict[str, JSON]:
    return {name: value for name, value in fields.items() if value is not None}
