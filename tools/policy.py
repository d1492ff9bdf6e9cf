"""Which mode holds for a call, and how an MSP's staff changes the modes."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from integrations.audit import Actor, audit_append
from integrations.clock import Now
from integrations.models import Connection
from integrations.prepared import PreparedValues, Slot
from tools.calls import Call
from tools.catalogue import CATALOGUE, classify
from tools.definitions import GROUPS, VENDOR, Tool
from tools.errors import PolicyError, PolicyOvertakenError
from tools.models import Mode, ToolPolicy
from tools.registry import TOOLS


class PolicyRow(NamedTuple):
    """One tool's policy. `version` is 0 where nobody ever changed it."""

    tool: Tool
    mode: Mode
    default_mode: Mode
    approvals_needed: int
    version: int
    is_changed: bool

    @property
    def choices(self) -> list[Mode]:
        """The modes that a person may choose."""
        return [mode for mode in Mode if mode != Mode.AUTO or not self.tool.always_asks]


def effective_mode(tool: Tool, *, policies: Mapping[str, Mode], call: Call | None) -> Mode:
    """The strictest of everything that has a say about a call; without a call, of what has one about the tool.

    `policies` are modes by the tool's id; a tool that is not among them follows its default.
    """
    mode = _own_mode(tool, policies)
    for name in tool.obeys:
        mode = mode.or_stricter(_own_mode(TOOLS[f"{VENDOR}:{name}"], policies))
    return mode if call is None else mode_by_route(mode, tool, policies=policies, call=call)


def mode_by_route(mode: Mode, tool: Tool, *, policies: Mapping[str, Mode], call: Call) -> Mode:
    """`effective_mode` for a call, of the mode that it has without one."""
    route = classify(call.method, call.path, call.query)
    if route.tool is not None and route.tool != tool.id:
        mode = mode.or_stricter(_own_mode(TOOLS[route.tool], policies))
    return mode.or_stricter(route.route_class.floor) if tool.is_generic else mode


def people_needed(tool: Tool, *, policies: Mapping[str, PolicyRow], call: Call) -> int:
    """How many people must approve a call that asks: what the tool wants, or more where a tool that it hits wants more.

    A tool that runs by itself wants nobody.
    """
    names = [f"{VENDOR}:{name}" for name in tool.obeys]
    route = classify(call.method, call.path, call.query)
    names += [] if route.tool is None else [route.tool]
    asking = (policies[name] for name in names if policies[name].mode is not Mode.AUTO)
    return max([policies[tool.id].approvals_needed, *(row.approvals_needed for row in asking)])


def asking_more(tool: Tool, *, policies: Mapping[str, PolicyRow]) -> list[Tool]:
    """The tools that want more people than this one does, and so have them at its calls too.

    At every call of a tool that obeys them; of a generic one, at those that do the same.
    """
    names = {f"{VENDOR}:{name}" for name in tool.obeys}
    if tool.is_generic:
        method = tool.name.rpartition("-")[2].upper()
        names |= {route.tool for route in CATALOGUE if route.method == method and route.tool is not None}
    own = policies[tool.id].approvals_needed
    asking = (row for name, row in policies.items() if name in names and row.mode is Mode.APPROVAL_NEEDED)
    return [row.tool for row in asking if row.approvals_needed > own]


def _own_mode(tool: Tool, policies: Mapping[str, Mode]) -> Mode:
    mode = policies.get(tool.id, tool.default_mode)
    return mode.or_stricter(Mode.APPROVAL_NEEDED) if tool.always_asks else mode


def policies_of(connection: Connection) -> Mapping[str, PolicyRow]:
    """Every tool's policy by the tool's id, from one query: the database has rows only of what was ever changed."""
    return _policies(_ROWS_OF_CONNECTION(connection.pk))


_ROWS_OF_CONNECTION = PreparedValues(
    lambda connection_id: (
        ToolPolicy.objects.filter(connection_id=connection_id)
        .order_by()
        .values_list("tool", "mode", "approvals_needed", "version")
    ),
    Slot(Connection, "id", uuid.UUID(int=1)),
)


def policies_seen(connection: Connection | None) -> Mapping[str, PolicyRow]:
    """The same as they were when `connection` was read; the defaults before there is one.

    Kept in this process by the connection's count of policy changes, which the database itself keeps: a change is
    another count, in every process, for whoever reads the connection next.
    """
    return _policies(()) if connection is None else _seen(connection.pk, connection.policy_version)[0]


def modes_seen(connection: Connection | None) -> tuple[Mode, ...]:
    """Their modes alone, in the order of the tools."""
    return _modes(_policies(())) if connection is None else _seen(connection.pk, connection.policy_version)[1]


@lru_cache(maxsize=4096)
def _seen(connection_id: uuid.UUID, policy_version: int) -> tuple[Mapping[str, PolicyRow], tuple[Mode, ...]]:
    # Rows that are newer than the count, read in the midst of a change, are kept by a count that nobody reads again.
    policies = _policies(_ROWS_OF_CONNECTION(connection_id))
    return policies, _modes(policies)


