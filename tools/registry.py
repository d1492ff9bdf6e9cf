"""The tools, in the order in which people and agents see them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from integrations.tool_choices import tools_offer
from tools.definitions import GROUPS, VENDOR, Tool, ToolDefinitionError, tool
from tools.ninjaone import alerts, devices, generic, organizations, power, scripts, services, tickets

__all__ = ["GROUPS", "TOOLS", "Tool", "find_tool", "registry_of", "tool"]


def registry_of(tools: Iterable[Tool]) -> dict[str, Tool]:
    """The tools by their id. Raises ToolDefinitionError for a name that stands twice, or that is obeyed but unknown."""
    found: dict[str, Tool] = {}
    for one in tools:
        if one.id in found:
            raise ToolDefinitionError(f"{one.name} stands twice.")
        found[one.id] = one
    for one in found.values():
        for name in one.obeys:
            if f"{VENDOR}:{name}" not in found:
                raise ToolDefinitionError(f"{one.name} obeys {name}, which does not exist.")
    return found


TOOLS: Mapping[str, Tool] = registry_of(
    (
        organizations.list_organizations,
        organizations.get_organization,
        devices.list_devices,
        devices.get_device,
        devices.get_device_activities,
        devices.get_device_disks,
        devices.get_device_volumes,
        devices.get_device_software,
        services.get_device_services,
        devices.get_device_alerts,
        services.control_service,
        power.reboot_device,
        scripts.list_scripts,
        scripts.run_script,
        scripts.run_bash,
        alerts.list_alerts,
        alerts.dismiss_alert,
        tickets.create_ticket,
        tickets.update_ticket,
        tickets.get_ticket_log,
        generic.api_get,
        generic.api_post,
        generic.api_put,
        generic.api_patch,
        generic.api_delete,
    )
)


def find_tool(text: str) -> Tool | None:
    """The tool of a full id or of the name after the colon."""
    return TOOLS.get(text) or TOOLS.get(f"{VENDOR}:{text}")


# The form of an agent, in the room below, offers them.
tools_offer(
    {title: [(one.id, one.title) for one in TOOLS.values() if one.group == group] for group, title in GROUPS.items()}
)
