"""People decide, agents withdraw. Each change is one conditional UPDATE with its vote and its audit entry."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import override

from approvals.errors import GateError
from approvals.models import Decision, Invocation, ReasonCode, Status, Verdict
from approvals.models.invocations import InvocationQuerySet
from approvals.notices.events import invocation_changed
from approvals.reading import status_now
from approvals.wake import WAKE, ring
from integrations.agent_keys import Principal
from integrations.audit import Actor, audit_append
from integrations.brakes import brake_of, is_everything_frozen
from integrations.clock import Now, database_now
from integrations.models import Membership, Msp, User
from tools.registry import TOOLS

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

DEADLINES = ("expires_at", "release_by", "lease_until", "dispatch_started_at", "is_write")
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


class LateError(Exception):
    """There was nothing to decide any more: the row is not as it was when this person looked at it."""


def request_approve(*, user: User, msp: Msp, invocation_id: UUID, digest: str) -> Invocation:
    """One vote for exactly what `digest` names; with enough votes the call is queued.

    Raises GateError: not_found, scope_denied (no approver, or the agent's owner), invalid_state with what stands now.
    """
    voted = _("You approved this request already; it needs another person.")
    with _decision(user, msp, invocation_id, digest, voted=voted) as pending:
        if not pending.update(approvals_given=F("approvals_given") + 1):
            raise LateError
        row = _request(user, msp, invocation_id)
        if brake := brake_of(row.agent, row.msp, everything=is_everything_frozen()):
            raise GateError(
                "frozen", format_lazy(_("{brake}: nothing can be approved until that is over."), brake=brake)
            )
        _vote(row, user, Verdict.APPROVED, digest)
        if _queue_when_enough(row):
            invocation_changed(row, Status.QUEUED, by=user.get_username())
            ring(WAKE)
    return _fresh(row)


def request_deny(
    *,
    user: User,
    msp: Msp,
    invocation_id: UUID,
    digest: str,
    reason_code: ReasonCode,
    comment: str = "",
    acceptable: str = "",
) -> Invocation:
    """Say no, and why; `acceptable` is what would be approved instead. Raises GateError like `request_approve`."""
    voted = _("You approved this request already; you cannot deny it now.")
    with _decision(user, msp, invocation_id, digest, voted=voted) as pending:
        # This locks the row, then comes the vote: the database lets nobody end a request without one.
        if not pending.update(reason_code=reason_code, comment=comment[:2000], acceptable=acceptable[:1000]):
            raise LateError
        row = _request(user, msp, invocation_id)
        _vote(row, user, Verdict.DENIED, digest, reason_code, comment, acceptable)
        # Not `pending`: its deadline may pass at this very moment, and it was in time.
        Invocation.objects.filter(pk=row.pk).update(status=Status.DENIED, decided_at=Now(), finished_at=Now())
        invocation_changed(row, Status.DENIED, by=user.get_username())
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
        if not cancellable.update(status=Status.CANCELLED, finished_at=Now(), lease_until=None):
            raise _stands_now(row)
        audit_append(
            msp=row.msp,
            actor=Actor.agent(principal.agent),
            action="invocation.cancelled",
            subject=f"invocation {row.pk}",
        )
        invocation_changed(row, Status.CANCELLED)
    return _fresh(row)


def unknown_settle(*, user: User, msp: Msp, invocation_id: UUID, happened: bool, note: str) -> Invocation:
    """A person who looked settles an unknown outcome, with a note. Raises GateError."""
    if not note.strip():
        raise GateError("invalid_arguments", _("Say in the note how you know. Nothing was changed."))
    with transaction.atomic():
        row = _request(user, msp, invocation_id)
        status = Status.SUCCEEDED if happened else Status.FAILED
        unknown = Invocation.objects.filter(pk=row.pk, status=Status.UNKNOWN)
        if not unknown.update(status=status, finished_at=Now(), note=f"Settled by {user}: {note.strip()}"[:1000]):
            raise _stands_now(row)
        audit_append(
            msp=row.msp,
            actor=Actor.user(user),
            action="invocation.settled",
            subject=f"invocation {row.pk}",
            data={"happened": happened, "note": note.strip()[:1000]},
        )
        invocation_changed(row, status, by=user.get_username())
    return _fresh(row)


def may_decide(*, user: User, row: Invocation) -> _StrOrPromise:
    """Why this person may not decide this request; "" when they may. Read from the database now."""
    if not User.objects.filter(pk=user.pk, is_active=True, is_superuser=False).exists():
        return _("Your account is switched off, or operates the platform.")
    if not Membership.objects.for_msp(row.msp).filter(user=user, is_approver=True).exists():
        return _("Only approvers decide. Ask an admin for the role.")
    if row.agent.owner_id == user.pk and not row.msp.own_requests_allowed:
        return _("This is your own agent; someone else must decide its requests.")
    return ""


def _request(user: User, msp: Msp, invocation_id: UUID) -> Invocation:
    """The invocation, if this person may decide it."""
    row = Invocation.objects.for_msp(msp).for_user(user).filter(pk=invocation_id).select_related("msp", "agent").first()
    if row is None:
        raise GateError("not_found", _("There is no such request."))
    if reason := may_decide(user=user, row=row):
        raise GateError("scope_denied", reason)
    return row


@contextmanager
def _decision(
    user: User, msp: Msp, invocation_id: UUID, digest: str, *, voted: _StrOrPromise
) -> Iterator[InvocationQuerySet]:
    """The transaction of a decision; gives the row while it waits and is what `digest` names, else nothing.

    Whoever comes too late, which crowds do, costs little: one look without a lock, at most one UPDATE, another look.
    `voted` is for whoever has a vote on it already. Any other rule of the database that refuses is an error of ours.
    """
    mine = Invocation.objects.for_msp(msp).filter(pk=invocation_id)
    if (refusal := _refusal(mine.for_user(user), digest)) is not None:
        raise refusal
    # What cannot be a digest (such as a NUL) is not shown to the database.
    pending = mine.filter(status=Status.PENDING_APPROVAL, digest=digest, expires_at__gt=Now())
    try:
        with _recorded(user, msp, invocation_id), transaction.atomic():
            yield pending if DIGEST.fullmatch(digest) else mine.none()
    except LateError:
        raise _refusal(mine, digest) or _stands(Status.EXPIRED) from None
    except IntegrityError as error:
        if Decision.objects.for_msp(msp).filter(invocation_id=invocation_id, user=user).exists():
            raise GateError("invalid_state", voted) from error
        # The role may have gone a moment ago, which the database saw and this person's page did not.
        with _recorded(user, msp, invocation_id):
            _request(user, msp, invocation_id)
        raise


@contextmanager
def _recorded(user: User, msp: Msp, invocation_id: UUID) -> Iterator[None]:
    """A refusal in here goes on record: of what is not theirs to decide, or is frozen. No page offers that."""
    try:
        yield
    except GateError as refusal:
        # Whatever this person reads, what is recorded is English.
        with override(settings.LANGUAGE_CODE), transaction.atomic():
            audit_append(
                msp=msp,
                actor=Actor.user(user),
                action="decision.refused",
                subject=f"invocation {invocation_id}",
                data={"code": refusal.code, "why": refusal.message},
            )
        raise


def _refusal(rows: InvocationQuerySet, digest: str) -> GateError | None:
    """Why there is nothing to decide, seen in one query; None while it waits."""
    found: Any = rows.annotate(seen_at=Now()).only("status", "digest", *DEADLINES).first()
    if found is None:
        return GateError("not_found", _("There is no such request."))
    status = status_now(found, found.seen_at)
    if status is not Status.PENDING_APPROVAL:
        return _stands(status, dispatch_started=found.dispatch_started_at is not None)
    if found.digest == digest:
        return None
    return GateError(
        "invalid_state",
        _("The digest is not that of this request, so nothing was decided. Open the page again and read it afresh."),
    )


def _queue_when_enough(row: Invocation) -> bool:
    release_by = database_now() + timedelta(minutes=TOOLS[row.tool].release_minutes)
    enough = Invocation.objects.filter(
        pk=row.pk, status=Status.PENDING_APPROVAL, approvals_given__gte=F("approvals_needed")
    )
    return bool(enough.update(status=Status.QUEUED, decided_at=Now(), release_by=release_by))


def _vote(
    row: Invocation,
    user: User,
    verdict: Verdict,
    digest: str,
    reason_code: str = "",
    comment: str = "",
    acceptable: str = "",
) -> None:
    Decision.objects.create(
        msp=row.msp,
        invocation=row,
        user=user,
        verdict=verdict,
        digest=digest,
        reason_code=reason_code,
        comment=comment[:2000],
        acceptable=acceptable[:1000],
        asked_at=row.created_at,
        decided_at=database_now(),
    )
    audit_append(
        msp=row.msp,
        actor=Actor.user(user),
        action=f"request.{verdict.value}",
        subject=f"invocation {row.pk}",
        data={
            "digest": digest,
            "reason_code": reason_code,
            "comment": comment[:2000],
            "acceptable": acceptable[:1000],
            "own_agent": row.agent.owner_id == user.pk,
        },
    )


def _stands(status: Status, *, dispatch_started: bool = False) -> GateError:
    """What stands now, for somebody who came too late."""
    return GateError(
        "invalid_state",
        _("Nothing was changed: this one stands at “%(status)s” already.") % {"status": status.label.lower()},
        dispatch_started=dispatch_started,
    )


def _stands_now(row: Invocation) -> GateError:
    row.refresh_from_db()
    return _stands(status_now(row, database_now()), dispatch_started=row.dispatch_started_at is not None)


def _fresh(row: Invocation) -> Invocation:
    return Invocation.objects.select_related("msp", "agent").get(pk=row.pk)
