"""The same call again: the invocation it belongs to."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from approvals.errors import GateError
from approvals.models import Invocation, Status
from approvals.models.invocations import InvocationQuerySet
from approvals.reading import status_now
from approvals.records import Draft
from approvals.sweep import expire
from integrations.models import Msp

KEPT = timedelta(days=7)


def earlier(draft: Draft) -> Invocation | None:
    """The invocation of this agent and idempotency key; None without one. Raises GateError for another call."""
    if draft.idempotency_key is None:
        return None
    row = _of_agent(draft).filter(idempotency_key=draft.idempotency_key).first()
    if row is None:
        return None
    if row.created_at <= draft.principal.now - KEPT:
        Invocation.objects.filter(pk=row.pk).update(idempotency_key=None)
        return None
    if row.call_digest != draft.call_digest:
        raise GateError(
            "idempotency_mismatch",
            "This Idempotency-Key belongs to another call of yours; nothing was sent. Use a new key for a new call.",
        )
    return row


def waiting(draft: Draft) -> Invocation | None:
    """The identical call that still waits for a person; an overdue one is expired on the way."""
    same = asked(draft.principal.msp, draft.principal.agent.pk, draft.call_digest)
    row = same.filter(status=Status.PENDING_APPROVAL).select_related("msp").first()
    if row is None:
        return None
    if status_now(row, draft.principal.now) is Status.EXPIRED:
        expire(row)
        return None
    return row


def asked(msp: Msp, agent_id: UUID, call_digest: str) -> InvocationQuerySet:
    """The requests for people's approval of this very call."""
    return Invocation.objects.for_msp(msp).requests().filter(agent=agent_id, call_digest=call_digest)


def twin(draft: Draft) -> Invocation | None:
    """The invocation that this call belongs to by its key or by being the same; None when there is none."""
    return earlier(draft) or waiting(draft)


def winner(draft: Draft) -> Invocation:
    """The row that a race was lost to. Raises GateError when it is gone again."""
    row = twin(draft)
    if row is None:
        raise GateError(
            "invalid_state", "The same call arrived twice at once and has just ended. Nothing was sent. Call again."
        )
    return row


def _of_agent(draft: Draft) -> InvocationQuerySet:
    return Invocation.objects.for_msp(draft.principal.msp).filter(agent=draft.principal.agent).select_related("msp")
