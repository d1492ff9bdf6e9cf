"""The arguments that several tools share: each annotation is at once the type and the schema."""

from __future__ import annotations

from typing import Annotated

from tools.calls import JSON
from tools.device_filter import device_filter_read
from tools.parameters import Arg
from tools.schema import LONG_MAX, Boolean, Choice, Integer, ListOf, Parsed, Record, Script, Text, Uuid

MAX_SCRIPT_BYTES = 64 * 1024

OrganizationId = Annotated[int, Arg(Integer(), "NinjaOne's id of the organization (customer).")]
LocationId = Annotated[int, Arg(Integer(), "NinjaOne's id of the location.")]
DeviceId = Annotated[int, Arg(Integer(), "NinjaOne's id of the device.")]
Limit = Annotated[int, Arg(Integer(1, 1000), "The most rows to return.")]
After = Annotated[int, Arg(Integer(0), "The id after which to go on: `next.after` of the result before.")]
Offset = Annotated[int, Arg(Integer(0), "How many rows to skip: `next.offset` of the result before.")]
NamePart = Annotated[str, Arg(Text(200), "Only rows whose name contains this, whatever the case.")]

DeviceFilter = Annotated[
    str,
    Arg(
        Parsed(Text(1000), device_filter_read),
        "NinjaOne's device filter: clauses joined with AND, such as `class = LINUX_SERVER AND online`. Keys: org, loc, "
        "role, id, class, status, created, group, and the bare words online and offline. There is no OR.",
    ),
]

# The activity feed.
ActivityId = Annotated[int, Arg(Integer(0, LONG_MAX), "The id of an activity, not a time.")]
ActivityWord = Annotated[
    str,
    Arg(
        Text(80, pattern="[A-Z0-9_]+", hint="Must be in capitals, such as ACTION."),
        "A word of NinjaOne, such as ACTION or COMPLETED.",
    ),
]

# Services.
ServiceName = Annotated[
    str,
    Arg(
        Text(256, visible=True, pattern=r"(?!\.{1,2}$)[^/\\]+", hint="Must be a name without slashes."),
        "The name of the service, such as Spooler (not its display name).",
    ),
]
ServiceAction = Annotated[str, Arg(Choice(("start", "stop", "restart")), "What to do with the service.")]
ServiceState = Annotated[
    str,
    Arg(
        Choice(
            (
                "UNKNOWN",
                "STOPPED",
                "START_PENDING",
                "RUNNING",
                "STOP_PENDING",
                "PAUSE_PENDING",
                "PAUSED",
                "CONTINUE_PENDING",
            )
        ),
        "Only services in this state.",
    ),
]

# Power.
RebootMode = Annotated[str, Arg(Choice(("NORMAL", "FORCED")), "FORCED ends programs without asking them.")]
RebootReason = Annotated[str, Arg(Text(500), "Why; NinjaOne shows it in the device's activities.")]

# Scripts.
ScriptId = Annotated[int, Arg(Integer(), "The id of a script of the library (see ninja-list-scripts).")]
ActionUid = Annotated[str, Arg(Uuid(), "The uid of a built-in action that the device offers.")]
ScriptParameters = Annotated[
    str,
    Arg(Text(8000, visible=True), "Parameters as one text, which NinjaOne splits at its spaces; there is no quoting."),
]
RunAs = Annotated[
    str,
    Arg(
        Text(
            40,
            pattern="system|loggedonuser|SR_MAC_SCRIPT|SR_LINUX_SCRIPT|SR_LOCAL_ADMINISTRATOR|SR_DOMAIN_ADMINISTRATOR"
            "|[1-9][0-9]{0,9}",
            hint="Must be system, loggedonuser, SR_MAC_SCRIPT, SR_LINUX_SCRIPT, SR_LOCAL_ADMINISTRATOR, "
            "SR_DOMAIN_ADMINISTRATOR (capitals matter) or the id of a credential as text.",
        ),
        "The account: system, loggedonuser, an SR_ role, or the id of a NinjaOne credential as text.",
    ),
]
BashScript = Annotated[
    str,
    Arg(
        Script(MAX_SCRIPT_BYTES),
        "The whole bash script, at most 64 KiB of UTF-8, with LF line ends and no invisible characters.",
    ),
]
ScriptLanguage = Annotated[str, Arg(Text(40), "Only scripts in this language, such as sh or powershell.")]
OperatingSystem = Annotated[str, Arg(Text(40), "Only scripts for this system, such as Linux, Mac or Windows.")]

# Alerts.
AlertUid = Annotated[str, Arg(Uuid(), "The uid of the alert.")]
SourceType = Annotated[
    str,
    Arg(
        Text(80, pattern="[A-Z0-9_]+", hint="Must be in capitals, such as AGENT_OFFLINE."),
        "Only alerts of this origin, such as AGENT_OFFLINE.",
    ),
]

# Tickets.
TicketId = Annotated[int, Arg(Integer(), "NinjaOne's id of the ticket.")]
AfterEntry = Annotated[
    int, Arg(Integer(0, LONG_MAX), "The id after which to go on: `next.after` of the result before.")
]
TicketFormId = Annotated[int, Arg(Integer(), "The id of the ticket form.")]
Subject = Annotated[str, Arg(Text(200), "What the ticket is about, in one line.")]
Description = Annotated[str, Arg(Text(20_000, multiline=True), "The first entry of the ticket.")]
IsPublic = Annotated[bool, Arg(Boolean(), "Whether the requester sees the description.")]
TicketStatus = Annotated[
    str, Arg(Text(50), 'The id of the status as text: "1000" new, "2000" open, "3000" waiting, "6000" closed.')
]
TicketType = Annotated[
    str,
    Arg(
        Choice(
            (
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
        ),
        "The type of the ticket.",
    ),
]
TicketPriority = Annotated[str, Arg(Choice(("NONE", "LOW", "MEDIUM", "HIGH")), "The priority.")]
TicketSeverity = Annotated[str, Arg(Choice(("NONE", "MINOR", "MODERATE", "MAJOR", "CRITICAL")), "The severity.")]
RequesterUid = Annotated[str, Arg(Uuid(), "The uid of the user or contact who asks.")]
AssigneeId = Annotated[int, Arg(Integer(), "The id of the technician who shall do it.")]
Tags = Annotated[list[str], Arg(ListOf(Text(100)), "All tags of the ticket.")]
Emails = Annotated[
    list[str],
    Arg(
        ListOf(Text(254, pattern=r"[^@\s,;<>]+@[^@\s,;<>]+", hint="Must be an e-mail address.")),
        "Addresses that get copies.",
    ),
]
Attributes = Annotated[
    list[dict[str, JSON]],
    Arg(
        ListOf(Record({"attribute_id": Integer(), "value": Text(5000, min_length=0, multiline=True)}), max_items=100),
        "Custom fields of the ticket form, each with attribute_id and value (as text).",
    ),
]
LogTypes = Annotated[
    list[str],
    Arg(
        ListOf(Choice(("DESCRIPTION", "COMMENT", "CONDITION", "SAVE", "DELETE", "PRODUCT", "INFO")), max_items=7),
        "Only entries of these types.",
    ),
]
IncludeBitlocker = Annotated[bool, Arg(Boolean(), "Whether to add the state of BitLocker.")]
