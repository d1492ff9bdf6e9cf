"""Rows of the ledger as they are first written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from approvals.errors import GateError
from approvals.models import Invocation, Status
from approvals.refusals import refusal_count
from integrations.agent_keys import Principal
from integrations.audit import Actor, audit_append
from integrations.models import Connection
from integrations.rows import new
from tools.calls import JSON
from tools.models import Mode
from tools.registry import Tool

# Refusals that say something about policy or state belong on record; a slip of the pen does not.
NOT_RECORDED = {"invalid_arguments", "malformed", "idempotency_mismatch"}
# These come by the thousand: they are counted, not written down one by one.
COUNTED = {"rate_limited", "too_many_pending"}


@dataclass(slots=True, kw_only=True)
class Draft:
    """A call under consideration; `connection` and `mode` are filled in as they become known."""

    principal: Principal
    tool: Tool
    arguments: dict[str, JSON]
    arguments_text: str
    call_digest: str
    reason: str
    ticket_id: int | None
    idempotency_key: str | None
    connection: Connection | None = None
    mode: Mode | None = None


def new_row(draft: Draft, now: datetime) -> Invocation:
    """A row for the draft, not saved, queued to run unless the caller says otherwise."""
    principal = draft.principal
    return new(
        Invocation,
        {
            "tool": draft.tool.id,
            "tool_version": draft.tool.version,
            "policy": (draft.mode or draft.tool.default_mode).value,
            "is_write": draft.tool.is_write,
            "status": Status.QUEUED,
            "arguments": draft.arguments_text,
            "call_digest": draft.call_digest,
            "reason": draft.reason,
            "ticket_id": draft.ticket_id,
            "created_at": now,
        },
        {
            "msp": principal.msp,
            "agent": principal.agent,
            "agent_key": principal.key,
            "connection": draft.connection,
        },
    )


def record_refusal(draft: Draft, refusal: GateError) -> None:
    """Put a refusal into the ledger and the audit. Its idempotency key stays free for a call that works."""
    if refusal.code in NOT_RECORDED:
        return
    if refusal.code in COUNTED:
        refusal_count(principal=draft.principal, code=refusal.code, tool=draft.tool.id)
        return
    row = new_row(draft, draft.principal.now)
    row.status = Status.FAILED
    row.finished_at = draft.principal.now
    row.error_code = refusal.code
    row.error_message = refusal.message[:1000]
    with transaction.atomic():
        row.save(force_insert=True)
        audit_append(
            msp=row.msp,
            actor=Actor.agent(draft.principal.agent),
            action="call.refused",
            subject=f"invocation {row.pk}",
            data={"tool": row.tool, "code": refusal.code},
        )