def _modes(policies: Mapping[str, PolicyRow]) -> tuple[Mode, ...]:
    return tuple(row.mode for row in policies.values())


@lru_cache(maxsize=256)
def _policies(rows: tuple[tuple[str, str, int, int], ...]) -> Mapping[str, PolicyRow]:
    """Kept by everything that it depends on, so that it is never stale."""
    changed = {tool: (Mode(mode), needed, version) for tool, mode, needed, version in rows}
    unchanged = {tool.id: (tool.default_mode, 1, 0) for tool in TOOLS.values()}
    return MappingProxyType({tool.id: _row_of(tool, *(unchanged | changed)[tool.id]) for tool in TOOLS.values()})


def policy_table(connection: Connection) -> list[tuple[str, list[PolicyRow]]]:
    """All tools by group, each with the policy that holds."""
    rows = policies_of(connection).values()
    return [(title, [row for row in rows if row.tool.group == group]) for group, title in GROUPS.items()]


def policies_update(
    *,
    connection: Connection,
    actor: Actor,
    changes: Mapping[str, Mode],
    approvals: Mapping[str, int] | None = None,
    seen_version: int | None = None,
) -> list[str]:
    """Sets modes, and how many approvals a tool needs; gives the ids of the tools whose policy is now another one.

    Everything or nothing. `seen_version` is the connection's count of policy changes that the person looked at; None
    for whoever does not go by one. Raises PolicyError, PolicyOvertakenError where that count is another by now.
    """
    approvals = approvals or {}
    _change_check(changes, approvals)
    changed: list[str] = []
    with transaction.atomic():
        # Two admins who save at once queue up here, so that before and after in the audit are true.
        locked = Connection.objects.select_for_update().get(pk=connection.pk)
        if seen_version is not None and seen_version != locked.policy_version:
            raise PolicyOvertakenError(_("Nothing was saved: somebody else changed the policies in the meantime."))
        current = policies_of(locked)
        for tool_id in sorted({*changes, *approvals}):
            before = current[tool_id]
            mode = Mode(changes.get(tool_id, before.mode))
            needed = approvals.get(tool_id, before.approvals_needed)
            if (mode, needed) == (before.mode, before.approvals_needed):
                continue
            _policy_set(locked, before, mode=mode, approvals_needed=needed)
            audit_append(
                msp=locked.msp,
                actor=actor,
                action="policy.changed",
                subject=tool_id,
                data={
                    "before": {"mode": before.mode.value, "approvals_needed": before.approvals_needed},
                    "after": {"mode": mode.value, "approvals_needed": needed},
                },
            )
            changed.append(tool_id)
    return changed


def _policy_set(connection: Connection, before: PolicyRow, *, mode: Mode, approvals_needed: int) -> None:
    rows = ToolPolicy.objects.for_msp(connection.msp).filter(connection=connection, tool=before.tool.id)
    if before.version == 0:
        ToolPolicy.objects.create(
            msp=connection.msp,
            connection=connection,
            tool=before.tool.id,
            mode=mode,
            approvals_needed=approvals_needed,
        )
    elif not rows.filter(version=before.version).update(
        mode=mode, approvals_needed=approvals_needed, version=F("version") + 1, changed_at=Now()
    ):
        raise PolicyOvertakenError(
            _("Somebody else changed this policy at the same moment. Nothing was saved; look and save again.")
        )


def _change_check(changes: Mapping[str, Mode], approvals: Mapping[str, int]) -> None:
    _tools_check({*changes, *approvals})
    for tool_id, mode in changes.items():
        if mode not in Mode.values:
            raise PolicyError(
                _("%(mode)s is no mode. Nothing was saved; choose one of %(modes)s.")
                % {"mode": mode, "modes": ", ".join(Mode.values)}
            )
        if mode == Mode.AUTO and TOOLS[tool_id].always_asks:
            raise PolicyError(
                _("%(tool)s always needs a technician's approval, so it cannot be set to auto. Nothing was saved.")
                % {"tool": _(TOOLS[tool_id].title)}
            )
    for tool_id, needed in approvals.items():
        if needed not in (1, 2):
            raise PolicyError(
                _("%(tool)s can need one or two approvals, not %(number)s. Nothing was saved.")
                % {"tool": _(TOOLS[tool_id].title), "number": needed}
            )


def _tools_check(tool_ids: Iterable[str]) -> None:
    if unknown := sorted(tool_id for tool_id in tool_ids if tool_id not in TOOLS):
        raise PolicyError(_("There is no tool %(tools)s. Nothing was saved.") % {"tools": ", ".join(unknown)[:200]})


def _row_of(tool: Tool, mode: Mode, needed: int, version: int) -> PolicyRow:
    return PolicyRow(
        tool=tool,
        mode=mode,
        default_mode=tool.default_mode,
        approvals_needed=needed,
        version=version,
        is_changed=(mode, needed) != (tool.default_mode, 1),
    )
