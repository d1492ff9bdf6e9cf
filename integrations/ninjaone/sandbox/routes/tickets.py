from __future__ import annotations

import json
from email.parser import BytesParser
from typing import Any

from integrations.ninjaone.sandbox.bodies import (
    body_read,
    fields_check,
    is_bool,
    is_int32,
    is_number,
    is_text,
    is_uuid,
    list_of,
    one_of,
    or_null,
    text_up_to,
)
from integrations.ninjaone.sandbox.messages import Json, SandboxResponse, json_response
from integrations.ninjaone.sandbox.refusals import bad_request, forbidden, unsupported_media_type
from integrations.ninjaone.sandbox.routing import WRITE, Call, route
from integrations.ninjaone.sandbox.tickets import ticket_create, ticket_find, ticket_log_add, ticket_update

_TYPES = (
    "PROBLEM",
    "QUESTION",
    "INCIDENT",
    "TASK",
    "CHANGE_REQUEST",
    "SERVICE_REQUEST",
    "PROJECT",
    "APPOINTMENT",
    "MISCELLANEOUS",
)
_COMMENT = {
    "public": is_bool,
    "body": or_null(is_text),
    "htmlBody": or_null(is_text),
    "timeTracked": or_null(is_int32),
    "duplicateInIncidents": is_bool,
}


def _part(fields: dict[str, Any], *required: str) -> Any:
    """A check for an object inside the body; its own refusals name the inner field."""

    def check(value: Any) -> bool:
        if isinstance(value, dict):
            fields_check(value, fields, required=required)
        return isinstance(value, dict)

    return check


_ATTRIBUTE = _part({"id": or_null(is_int32), "attributeId": is_int32, "value": is_text}, "attributeId", "value")
_FIELDS = {
    "clientId": is_int32,
    "ticketFormId": is_int32,
    "locationId": or_null(is_int32),
    "nodeId": or_null(is_int32),
    "subject": text_up_to(200),
    "status": is_text,
    "type": or_null(one_of(*_TYPES)),
    "cc": _part({"uids": list_of(is_uuid), "emails": list_of(is_text)}),
    "assignedAppUserId": or_null(is_int32),
    "requesterUid": is_uuid,
    "severity": or_null(one_of("NONE", "MINOR", "MODERATE", "MAJOR", "CRITICAL")),
    "priority": or_null(one_of("NONE", "LOW", "MEDIUM", "HIGH")),
    "parentTicketId": or_null(is_int32),
    "tags": list_of(is_text),
    "attributes": list_of(_ATTRIBUTE),
    "additionalAssignedTechnicianIds": list_of(is_int32),
    "followupTime": or_null(is_number),
}
_REQUIRED = ("clientId", "ticketFormId", "subject", "status")


def _licensed(call: Call) -> None:
    if not call.world.is_ticketing_licensed:
        raise forbidden("Ticketing is not enabled")


@route("POST", "/v2/ticketing/ticket", WRITE)
def create(call: Call) -> SandboxResponse:
    _licensed(call)
    fields = {**_FIELDS, "description": _part(_COMMENT, "public")}
    return json_response(ticket_create(call.world, body_read(call.request, fields, required=_REQUIRED)))


@route("GET", "/v2/ticketing/ticket/{ticketId}")
def get(call: Call) -> SandboxResponse:
    _licensed(call)
    return json_response(ticket_find(call.world, call.path_number()))


@route("PUT", "/v2/ticketing/ticket/{ticketId}", WRITE)
def update(call: Call) -> SandboxResponse:
    _licensed(call)
    ticket_find(call.world, call.path_number())
    data = body_read(call.request, {**_FIELDS, "version": is_int32}, required=(*_REQUIRED, "version", "requesterUid"))
    return json_response(ticket_update(call.world, call.path_number(), data))


@route("GET", "/v2/ticketing/ticket/{ticketId}/log-entry")
def log_list(call: Call) -> SandboxResponse:
    """Oldest first; `anchorId` is the last id of the page before."""
    _licensed(call)
    rows: list[Json] = call.world.ticket_logs.get(ticket_find(call.world, call.path_number())["id"], [])
    types = {name for value in call.query.get("type", []) for name in value.split(",")}
    anchor, size = call.number("anchorId"), call.number("pageSize")
    fitting = [row for row in rows if (not types or row["type"] in types) and (anchor is None or row["id"] > anchor)]
    return json_response(fitting[: 500 if size is None else max(size, 0)])


@route("POST", "/v2/ticketing/ticket/{ticketId}/comment", WRITE)
def comment(call: Call) -> SandboxResponse:
    """Multipart alone; the part `comment` holds JSON. Files are taken and forgotten."""
    _licensed(call)
    ticket = ticket_find(call.world, call.path_number())
    content_type = call.request.header("content-type") or ""
    if not content_type.startswith("multipart/form-data"):
        raise unsupported_media_type()
    message = BytesParser().parsebytes(
        b"Content-Type: " + content_type.encode("latin-1", "replace") + b"\r\n\r\n" + call.request.body
    )
    parts = message.get_payload() if message.is_multipart() else []
    for part in parts:
        if not isinstance(part, str) and part.get_param("name", header="content-disposition") == "comment":
            _comment_add(call, ticket, part.get_payload(decode=True))
            return SandboxResponse(status=200)
    raise bad_request("comment must not be null")


def _comment_add(call: Call, ticket: Json, payload: Any) -> None:
    try:
        data = json.loads(payload)
    except ValueError:
        raise bad_request("Unable to process JSON") from None
    if not isinstance(data, dict):
        raise bad_request("Cannot deserialize value of type object")
    fields_check(data, _COMMENT, required=("public",))
    world = call.world
    ticket_log_add(
        world,
        ticket["id"],
        kind="COMMENT",
        author=next(row for row in world.users if row["id"] == world.technician_id),
        body=data.get("body") or "",
        htmlBody=data.get("htmlBody") or f"<p>{data.get('body') or ''}</p>",
        publicEntry=data["public"],
        timeTracked=data.get("timeTracked") or 0,
    )
