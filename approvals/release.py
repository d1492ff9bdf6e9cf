"""Before an approved call leaves: is everything still as the people saw it?"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime
from typing import cast

from django.db import transaction

from approvals.consent import Consent, differences
from approvals.errors import GateError
from approvals.models import Decision, Invocation, Status, Verdict
from approvals.notices.events import invocation_changed
from approvals.prepare import consent_of, parsed_arguments, prepare, stored_facts
from integrations.audit import Actor, audit_append
from integrations.brakes import brake_of, is_everything_frozen
from integrations.clock import Now
from integrations.models import Connection, ConnectionState
from tools.models import Mode
from tools.policy import PolicyRow, people_needed, policies_of
from tools.registry import TOOLS

# Refusals that pass by themselves: the call waits for them until its release deadline.
PASSING = {"upstream_unavailable", "rate_limited", "upstream_error"}


def changes(row: Invocation) -> list[str]:
    """What changed since the decision, in phrases; empty when it may go out. Raises GateError to wait and retry."""
    standing = _standing(row) or _connection_differences(row)
    if standing:
        return standing
    connection, tool = cast(Connection, row.connection), TOOLS[row.tool]
    policies = policies_of(connection)
    try:
        prepared = prepare(
            tool=tool,
            arguments=parsed_arguments(row.arguments),
            connection=connection,
            policies=policies,
            agent=row.agent,
            for_approval=row.approvals_needed > 0,
            earlier=stored_facts(row),
        )
    except GateError as error:
        if error.code in PASSING:
            raise
        return [error.message]
    if prepared.mode is Mode.DISABLED:
        return ["the policy for this call is disabled by now"]
    if row.approvals_needed == 0:
        return ["the policy asks for approval by now"] if prepared.mode is Mode.APPROVAL_NEEDED else []
    policy, needed = policies[row.tool], people_needed(tool, policies=policies, call=prepared.call)
    if needed > row.approvals_given and prepared.mode is Mode.APPROVAL_NEEDED:
        return [f"the policy asks for {needed} approvals by now"]
    then = Consent.from_text(row.consent)
    if then.digest() != row.digest:
        return ["the stored consent does not match its digest"]
    now = consent_of(
        prepared=prepared,
        tool=tool,
        arguments=row.arguments,
        connection=connection,
        agent=row.agent,
        # Whether the policy became stricter is judged above; a looser one changes nothing that was approved.
        policy=PolicyRow(
            tool=policy.tool,
            mode=Mode(then.policy),
            default_mode=policy.default_mode,
            approvals_needed=policy.approvals_needed,
            version=then.policy_version,
            is_changed=policy.is_changed,
        ),
        approvals_needed=row.approvals_needed,
        expires_at=cast(datetime, row.expires_at),
    )
    return differences(then, now) + _request_differences(row, then)


def block(row: Invocation, changed: list[str]) -> bool:
    """Stop a queued call and name what changed. False when it was not queued any more."""
    text = f"Not sent, because {'; '.join(changed)}."
    with transaction.atomic():
        queued = Invocation.objects.filter(pk=row.pk, status=Status.QUEUED)
        if not queued.update(status=Status.BLOCKED, finished_at=Now(), lease_until=None, error_message=text[:1000]):
            return False
        audit_append(
            msp=row.msp,
            actor=Actor.system("dispatcher"),
            action="invocation.blocked",
            subject=f"invocation {row.pk}",
            data={"changed": changed},
        )
        invocation_changed(row, Status.BLOCKED)
    return True


def _standing(row: Invocation) -> list[str]:
    """What the database alone can tell."""
    found = []
    if brake := brake_of(row.agent, row.msp, everything=is_everything_frozen()):
        found.append(str(brake))
    if not row.agent.is_enabled:
        found.append("the agent was switched off")
    if row.agent_key.revoked_at is not None:
        found.append("the agent's key was revoked")
    allowed = row.agent.allowed_tools
    if allowed is not None and row.tool not in allowed:
        found.append("the agent may not use this tool any more")
    connection = row.connection
    if connection is None or connection.state == ConnectionState.NOT_AUTHORIZED:
        found.append("NinjaOne was disconnected")
    if row.approvals_needed and not found:
        votes = Decision.objects.filter(invocation=row, verdict=Verdict.APPROVED, digest=row.digest).count()
        if votes < row.approvals_needed:
            found.append("its approvals are not on record")
    return found


def _connection_differences(row: Invocation) -> list[str]:
    """An approval holds for the connection that people saw; another NinjaOne is not even asked about it."""
    if row.approvals_needed == 0:
        return []
    then, connection = Consent.from_text(row.consent), cast(Connection, row.connection)
    now = replace(then, epoch=connection.epoch, region=connection.region, client_id=connection.client_id)
    return differences(then, now)


def _request_differences(row: Invocation, then: Consent) -> list[str]:
    """The row's own request columns must be what the consent says."""
    columns = {name: getattr(row, name) for name in ("method", "base_url", "path", "query", "body", "arguments")}
    stored = {name: getattr(then, name) for name in columns}
    if columns != stored or json.loads(row.arguments) != json.loads(then.arguments):
        return ["the stored request does not match the consent"]
    return []
