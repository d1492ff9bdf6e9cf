"""The gate: an agent asks, policy decides, and the call runs, waits or is refused."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import NamedTuple, cast

from django.db import IntegrityError, transaction

from approvals import idempotency, limits, records
from approvals.dispatch import invocation_run
from approvals.errors import GateError
from approvals.keys import key_statements
from approvals.models import Invocation, Status
from approvals.notices.events import hearers_read, hearers_statement, invocation_changed
from approvals.prepare import Prepared, canonical_arguments, consent_of, origin_of, parsed_arguments, prepare
from approvals.records import Draft
from approvals.surroundings import alerts_added
from integrations.agent_keys import Principal
from integrations.audit import Actor, audit_append, canonical, head_statement
from integrations.direct import run_together
from integrations.models import Connection, ConnectionState
from integrations.rows import inserted, insertion
from tools.calls import JSON
from tools.errors import InvalidArgumentsError
from tools.facts import facts_to_json
from tools.models import Mode
from tools.policy import PolicyRow, people_needed, policies_seen
from tools.registry import Tool

# What a request has nothing of before somebody decides.
OF_LATER = frozenset(
    {
        *("ticket_id", "approvals_given", "decided_at", "release_by", "lease_until"),
        *("dispatch_started_at", "finished_at", "attempt_count", "reason_code", "comment", "acceptable", "result"),
        *("result_removed_at", "is_truncated", "note", "upstream_status", "error_code", "error_message"),
    }
)


class Submission(NamedTuple):
    """What an agent sent, parsed at the edge; `arguments` are still as they came."""

    tool: Tool
    arguments: object
    reason: str = ""
    ticket_id: int | None = None
    dry_run: bool = False
    idempotency_key: str | None = None


class Submitted(NamedTuple):
    """What became of it. A dry run's invocation is not stored."""

    invocation: Invocation
    is_replay: bool = False
    is_dry_run: bool = False


def invocation_submit(*, principal: Principal, submission: Submission) -> Submitted:
    """Take a call: run it, hold it for approval, or refuse it. Raises GateError; policy's refusals are on record."""
    try:
        arguments = submission.tool.parse(submission.arguments)
    except InvalidArgumentsError as error:
        raise GateError(
            "invalid_arguments",
            "Some arguments are not right; nothing was sent. Correct them and call again.",
            errors=[{"field": e.field, "code": e.code, "message": e.message} for e in error.errors],
        ) from error
    draft = _draft(principal, submission, arguments)
    try:
        limits.calls_take(principal)
        if (earlier := idempotency.earlier(draft)) is not None:
            return Submitted(earlier, is_replay=True)
        return _submit(draft, dry_run=submission.dry_run)
    except GateError as refusal:
        if not submission.dry_run:
            records.record_refusal(draft, refusal)
        raise


def _draft(principal: Principal, submission: Submission, arguments: dict[str, JSON]) -> Draft:
    text = canonical_arguments(arguments)
    digest = hashlib.sha256(f"{submission.tool.id}\n{text}".encode()).hexdigest()
    return Draft(
        principal=principal,
        tool=submission.tool,
        # As they are read back for the release: the keys of a body in another order would be another body.
        arguments=parsed_arguments(text),
        arguments_text=text,
        call_digest=digest,
        reason=submission.reason,
        ticket_id=submission.ticket_id,
        idempotency_key=None if submission.dry_run else submission.idempotency_key,
    )


def _submit(draft: Draft, *, dry_run: bool) -> Submitted:
    connection = _connection(draft)
    draft.connection = connection
    policies = policies_seen(connection)
    draft.mode = policies[draft.tool.id].mode
    _check_allowed(draft)
    asks = draft.mode is Mode.APPROVAL_NEEDED
    if asks and (waiting := _waiting(draft)) is not None and not dry_run:
        return Submitted(waiting, is_replay=True)
    _check_connected(connection)
    if draft.tool.is_write and not dry_run:
        limits.writes_take(draft.principal)
    prepared = prepare(
        tool=draft.tool,
        arguments=draft.arguments,
        connection=connection,
        policies=policies,
        agent=draft.principal.agent,
    )
    draft.mode = prepared.mode
    if prepared.mode is Mode.DISABLED:
        raise _disabled(draft)
    row = _row(draft, prepared, policies)
    if prepared.mode is not Mode.APPROVAL_NEEDED:
        return Submitted(row, is_dry_run=True) if dry_run else _run(draft, row, prepared)
    # A call that only its route made ask was not looked for above.
    waiting = None if asks else _waiting(draft)
    if dry_run:
        return Submitted(row, is_dry_run=True)
    if waiting is not None:
        return Submitted(waiting, is_replay=True)
    seen = alerts_added(prepared.facts, connection=connection, is_write=row.is_write)
    row.facts = canonical(facts_to_json(seen))
    return _hold(draft, row)


