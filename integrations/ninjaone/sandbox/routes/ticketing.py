"""What surrounds tickets: statuses, forms, attributes, boards, contacts."""

from __future__ import annotations

from integrations.ninjaone.sandbox.bodies import (
    body_read,
    is_int32,
    is_object,
    is_text,
    list_of,
    or_null,
    text_up_to,
)
from integrations.ninjaone.sandbox.messages import Json, SandboxResponse, json_response
from integrations.ninjaone.sandbox.refusals import not_found
from integrations.ninjaone.sandbox.routing import READ, Call, route
from integrations.ninjaone.sandbox.world import World

_COLUMNS = ["id", "summary", "status", "organization", "device", "priority", "severity", "createTime", "tags"]


@route("GET", "/v2/ticketing/statuses")
def status_list(call: Call) -> SandboxResponse:
    return json_response(call.world.ticket_statuses)


@route("GET", "/v2/ticketing/ticket-form")
def form_list(call: Call) -> SandboxResponse:
    return json_response(call.world.ticket_forms)


@route("GET", "/v2/ticketing/ticket-form/{id}")
def form_get(call: Call) -> SandboxResponse:
    for form in call.world.ticket_forms:
        if form["id"] == call.path_number():
            return json_response(form)
    raise not_found("Ticket form not found")


@route("GET", "/v2/ticketing/attributes")
def attribute_list(call: Call) -> SandboxResponse:
    return json_response(call.world.ticket_attributes)


@route("GET", "/v2/ticketing/contact/contacts")
def contact_list(call: Call) -> SandboxResponse:
    names = {organization.id: organization.name for organization in call.world.organizations.values()}
    return json_response(
        [
            {
                "id": row["id"],
                "clientId": row["organizationId"],
                "clientName": names[row["organizationId"]],
                **{key: row[key] for key in ("uid", "firstName", "lastName", "email", "phone", "jobTitle")},
                "displayName": f"{row['firstName']} {row['lastName']}",
            }
            for row in call.world.contacts
        ]
    )


@route("GET", "/v2/ticketing/app-user-contact")
def app_user_contact_list(call: Call) -> SandboxResponse:
    kind = call.text("userType")
    people = [
        *({**row, "clientId": row.get("organizationId")} for row in call.world.users),
        *({**row, "clientId": row["organizationId"], "userType": "CONTACT"} for row in call.world.contacts),
    ]
    keys = ("uid", "id", "clientId", "firstName", "lastName", "email", "userType")
    return json_response(
        [
            {key: row[key] for key in keys if row.get(key) is not None}
            for row in people
            if not kind or row["userType"] == kind
        ]
    )


@route("GET", "/v2/ticketing/trigger/boards")
def board_list(call: Call) -> SandboxResponse:
    count = len(call.world.tickets)
    return json_response([{**board, "ticketCount": count} for board in call.world.boards])


@route("POST", "/v2/ticketing/trigger/board/{boardId}/run", READ)
def board_run(call: Call) -> SandboxResponse:
    """Reads by POST: the tickets of a board, in the order of their ids, `pageSize` after `lastCursorId`."""
    board = next((row for row in call.world.boards if row["id"] == call.path_number()), None)
    if board is None:
        raise not_found("Board not found")
    data = body_read(
        call.request,
        {
            "sortBy": list_of(is_object),
            "filters": list_of(is_object),
            "pageSize": is_int32,
            "searchCriteria": or_null(text_up_to(512)),
            "includeColumns": list_of(is_text),
            "lastCursorId": is_int32,
        },
    )
    words = (data.get("searchCriteria") or "").lower()
    found = [
        _board_row(call.world, ticket)
        for key, ticket in sorted(call.world.tickets.items())
        if key > data.get("lastCursorId", 0) and words in ticket["subject"].lower()
    ][: data.get("pageSize", 1000)]
    return json_response(
        {
            "data": found,
            "metadata": {
                "columns": _COLUMNS,
                "sortBy": [{"field": "id", "direction": "ASC"}],
                "attributes": {},
                "filters": [],
                "lastCursorId": found[-1]["id"] if found else 0,
                "allRequiredColumns": ["id"],
                "allColumns": _COLUMNS,
            },
        }
    )


def _board_row(world: World, ticket: Json) -> Json:
    device = world.devices.get(ticket.get("nodeId", 0))
    return {
        "id": ticket["id"],
        "summary": ticket["subject"],
        "status": ticket["status"],
        "organization": world.organizations[ticket["clientId"]].name,
        "device": device.display_name if device else None,
        "priority": ticket["priority"],
        "severity": ticket["severity"],
        "createTime": ticket["createTime"],
        "tags": ticket["tags"],
    }
