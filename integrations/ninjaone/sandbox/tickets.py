"""Tickets with NinjaOne's optimistic version, and the log that each change leaves."""

from __future__ import annotations

from typing import Any

from integrations.ninjaone.sandbox.messages import Json
from integrations.ninjaone.sandbox.refusals import bad_request, conflict, not_found
from integrations.ninjaone.sandbox.world import World

DEFAULTS: Json = {
    "type": "PROBLEM",
    "priority": "NONE",
    "severity": "NONE",
    "tags": [],
    "attributeValues": [],
}
# Body name of what a ticket calls otherwise.
_RENAMED = {"cc": "ccList", "attributes": "attributeValues"}


def ticket_create(world: World, data: Json) -> Json:
    description = data.get("description")
    ticket: Json = {
        "id": max(world.tickets, default=1000) + 1,
        "version": 1,
        **_ticket_fields(world, data),
        "source": "TECHNICIAN",
        "createTime": world.clock(),
        "deleted": False,
    }
    ticket.setdefault("requesterUid", world.users[0]["uid"])
    world.tickets[ticket["id"]] = ticket
    world.ticket_logs[ticket["id"]] = []
    if description:
        text = description.get("body") or ""
        ticket_log_add(
            world,
            ticket["id"],
            kind="DESCRIPTION",
            author=_user(world, world.technician_id),
            body=text,
            htmlBody=description.get("htmlBody") or f"<p>{text}</p>",
            publicEntry=description["public"],
            timeTracked=description.get("timeTracked") or 0,
        )
    return ticket


def ticket_update(world: World, ticket_id: int, data: Json) -> Json:
    """A full PUT: what the body leaves out is cleared. Refuses a version that is not the current one."""
    old = ticket_find(world, ticket_id)
    if data["version"] != old["version"]:
        raise conflict("Ticket was updated by another user")
    kept = {key: old[key] for key in ("id", "version", "source", "createTime", "deleted")}
    new = {**kept, **_ticket_fields(world, data), "version": old["version"] + 1}
    diff = {
        key: {"old": _text(old.get(key)), "new": _text(new.get(key))}
        for key in sorted({*old, *new} - {"version"})
        if old.get(key) != new.get(key)
    }
    world.tickets[ticket_id] = new
    if diff:
        ticket_log_add(world, ticket_id, kind="SAVE", author=None, publicEntry=False, system=True, changeDiff=diff)
    return new


def ticket_find(world: World, ticket_id: int) -> Json:
    ticket = world.tickets.get(ticket_id)
    if ticket is None:
        raise not_found("Ticket not found")
    return ticket


def ticket_log_add(
    world: World, ticket_id: int, *, kind: str, author: Json | None, at: float | None = None, **fields: Any
) -> Json:
    last = max((row["id"] for log in world.ticket_logs.values() for row in log), default=77000)
    entry: Json = {"id": last + 1, "type": kind, "system": False}
    if author is not None:
        entry |= {
            "appUserContactUid": author["uid"],
            "appUserContactId": author["id"],
            "appUserContactType": author["userType"],
            "emailResponse": False,
        }
    entry |= {"createTime": world.clock() if at is None else at, **fields}
    world.ticket_logs.setdefault(ticket_id, []).append(entry)
    return entry


def _ticket_fields(world: World, data: Json) -> Json:
    _references_check(world, data)
    given = {_RENAMED.get(key, key): value for key, value in data.items() if value is not None}
    for unsaid in ("description", "version", "parentTicketId"):
        given.pop(unsaid, None)
    cc = given.pop("ccList", {})
    return {
        **DEFAULTS,
        **given,
        "status": _status(world, data["status"]),
        "ccList": {"uids": cc.get("uids") or [], "emails": cc.get("emails") or []},
    }


def _references_check(world: World, data: Json) -> None:
    """A ticket may only name what exists; `requesterUid` is a user or a contact."""
    device = world.devices.get(data["nodeId"]) if data.get("nodeId") is not None else None
    people = {row["uid"] for row in (*world.users, *world.contacts)}
    known = {
        "clientId": data["clientId"] in world.organizations,
        "ticketFormId": data["ticketFormId"] in {form["id"] for form in world.ticket_forms},
        "nodeId": data.get("nodeId") is None or device is not None,
        "requesterUid": data.get("requesterUid") is None or data["requesterUid"] in people,
        "assignedAppUserId": data.get("assignedAppUserId") is None
        or any(row["id"] == data["assignedAppUserId"] for row in world.users),
    }
    for name, is_known in known.items():
        if not is_known:
            raise bad_request({"code": "entity_not_found", "params": {"field": name}})


def _status(world: World, text: str) -> Json:
    for status in world.ticket_statuses:
        if text in {str(status["statusId"]), status["name"]}:
            return status
    raise bad_request({"code": "invalid_ticket_status", "params": {"status": text}})


def _user(world: World, user_id: int) -> Json:
    return next(row for row in world.users if row["id"] == user_id)


def _text(value: Any) -> Any:
    return str(value["statusId"]) if isinstance(value, dict) and "statusId" in value else value