def _waiting(draft: Draft) -> Invocation | None:
    """The identical call that waits for a person. Raises GateError when no further one may be put before people."""
    standing = limits.standing_of(draft.principal, draft.call_digest)
    row = idempotency.waiting(draft) if standing.is_waiting else None
    if row is not None:
        return row
    limits.denials_check(draft.principal, draft.call_digest, standing.denials)
    try:
        limits.pending_check(draft.principal, standing.of_all, standing.of_agent)
    except GateError as refusal:
        return _last_place(draft, refusal)
    return None


def _last_place(draft: Draft, refusal: GateError) -> Invocation:
    """The identical call, if it took the last place while this one looked. Raises the refusal if it did not."""
    row = idempotency.twin(draft)
    if row is None:
        raise refusal
    return row


def _connection(draft: Draft) -> Connection:
    if brake := draft.principal.brake:
        raise GateError("frozen", f"{brake}. Nothing was sent. Ask them.")
    row = draft.principal.connection
    if row is None:
        raise GateError("not_connected", "NinjaOne is not connected. An admin connects it on the integration page.")
    return row


def _check_connected(connection: Connection) -> None:
    match ConnectionState(connection.state):
        case ConnectionState.NOT_AUTHORIZED:
            raise GateError(
                "not_connected", "NinjaOne is not authorized yet. Nothing was sent. An admin must press Authorize."
            )
        case ConnectionState.NEEDS_REAUTHORIZATION:
            raise GateError(
                "needs_reauthorization",
                f"NinjaOne no longer accepts our access: {connection.state_reason} Nothing was sent. "
                "An admin must authorize again on the integration page.",
            )


def _check_allowed(draft: Draft) -> None:
    allowed = draft.principal.agent.allowed_tools
    if allowed is not None and draft.tool.id not in allowed:
        raise GateError("scope_denied", f"This agent may not use {draft.tool.name}. Nothing was sent. Ask an admin.")
    if draft.mode is Mode.DISABLED:
        raise _disabled(draft)


def _disabled(draft: Draft) -> GateError:
    return GateError(
        "tool_disabled",
        f"{draft.principal.msp.name} has switched this call off ({draft.tool.name}). Nothing was sent. "
        "Do not try again; ask a technician.",
    )


def _row(draft: Draft, prepared: Prepared, policies: Mapping[str, PolicyRow]) -> Invocation:
    """The ledger row of a prepared call, not saved yet."""
    connection = cast(Connection, draft.connection)
    row = records.new_row(draft, draft.principal.now)
    row.method, row.base_url, row.path = prepared.call.method, origin_of(connection), prepared.call.path
    row.query, row.body = prepared.call.query_text, prepared.call.body_text
    if prepared.facts:
        row.facts = canonical(facts_to_json(prepared.facts))
    target = prepared.target
    row.device_id, row.device_name = target.device_id, (target.device or "")[:255]
    row.organization_id, row.organization_name = target.organization_id, (target.organization or "")[:255]
    if prepared.mode is Mode.APPROVAL_NEEDED:
        row.status = Status.PENDING_APPROVAL
        row.approvals_needed = people_needed(draft.tool, policies=policies, call=prepared.call)
        row.expires_at = draft.principal.now + timedelta(minutes=draft.tool.decision_minutes)
        consent = consent_of(
            prepared=prepared,
            tool=draft.tool,
            arguments=draft.arguments_text,
            connection=connection,
            agent=draft.principal.agent,
            policy=policies[draft.tool.id],
            approvals_needed=row.approvals_needed,
            expires_at=row.expires_at,
        )
        row.consent, row.digest = consent.sealed()
    return row


def _hold(draft: Draft, row: Invocation) -> Submitted:
    """Store a request for people. The loser of a race gets the winner's row."""
    try:
        with transaction.atomic():
            # The MSP's other requests wait from the lock on. Without a place for this one nothing of it stays.
            heard, *_written, counted, head = run_together(
                [
                    hearers_statement(row),
                    insertion(row, seldom=OF_LATER),
                    *key_statements(row, draft.idempotency_key, now=row.created_at),
                    *limits.place_statements(draft.principal),
                    head_statement(row.msp),
                ]
            )
            inserted(row)
            limits.place_check(draft.principal, counted)
            audit_append(
                msp=row.msp,
                actor=Actor.agent(draft.principal.agent),
                action="request.submitted",
                subject=f"invocation {row.pk}",
                data={"tool": row.tool, "digest": row.digest, "arguments": json.loads(row.arguments)},
                head=head,
            )
            invocation_changed(row, Status.PENDING_APPROVAL, hearers=hearers_read(heard))
    except IntegrityError:
        return Submitted(idempotency.winner(draft), is_replay=True)
    except GateError as refusal:
        return Submitted(_last_place(draft, refusal), is_replay=True)
    return Submitted(row)


def _run(draft: Draft, row: Invocation, prepared: Prepared) -> Submitted:
    """Run an auto call right here. The loser of a race on an idempotency key gets the winner's row."""
    try:
        invocation_run(row, call=prepared.call, actor=Actor.agent(draft.principal.agent), key=draft.idempotency_key)
    except IntegrityError:
        return Submitted(idempotency.winner(draft), is_replay=True)
    return Submitted(row)
