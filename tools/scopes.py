"""An agent that is limited to organizations: what is of others answers like what does not exist, lists are cut."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from tools.calls import Call, get
from tools.errors import ToolRefusedError
from tools.fact_sources import FactReading, Read, not_found
from tools.fact_types import DeviceFact, Fact, OrganizationFact, TicketFact
from tools.lists import Among, PagedAnswer, WholeAnswer, id_of, rows_of
from tools.subjects import Subjects, ids_named, subjects_of

if TYPE_CHECKING:
    from tools.calls import JSON
    from tools.definitions import Tool

ORGANIZATIONS, DEVICES, ALERTS = "ninja-list-organizations", "ninja-list-devices", "ninja-list-alerts"
# Lists that are cut, and one that is of no organization: the MSP's own library.
WITHOUT_OWNER = {ORGANIZATIONS, DEVICES, ALERTS, "ninja-list-scripts"}
_LOCATION = re.compile(r"/v2/organization/[0-9]+/locations?/0*([0-9]{1,10})(?:/|\Z)")
PAGE = 1000
MOST_PAGES = 50

# Under these names a body or query of a generic call may point elsewhere, whatever its path says.
OWNER_NAMES = {"organizationid", "organizationids", "orgid", "orgids", "clientid", "clientids"}
THING_NAMES = {"deviceid", "deviceids", "nodeid", "nodeids"}
# Whose a location is, no path says, and its number may be that of the device.
PLACE_NAMES = {"locationid", "locationids"}


def scope_check(arguments: Mapping[str, JSON], *, allowed: Collection[int], read: Read) -> None:
    """Everything that the arguments name must be of one of these organizations.

    Raises ToolRefusedError, the same for what is of others and for what does not exist, before anything else is read.
    """
    subjects = subjects_of(arguments)
    reading = FactReading(read, subjects)
    for kind, name in _named(subjects).items():
        reading.want(kind)
        if kind in {"alert", "ticket"}:
            reading.want("device")  # an alert is of its device's organization; a ticket may be about a device
        owners = [owner_of(fact) for fact in reading.facts.values() if fact.kind != "alert"]
        if not owners or any(owner not in allowed for owner in owners):
            raise not_found(name)
    _location_check(arguments, reading)
    _strays_check(arguments, subjects, allowed)


def scoped(call: Call, tool: Tool, *, allowed: Collection[int], read: Read) -> Call:
    """The call, its answer cut to rows of these organizations where it is a list of several."""
    if tool.name not in {ORGANIZATIONS, DEVICES, ALERTS}:
        return call
    match tool.name:
        case "ninja-list-organizations":
            among = Among("id", frozenset(allowed))
        case "ninja-list-devices":
            among = Among("organizationId", frozenset(allowed))
        case _:
            among = Among("deviceId", frozenset(_devices_of(allowed, read)))
    answer = call.answer
    if not isinstance(answer, PagedAnswer | WholeAnswer):
        raise TypeError(f"{tool.name} is not a list.")
    return replace(call, answer=replace(answer, filters=(*answer.filters, among)))


def owner_of(fact: Fact) -> int | None:
    """The organization that a fact is of."""
    match fact:
        case OrganizationFact():
            return fact.id
        case DeviceFact() | TicketFact():
            return fact.organization_id
    return None


def _named(subjects: Subjects) -> dict[str, str]:
    """What the arguments name, in words, as the facts' own refusals put it."""
    words = {
        "alert": (subjects.alert_uid, f"Alert {subjects.alert_uid}"),
        "ticket": (subjects.ticket_id, f"Ticket {subjects.ticket_id}"),
        "device": (subjects.device_id, f"Device {subjects.device_id}"),
        "organization": (subjects.organization_id, f"Organization {subjects.organization_id}"),
    }
    return {kind: text for kind, (value, text) in words.items() if value is not None}


def _location_check(arguments: Mapping[str, JSON], reading: FactReading) -> None:
    """A location that is named must be of the organization that the call is about."""
    path = _LOCATION.match(str(arguments.get("path", "")).lower())
    location = int(path[1]) if path else arguments.get("location_id")
    if location is None:
        return
    reading.want("organization")
    owner = reading.facts.get("organization")
    places = reading.locations_of(owner.id) if isinstance(owner, OrganizationFact) else []
    if location not in places:
        raise not_found(f"Location {location}")


def _strays_check(arguments: Mapping[str, JSON], subjects: Subjects, allowed: Collection[int]) -> None:
    """A generic call must not reach past its path, say to move a device to another organization."""
    if "path" not in arguments:
        return
    carried = [arguments.get("body"), arguments.get("query")]
    owners, things = ids_named(carried, OWNER_NAMES), ids_named(carried, THING_NAMES)
    strays = [owner for owner in owners if owner not in allowed]
    strays += [thing for thing in things if thing != subjects.device_id]
    if strays or ids_named(carried, PLACE_NAMES):
        raise ToolRefusedError(
            "not_found",
            "The body or query names something that this agent may not see, or that does not exist. Nothing was sent.",
        )


def _devices_of(allowed: Collection[int], read: Read) -> list[int]:
    """The ids of these organizations' devices. NinjaOne may know the filter or not, so the rows are checked."""
    organizations = ",".join(map(str, sorted(allowed))) or "0"
    found: list[int] = []
    after = 0
    for _ in range(MOST_PAGES):
        query = [("df", f"org in ({organizations})"), ("pageSize", str(PAGE)), ("after", str(after))]
        rows = rows_of(read(get("/v2/devices", query=query)))
        found += [id_of(row) for row in rows if row.get("organizationId") in allowed]
        last = max((id_of(row) for row in rows), default=after)
        if last <= after or len(rows) < PAGE:
            break
        after = last
    return found
