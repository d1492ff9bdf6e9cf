"""From validated arguments to a frozen request: live facts, the call, the mode, the consent."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple, cast

from approvals.consent import Consent, pinned
from approvals.errors import GateError
from approvals.models import Invocation
from approvals.surroundings import present_added
from approvals.upstream import read_json
from integrations.audit import canonical
from integrations.models import Agent, Connection
from integrations.ninjaone.hosts import UnknownRegionError, base_url
from tools.calls import JSON, Call, get
from tools.errors import ToolRefusedError, UnusableAnswerError
from tools.facts import (
    Fact,
    MarkFact,
    RunnerFact,
    Target,
    facts_from_json,
    facts_needed,
    facts_read,
    facts_to_json,
    target_of,
)
from tools.models import Mode
from tools.policy import PolicyRow, effective_mode, mode_by_route
from tools.registry import TOOLS, Tool
from tools.scopes import WITHOUT_OWNER, scope_check, scoped
from tools.subjects import Subjects, subjects_of

_DECODER = json.JSONDecoder()
SEAL_KEYS = ("name", "updatedOn", "lastUpdatedBy")


class Prepared(NamedTuple):
    """A call ready to be frozen, and what a person must know about it."""

    call: Call
    mode: Mode
    facts: dict[str, Fact]
    target: Target


def prepare(
    *,
    tool: Tool,
    arguments: dict[str, JSON],
    connection: Connection,
    policies: Mapping[str, PolicyRow],
    agent: Agent,
    for_approval: bool | None = None,
    earlier: Mapping[str, Fact] | None = None,
) -> Prepared:
    """Read what must be known, build the call, and judge it.

    `for_approval` None means: as the mode says. `earlier` are the facts of a request which exists already. Raises
    GateError; sends nothing but GETs.
    """
    with Refusals():
        modes = {row_id: row.mode for row_id, row in policies.items()}
        mode = effective_mode(tool, policies=modes, call=None)
        asks = mode is Mode.APPROVAL_NEEDED if for_approval is None else for_approval
        allowed = agent.allowed_organizations
        wants_scope = allowed is not None
        read, subjects = _reader(connection), subjects_of(arguments)
        mark = None if earlier is None else mark_of(earlier)
        if mark is None and "mark" in tool.needs:
            mark = MarkFact.new()
        if allowed is not None:
            scope_check(arguments, allowed=allowed, read=read)
        facts = _read(tool, arguments, subjects, connection, read, mark, for_approval=asks or wants_scope)
        call = tool.build(arguments, facts)
        if allowed is not None:
            call = scoped(call, tool, allowed=allowed, read=read)
        mode = mode_by_route(mode, tool, policies=modes, call=call)
        if mode is Mode.APPROVAL_NEEDED and not (asks or wants_scope):
            facts = _read(tool, arguments, subjects, connection, read, mark, for_approval=True)
        prepared = Prepared(call, mode, facts, target_of(facts, subjects))
        _check_scope(agent, tool, prepared)
        if earlier is None and mode is not Mode.APPROVAL_NEEDED:
            return prepared
        return prepared._replace(facts=present_added(facts, tool=tool, call=call, read=read, earlier=earlier))


def consent_of(
    *,
    prepared: Prepared,
    tool: Tool,
    arguments: str,
    connection: Connection,
    agent: Agent,
    policy: PolicyRow,
    approvals_needed: int,
    expires_at: datetime,
) -> Consent:
    """The consent for a prepared call. Raises GateError when the region is not offered any more."""
    return Consent(
        method=prepared.call.method,
        base_url=origin_of(connection),
        path=prepared.call.path,
        query=prepared.call.query_text,
        body=prepared.call.body_text,
        msp=str(connection.msp_id),
        connection=str(connection.pk),
        epoch=connection.epoch,
        region=connection.region,
        client_id=connection.client_id,
        agent=str(agent.pk),
        tool=tool.id,
        tool_version=tool.version,
        arguments=arguments,
        facts=pinned(facts_to_json(prepared.facts)),
        policy=policy.mode.value,
        policy_version=policy.version,
        approvals_needed=approvals_needed,
        expires_at=expires_at.isoformat(timespec="microseconds"),
    )


def origin_of(connection: Connection) -> str:
    """The host of the connection's region. Raises GateError."""
    try:
        return base_url(connection.region)
    except UnknownRegionError as error:
        raise GateError("not_connected", f"{error} An admin must choose a region again.") from error


