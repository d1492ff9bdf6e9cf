"""Which facts a call needs, how they are read from NinjaOne, and what the call is aimed at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from tools.errors import ToolRefusedError
from tools.fact_sources import FactReading, Read
from tools.fact_types import (
    FACTS,
    ActionFact,
    AlertFact,
    DeviceFact,
    Fact,
    MarkFact,
    OrganizationFact,
    RunnerFact,
    ScriptFact,
    TicketFact,
)
from tools.present import PresentFact
from tools.standing_alerts import AlertsFact
from tools.subjects import Subjects, reaches_runner

if TYPE_CHECKING:
    from tools.calls import JSON
    from tools.definitions import Tool

__all__ = [
    "ActionFact",
    "AlertFact",
    "DeviceFact",
    "Fact",
    "MarkFact",
    "OrganizationFact",
    "RunnerFact",
    "ScriptFact",
    "Target",
    "TicketFact",
    "facts_from_json",
    "facts_needed",
    "facts_read",
    "facts_to_json",
    "target_of",
]

# With what no tool asks for, but people see.
KINDS: dict[str, type[Fact]] = {**FACTS, AlertsFact.kind: AlertsFact, PresentFact.kind: PresentFact}


class Target(NamedTuple):
    """What a call is aimed at, as far as is known."""

    device_id: int | None = None
    device: str | None = None
    organization_id: int | None = None
    organization: str | None = None


def facts_needed(tool: Tool, subjects: Subjects, *, for_approval: bool) -> tuple[str, ...]:
    """The facts that the tool's function takes, and for an approval everything that a person must see.

    A script of the library is always looked up: it must exist and be switched on.
    """
    needed = [*tool.needs]
    if not tool.is_generic and subjects.script_id is not None:
        needed += ["script"]
    if for_approval:
        needed += subjects.names()
    return tuple(dict.fromkeys(needed))


def facts_read(
    tool: Tool,
    arguments: Mapping[str, JSON],
    subjects: Subjects,
    *,
    read: Read,
    runner: RunnerFact | None,
    for_approval: bool,
    mark: MarkFact | None = None,
) -> dict[str, Fact]:
    """Reads the needed facts of arguments and of the subjects that they name.

    `read` performs a GET and returns what NinjaOne answered; `mark` None makes a new one. Raises ToolRefusedError,
    UnusableAnswerError, and what `read` raises except UpstreamNotFoundError.
    """
    needed = facts_needed(tool, subjects, for_approval=for_approval)
    if "runner" in needed and runner is None:
        raise ToolRefusedError(
            "bash_runner_missing",
            "No bash runner is configured for this MSP, so nothing was sent. A staff member sets its script id on "
            "the integration page; ask them, then call again.",
        )
    if runner is not None and tool.name != "ninja-run-bash" and reaches_runner(arguments, runner.script_id):
        raise ToolRefusedError(
            "use_run_bash",
            f"Script {runner.script_id} is this MSP's bash runner, so nothing was sent. Use ninja-run-bash: there a "
            "technician sees the script in clear.",
        )
    reading = FactReading(read, subjects)
    if "runner" in needed and runner is not None:
        reading.facts["runner"] = runner
    if "mark" in needed:
        reading.facts["mark"] = mark or MarkFact.new()
    for name in needed:
        reading.want(name)
    _one_owner_check(reading.facts, subjects)
    return reading.facts


def facts_to_json(facts: Mapping[str, Fact]) -> dict[str, JSON]:
    """Facts as they are stored."""
    return {name: fact.to_json() for name, fact in facts.items()}


def facts_from_json(data: Mapping[str, JSON]) -> dict[str, Fact]:
    """Facts as they were stored."""
    return {name: KINDS[name].from_json(fact) for name, fact in data.items()}


def target_of(facts: Mapping[str, Fact], subjects: Subjects) -> Target:
    """What a call is aimed at: with names where facts were read, with ids where the arguments have them."""
    device, organization, ticket = facts.get("device"), facts.get("organization"), facts.get("ticket")
    device_id, device_name = subjects.device_id, None
    owner_id, owner_name = subjects.organization_id, None
    if isinstance(device, DeviceFact):
        device_id, device_name = device.id, device.name
    # A ticket is of its own organization, whatever device it is about.
    if isinstance(organization, OrganizationFact):
        owner_id, owner_name = organization.id, organization.name
    elif isinstance(ticket, TicketFact):
        owner_id = ticket.organization_id
    elif owner_id is None and isinstance(device, DeviceFact):
        owner_id, owner_name = device.organization_id, device.organization_name
    return Target(device_id, device_name, owner_id, owner_name)


def _one_owner_check(facts: Mapping[str, Fact], subjects: Subjects) -> None:
    """A device that the agent names must be of the organization that the call is about. Raises ToolRefusedError."""
    device = facts.get("device")
    if not isinstance(device, DeviceFact) or device.id != subjects.device_id:
        return
    owner = target_of(facts, subjects).organization_id
    if owner not in (None, device.organization_id):
        raise ToolRefusedError(
            "invalid_arguments",
            f"{device.name} belongs to {device.organization_name} (organization {device.organization_id}), not to "
            f"organization {owner}. Nothing was sent. Check device_id and organization_id.",
        )
