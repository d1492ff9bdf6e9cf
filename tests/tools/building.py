"""Builds calls as the gate does, with facts that stand for NinjaOne's answers."""

from __future__ import annotations

from typing import Any

import pytest

from tools.calls import Call
from tools.errors import ArgumentError, InvalidArgumentsError
from tools.facts import DeviceFact, Fact, MarkFact, RunnerFact, TicketFact
from tools.registry import Tool, find_tool

ALERT = "b1c0a0de-52f1-4a49-9f0a-8d5f3f0a0001"
USER = "1fa74a18-a329-40d8-b5b7-0a22624f7801"
ACTION = "8b8ad7a5-1d5a-4f1d-8f0a-0c8a0f0a0001"
WEB01 = DeviceFact(43, "ACME-WEB01", 2, "Acme Ltd", "LINUX_SERVER", "Ubuntu 24.04", False, 1763900000.5)
MARK = MarkFact("0123456789abcdef" * 2)
RUNNER = RunnerFact(script_id=146, seal={"name": "Bash Runner"})
TICKET: dict[str, Any] = {
    "id": 1014,
    "version": 3,
    "nodeId": 41,
    "clientId": 2,
    "locationId": 5,
    "assignedAppUserId": 12,
    "requesterUid": USER,
    "subject": "Print server spooler keeps stopping",
    "status": {"name": "OPEN", "displayName": "Open", "parentId": 2000, "statusId": 2000},
    "type": "PROBLEM",
    "priority": "MEDIUM",
    "severity": "MODERATE",
    "ticketFormId": 1,
    "source": "TECHNICIAN",
    "tags": ["printing"],
    "ccList": {"uids": [], "emails": ["boss@acme.example"]},
    "createTime": 1763892800.512,
    "deleted": False,
    "attributeValues": [
        {"id": 7, "attributeId": 70, "value": "gold"},
        {"id": 8, "attributeId": 80, "value": 5},
        {"id": 9, "attributeId": 90, "value": None},
    ],
    "additionalAssignedTechnicianIds": [13],
    "followupTime": 1763999999.0,
}


def the(name: str) -> Tool:
    """A tool that must exist."""
    tool = find_tool(name)
    assert tool is not None
    return tool


def call_of(tool_name: str, /, **arguments: Any) -> Call:
    """The call of a tool."""
    tool = the(tool_name)
    facts: dict[str, Fact] = {"device": WEB01, "runner": RUNNER, "mark": MARK, "ticket": TicketFact.of(TICKET)}
    return tool.build(tool.parse(arguments), facts)


def errors_of(name: str, arguments: Any) -> list[ArgumentError]:
    """What is wrong with arguments that must be refused."""
    with pytest.raises(InvalidArgumentsError) as caught:
        the(name).parse(arguments)
    return caught.value.errors
