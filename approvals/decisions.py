"""People decide, agents withdraw. Each change is one conditional UPDATE with its vote and its audit entry."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import F, Q

from approvals.errors import GateError
from approvals.models import Decision, Invocation, ReasonCode, Status, Verdict
from approvals.models.invocations import InvocationQuerySet
from approvals.reading import status_now
from approvals.wake import WAKE
from integrations.agent_keys import Principal
from integrations.audit import Actor, audit_append
from integrations.clock import Now, database_now
from integrations.models import Membership, Msp, User
from tools.registry import TOOLS

DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def request_approve(*, user: User, msp: Msp, invocation_id: UUID, digest: str) -> Invocation:
    """One vote for exactly what `digest` names; with enough votes the call is queued.

    Raises GateError: not_found, scope_denied (no approver, or the agent's owner), invalid_state with what stands now.
    """
    _look(user, msp, invocation_id, digest)
    try:
        with transaction.atomic():
            row = _request(user, msp, invocation_id)
            if row.msp.frozen_at is not None:
                raise GateError("frozen", f"{row.msp.name} is frozen: nothing can be approved until it is unfrozen.")
            if not _pending(row, digest).update(approvals_given=F("approvals_given") + 1):
                raise _stands(row, digest)
            _vote(row, user, Verdict.APPROVED, digest)
            _queue_when_enough(row)
            transaction.on_commit(WAKE.set)
    except IntegrityError as error:
        raise GateError("invalid_state", "You approved this request already; it needs another person.") from error
    return _fresh(row)


def request_deny(
    *, user: User, msp: Msp, invocation_id: UUID, digest: str, reason_code: ReasonCode, comment: str = ""
) -> Invocation:
    """Say no, and why. Raises GateError like `request_approve`."""
    _look(user, msp, invocation_id, digest)
    try:
        with transaction.atomic():
            row = _request(user, msp, invocation_id)
            # This locks the row, then comes the vote: the database lets nobody end a request without one.
            if not _pending(row, digest).update(reason_code=reason_code, comment=comment[:2000]):
                raise _stands(row, digest)
            _vote(row, user, Verdict.DENIED, digest, reason_code, comment)
            Invocation.objects.filter(pk=row.pk, status=Status.PENDING_APPROVAL).update(
                status=Status.DENIED, decided_at=Now(), finished_at=Now()
            )
    except IntegrityError as error:
        raise GateError("invalid_state", "You approved this request already; you cannot deny it now.") from error
    return _fresh(row)


def invocation_cancel(*, principal: Principal, invocation_id: UUID) -> Invocation:
    """The agent withdraws its own pending or queued call. Raises GateError: not_found, invalid_state."""
    mine = Invocation.objects.for_msp(principal.msp).filter(agent=principal.agent, pk=invocation_id)
    row = mine.select_related("msp").first()
    if row is None:
        raise GateError("not_found", "There is no such invocation.")
    with transaction.atomic():
        cancellable = mine.filter(
            Q(status=Status.PENDING_APPROVAL, expires_at__gt=Now()) | Q(status=Status.QUEUED, release_by__gt=Now())
        )
        if not cancellable.update(status=Status.CANCELLED, finished_at=Now()):
            row.refresh_from_db()
            raise _stands(row, row.digest)
        audit_append(
            msp=row.msp,
            actor=Actor.agent(principal.agent),
            action="invocation.cancelled",
            subject=f"invocation {row.pk}",
        )
    return _fresh(row)


def unknown_settle(*, user: User, msp: Msp, invocation_id: UUID, happened: bool, note: str) -> Invocation:
    """A person who looked settles an unknown outcome, with a note. Raises GateError."""
    if not note.strip():
        raise GateError("invalid_arguments", "Say in the note how you know. Nothing was changed.")
    with transaction.atomic():
        row = _request(user, msp, invocation_id)
        status = Status.SUCCEEDED if happened else Status.FAILED
        unknown = Invocation.objects.filter(pk=row.pk, status=Status.UNKNOWN)
        if not unknown.update(status=status, finished_at=Now(), note=f"Settled by {user}: {note.strip()}"[:1000]):
            raise _stands(row, row.digest)
        audit_append(
            msp=row.msp,
            actor=Actor.user(user),
            action="invocation.settled",
            subject=f"invocation {row.pk}",
            data={"happened": happened, "note": note.strip()[:1000]},
        )
    return _fresh(row)


def may_decide(*, user: User, row: Invocation) -> str:
    """Why this person may not decide this request; "" when they may. Read from the database now."""
    if not User.objects.filter(pk=user.pk, is_active=True).exists():
        return "Your account is switched off."
    if not Membership.objects.for_msp(row.msp).filter(user=user, is_approver=True).exists():
        return "Only approvers decide. Ask an admin for the role."
    if row.agent.owner_id == user.pk and not row.msp.own_requests_allowed:
        return "This is your own agent; someone else must decide its requests."
    return ""


def _request(user: User, msp: Msp, invocation_id: UUID) -> Invocation:
    """The invocation, if this person may decide it."""
    row = Invocation.objects.for_msp(msp).for_user(user).filter(pk=invocation_id).select_related("msp", "agent").first()
    if row is None:
        raise GateError("not_found", "There is no such request.")
    if reason := may_decide(user=user, row=row):
        raise GateError("scope_denied", reason)
    return row


def _look(user: User, msp: Msp, invocation_id: UUID, digest: str) -> None:
    """Turn away who comes too late before they queue for the lock that whoever decides in time needs."""
    row = _request(user, msp, invocation_id)
    if not _pending(row, digest).exists():
        raise _stands(row, digest)


def _pending(row: Invocation, digest: str) -> InvocationQuerySet:
    """The row while it waits and is what `digest` names; nothing for what cannot be a digest (such as a NUL)."""
    if not DIGEST.fullmatch(digest):
        return Invocation.objects.none()
    return Invocation.objects.filter(pk=row.pk, status=Status.PENDING_APPROVAL, digest=digest, expires_at__gt=Now())


def _queue_when_enough(row: Invocation) -> None:
    release_by = database_now() + timedelta(minutes=TOOLS[row.tool].release_minutes)
    Invocation.objects.filter(
        pk=row.pk, status=Status.PENDING_APPROVAL, approvals_given__gte=F("approvals_needed")
    ).update(status=Status.QUEUED, decided_at=Now(), release_by=release_by)


def _vote(row: Invocation, user: User, verdict: Verdict, digest: str, reason_code: str = "", comment: str = "") -> None:
    Decision.objects.create(
        msp=row.msp,
        invocation=row,
        user=user,
        verdict=verdict,
        digest=digest,
        reason_code=reason_code,
        comment=comment[:2000],
        decided_at=database_now(),
    )
    audit_append(
        msp=row.msp,
        actor=Actor.user(user),
        action=f"request.{verdict.value}",
        subject=f"invocation {row.pk}",
        data={"digest": digest, "reason_code": reason_code, "comment": comment[:2000]},
    )


def _stands(row: Invocation, digest: str) -> GateError:
    """What stands now, for somebody who came too late or saw something else."""
    row.refresh_from_db()
    status = status_now(row, database_now())
    if status is Status.PENDING_APPROVAL and row.digest != digest:
        return GateError(
            "invalid_state",
            "The digest is not that of this request, so nothing was decided. Open the page again and read it afresh.",
        )
    return GateError(
        "invalid_state",
        f"Nothing was changed: this one stands at “{status.label.lower()}” already.",
        dispatch_started=row.dispatch_started_at is not None,
    )


def _fresh(row: Invocation) -> Invocation:
    return Invocation.objects.select_related("msp", "agent").get(pk=row.pk)
