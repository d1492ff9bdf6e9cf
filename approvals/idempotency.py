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
from integrations.models import Agent, Msp
from integrations.prepared import PreparedValues, Slot

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
    found = _WAITING(draft.principal.msp.pk, draft.principal.agent.pk, draft.call_digest)
    row = _of_agent(draft).filter(pk=found[0][0], status=Status.PENDING_APPROVAL).first() if found else None
    if row is None:
        return None
    if status_now(row, draft.principal.now) is Status.EXPIRED:
        expire(row)
        return None
    return row


# There is at most one, and mostly none.
_WAITING = PreparedValues(
    lambda msp, agent, digest: (
        Invocation.objects.for_msp(Msp(pk=msp))
        .filter(agent=agent, call_digest=digest, expires_at__isnull=False, status=Status.PENDING_APPROVAL)
        .order_by()
        .values_list("pk")
    ),
    Slot(Msp, "id", UUID(int=1)),
    Slot(Agent, "id", UUID(int=2)),
    Slot(Invocation, "call_digest", "~digest~"),
)


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
