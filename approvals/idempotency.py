"""The same call again: the invocation it belongs to."""

from __future__ import annotations

from uuid import UUID

from django.db import IntegrityError, transaction

from approvals.errors import GateError
from approvals.keys import key_keep
from approvals.models import IdempotencyKey, Invocation, Status
from approvals.models.invocations import InvocationQuerySet
from approvals.models.keys import KEPT
from approvals.reading import status_now
from approvals.records import Draft
from approvals.sweep import expire
from integrations.models import Msp


def earlier(draft: Draft) -> Invocation | None:
    """The invocation of this agent and idempotency key; None without one. Raises GateError for another call."""
    if draft.idempotency_key is None:
        return None
    keys = IdempotencyKey.objects.for_msp(draft.principal.msp).filter(agent=draft.principal.agent)
    found = keys.filter(key=draft.idempotency_key).select_related("invocation__msp").first()
    if found is None:
        return None
    if found.created_at < draft.principal.now - KEPT:
        keys.filter(pk=found.pk).delete()
        return None
    if found.invocation.call_digest != draft.call_digest:
        raise GateError(
            "idempotency_mismatch",
            "This Idempotency-Key belongs to another call of yours; nothing was sent. Use a new key for a new call.",
        )
    return found.invocation


def waiting(draft: Draft) -> Invocation | None:
    """The identical call that still waits for a person, which the key of this one stands for, too, from now on.

    An overdue one is expired on the way. Raises GateError where the key has come to stand for another call meanwhile.
    """
    same = asked(draft.principal.msp, draft.principal.agent.pk, draft.call_digest)
    row = same.filter(status=Status.PENDING_APPROVAL).select_related("msp", "agent").first()
    if row is None:
        return None
    if status_now(row, draft.principal.now) is Status.EXPIRED:
        expire(row)
        return None
    try:
        # Decided or not by now: it is the answer to this call, and has to be when the call is repeated.
        with transaction.atomic():
            key_keep(row, draft.idempotency_key, now=draft.principal.now)
    except IntegrityError:
        return earlier(draft)
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
