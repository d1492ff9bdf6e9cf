"""Changes of policies between choosing and saving, kept in the session: who has to sign in in between loses none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from integrations.models import Connection
from tools.definitions import Tool
from tools.models import Mode
from tools.pages.policies_form import more_people
from tools.policy import PolicyRow, policies_of
from tools.registry import TOOLS

SESSION_KEY = "policy_draft"


@dataclass(frozen=True, kw_only=True)
class PolicyChange:
    """One tool's policy as it is and as it would be; `more` says why more people must approve then."""

    row: PolicyRow
    mode: Mode
    approvals_needed: int
    more: str = ""

    @property
    def tool(self) -> Tool:
        """What it is about."""
        return self.row.tool

    @property
    def is_looser(self) -> bool:
        """Whether agents could do more than now, or with fewer people's consent."""
        return self._strictness < _strictness(self.row.mode, self.row.approvals_needed)

    @property
    def effect(self) -> str:
        """What it means, in words."""
        if self.mode is Mode.DISABLED:
            return _("Agents no longer see it, and their calls are refused.")
        if self.mode is Mode.AUTO:
            return _("Runs at once: nobody is asked any more.") if self.is_looser else _("Runs at once.")
        are_two = self.approvals_needed == 2 or (self.more != "" and not self.tool.is_generic)
        match self.row.mode:
            case Mode.DISABLED if are_two:
                return _("Agents may ask for it again; two people must approve each call.")
            case Mode.DISABLED:
                return _("Agents may ask for it again; one person must approve each call.")
            case Mode.APPROVAL_NEEDED if self.is_looser and not are_two:
                return _("One person must approve each call, no longer two.")
        return _("Two people must approve each call.") if are_two else _("One person must approve each call.")

    @property
    def sentence(self) -> str:
        """The change in a few words, for the message after saving."""
        said = {"tool": self.tool.name, "mode": self.mode.label.lower()}
        if self.mode is Mode.APPROVAL_NEEDED and self.approvals_needed == 2:
            return _("%(tool)s: %(mode)s by two people") % said
        return _("%(tool)s: %(mode)s") % said

    @property
    def _strictness(self) -> tuple[int, int]:
        return _strictness(self.mode, self.approvals_needed)


def _strictness(mode: Mode, approvals_needed: int) -> tuple[int, int]:
    return (mode.strictness, approvals_needed if mode is Mode.APPROVAL_NEEDED else 0)


def draft_keep(
    request: HttpRequest, connection: Connection, *, modes: Mapping[str, Mode], approvals: Mapping[str, int]
) -> None:
    """Remember what somebody chose for this connection."""
    request.session[SESSION_KEY] = {
        "connection": str(connection.pk),
        "modes": {tool: mode.value for tool, mode in modes.items()},
        "approvals": dict(approvals),
    }


def draft_forget(request: HttpRequest) -> None:
    """Nothing is chosen any more."""
    request.session.pop(SESSION_KEY, None)


def draft_changes(request: HttpRequest, connection: Connection) -> list[PolicyChange]:
    """What was chosen and would change something now, tool by tool in the order of the tools."""
    draft: dict[str, Any] = request.session.get(SESSION_KEY) or {}
    if draft.get("connection") != str(connection.pk):
        return []
    return changes_of(connection, modes=draft["modes"], approvals=draft["approvals"])


def changes_of(connection: Connection, *, modes: Mapping[str, str], approvals: Mapping[str, int]) -> list[PolicyChange]:
    """The same for wishes by tool id. What is no tool, or not to be chosen (any more), is left out."""
    rows = policies_of(connection)
    after = dict(rows)
    for tool_id in (tool_id for tool_id in TOOLS if tool_id in modes or tool_id in approvals):
        row = rows[tool_id]
        mode, needed = Mode(modes.get(tool_id, row.mode)), approvals.get(tool_id, row.approvals_needed)
        asks = mode is Mode.APPROVAL_NEEDED
        if mode in row.choices and (mode is not row.mode or (asks and needed != row.approvals_needed)):
            after[tool_id] = row._replace(mode=mode, approvals_needed=needed)
    return [_change(rows[tool_id], wanted, after) for tool_id, wanted in after.items() if wanted is not rows[tool_id]]


def _change(row: PolicyRow, wanted: PolicyRow, after: Mapping[str, PolicyRow]) -> PolicyChange:
    more = more_people(row.tool, after) if wanted.mode is Mode.APPROVAL_NEEDED else ""
    return PolicyChange(row=row, mode=wanted.mode, approvals_needed=wanted.approvals_needed, more=more)