def canonical_arguments(arguments: Mapping[str, JSON]) -> str:
    """The one text of an argument set."""
    return canonical(dict(arguments))


def parsed_arguments(text: str) -> dict[str, Any]:
    """The arguments that `canonical_arguments` stored."""
    value: dict[str, Any] = _DECODER.raw_decode(text)[0]  # nothing stands around it
    return value


def call_of(row: Invocation) -> Call:
    """The call that a stored invocation was made of; it knows how to read the answer. Raises GateError."""
    tool, allowed = TOOLS[row.tool], row.agent.allowed_organizations
    with Refusals():
        call = tool.build(parsed_arguments(row.arguments), stored_facts(row))
        if allowed is None:
            return call
        return scoped(call, tool, allowed=allowed, read=_reader(cast(Connection, row.connection)))


def stored_facts(row: Invocation) -> dict[str, Fact]:
    """What was known when the agent asked."""
    return facts_from_json(json.loads(row.facts))


def mark_of(facts: Mapping[str, Fact]) -> MarkFact | None:
    """The mark by which the output of a run is known, if there is one."""
    fact = facts.get("mark")
    return fact if isinstance(fact, MarkFact) else None


class Refusals:
    """What tools and facts refuse in the block, as the gate refuses it."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        match error:
            case ToolRefusedError():
                raise GateError(error.code, error.message) from error
            case UnusableAnswerError():
                text = f"NinjaOne's answer cannot be read: {error} Nothing was sent."
                raise GateError("upstream_error", text) from error


def _reader(connection: Connection) -> Callable[[Call], JSON]:
    """Reads each page once for one call."""
    pages: dict[tuple[str, str], JSON] = {}

    def read(call: Call) -> JSON:
        place = call.path, call.query_text
        if place not in pages:
            pages[place] = read_json(connection=connection, call=call)
        return pages[place]

    return read


def _read(
    tool: Tool,
    arguments: dict[str, JSON],
    subjects: Subjects,
    connection: Connection,
    read: Callable[[Call], JSON],
    mark: MarkFact | None,
    *,
    for_approval: bool,
) -> dict[str, Fact]:
    runner = None
    if "runner" in facts_needed(tool, subjects, for_approval=for_approval):
        runner = _live_runner(connection, read(get("/v2/automation/scripts")))
    elif connection.runner_script_id is not None:
        runner = RunnerFact(script_id=connection.runner_script_id, seal=dict(connection.runner_seal or {}))
    return facts_read(tool, arguments, subjects, read=read, runner=runner, for_approval=for_approval, mark=mark)


def _live_runner(connection: Connection, scripts: JSON) -> RunnerFact | None:
    """The runner as NinjaOne has it now. Raises GateError when it is not what an admin saved."""
    if connection.runner_script_id is None:
        return None
    rows = scripts if isinstance(scripts, list) else []
    live = next((row for row in rows if isinstance(row, dict) and row.get("id") == connection.runner_script_id), None)
    if live is None or live.get("active") is False:
        raise GateError(
            "bash_runner_missing",
            f"The bash runner script {connection.runner_script_id} is gone or inactive in NinjaOne. Nothing was sent. "
            "An admin must set it again on the integration page.",
        )
    saved = connection.runner_seal or {}
    changed = [key for key in SEAL_KEYS if live.get(key) != saved.get(key)]
    if changed:
        raise GateError(
            "bash_runner_missing",
            f"The bash runner script was changed in NinjaOne since its id was saved ({', '.join(changed)}). Nothing "
            "was sent. An admin must look at it in NinjaOne and save its id again on the integration page.",
        )
    return RunnerFact(script_id=connection.runner_script_id, seal={key: live.get(key) for key in SEAL_KEYS})


def _check_scope(agent: Agent, tool: Tool, prepared: Prepared) -> None:
    """An agent limited to organizations gets only what provably belongs to one of them, or a list that is cut."""
    if agent.allowed_organizations is None or tool.name in WITHOUT_OWNER:
        return
    organization = prepared.target.organization_id
    if organization is None or organization not in agent.allowed_organizations:
        raise GateError(
            "scope_denied",
            "This agent is limited to certain organizations, and this call does not provably belong to one of them. "
            "Nothing was sent. Name a device or an organization that the agent may see.",
        )
