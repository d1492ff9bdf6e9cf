"""The table of policies: as it stands, and as an admin wants it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.models import Connection
from tools.definitions import Tool
from tools.models import Mode
from tools.policy import PolicyRow, asking_more, policy_table

APPROVALS = {"1": 1, "2": 2}
# What the button to reset everything sends in place of a tool's name.
EVERY_TOOL = "all"
OVERTAKEN = gettext_lazy("Nothing was saved: the policies were changed after this page was opened.")


def more_people(tool: Tool, policies: Mapping[str, PolicyRow]) -> str:
    """Which tools' two people hold for this one too; "" where its own number holds."""
    said = {"tools": ", ".join(_(other.title) for other in asking_more(tool, policies=policies))}
    if not said["tools"]:
        return ""
    return _("2 for what these do: %(tools)s") % said if tool.is_generic else _("In force: 2, as for %(tools)s") % said


@dataclass(kw_only=True)
class PolicyLine:
    """One tool: what holds now (`row`), what the form shows (`mode`, `approvals`), and what is wrong with that.

    `more` says why more people must approve than the tool itself asks for.
    """

    row: PolicyRow
    mode: str
    approvals: str
    more: str
    error: str = ""

    @property
    def tool(self) -> Tool:
        """What the line is about."""
        return self.row.tool

    @property
    def is_changed(self) -> bool:
        """Whether agents meet something else than the default. How many must approve matters where one must."""
        asks = self.row.mode is Mode.APPROVAL_NEEDED
        return self.row.mode is not self.row.default_mode or (asks and self.row.approvals_needed != 1)

    @property
    def approval_choices(self) -> list[str]:
        """How many may be asked for."""
        return list(APPROVALS)

    def read(self, data: Mapping[str, str]) -> None:
        """Take over what was sent for this tool; what was not sent stays as it is."""
        self.mode = data.get(f"mode-{self.tool.name}", self.mode)
        self.approvals = data.get(f"approvals-{self.tool.name}", self.approvals)
        if self.mode not in self.row.choices:
            self.error = _("Choose one of: %(modes)s.") % {
                "modes": ", ".join(str(mode.label) for mode in self.row.choices)
            }
        elif self.approvals not in APPROVALS:
            self.error = _("Choose 1 or 2 approvals.")

    def reset(self) -> None:
        """What the tool came with."""
        self.mode, self.approvals, self.error = self.row.default_mode.value, "1", ""

    def wishes(self) -> tuple[Mode | None, int | None]:
        """The mode and the number of approvals to change to, None for what stays. The line must have no error."""
        mode, approvals = Mode(self.mode), APPROVALS[self.approvals]
        asks = mode is Mode.APPROVAL_NEEDED
        return (
            None if mode is self.row.mode else mode,
            approvals if asks and approvals != self.row.approvals_needed else None,
        )


@dataclass
class PolicyGroup:
    """Tools that touch the same things."""

    title: str
    lines: list[PolicyLine] = field(default_factory=list)


class PoliciesForm:
    """All tools of a connection, grouped. With `data` it is what somebody sent."""

    def __init__(self, *, connection: Connection, data: Mapping[str, str] | None = None) -> None:
        self.version = connection.policy_version
        table = policy_table(connection)
        policies = {row.tool.id: row for _, rows in table for row in rows}
        self.groups = [PolicyGroup(title, [self._line(row, policies) for row in rows]) for title, rows in table]
        self.problem = ""
        if data is not None:
            self._read(data)

    @property
    def has_changes(self) -> bool:
        """Whether anything is not as it came."""
        return any(line.is_changed for line in self.lines)

    @property
    def lines(self) -> list[PolicyLine]:
        """The lines of all groups."""
        return [line for group in self.groups for line in group.lines]

    @property
    def is_overtaken(self) -> bool:
        """Whether what was sent compares with policies that are no more."""
        return self.problem == str(OVERTAKEN)

    @property
    def is_valid(self) -> bool:
        """Whether everything that was sent can be applied."""
        return not self.problem

    def changes(self) -> tuple[dict[str, Mode], dict[str, int]]:
        """What differs from now, by tool id: modes, and approvals needed."""
        wishes = {line.tool.id: line.wishes() for line in self.lines}
        modes = {tool: mode for tool, (mode, _) in wishes.items() if mode is not None}
        approvals = {tool: number for tool, (_, number) in wishes.items() if number is not None}
        return modes, approvals

    @staticmethod
    def _line(row: PolicyRow, policies: Mapping[str, PolicyRow]) -> PolicyLine:
        more = more_people(row.tool, policies)
        return PolicyLine(row=row, mode=row.mode.value, approvals=str(row.approvals_needed), more=more)

    def _read(self, data: Mapping[str, str]) -> None:
        if data.get("policy_version") != str(self.version):
            self.problem = str(OVERTAKEN)
            return
        known = {f"{kind}-{line.tool.name}" for line in self.lines for kind in ("mode", "approvals")}
        if any(name.startswith(("mode-", "approvals-")) and name not in known for name in data):
            self.problem = _("Nothing was saved: a tool was named that does not exist.")
            return
        for line in self.lines:
            line.read(data)
        self._reset(data.get("reset", ""))
        if not self.problem and any(line.error for line in self.lines):
            self.problem = _("Nothing was saved: see the marked tools.")

    def _reset(self, name: str) -> None:
        """The button that was pressed: nothing, a tool's name, or `all`."""
        lines = [line for line in self.lines if name in {EVERY_TOOL, line.tool.name}]
        if name and not lines:
            self.problem = _("Nothing was saved: a tool was named that does not exist.")
        for line in lines:
            line.reset()
