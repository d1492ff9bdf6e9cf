"""A technician reports a request as suspicious: it is denied, its agent stopped, and what it asked for cancelled."""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from approvals.decisions import request_deny
from approvals.errors import GateError
from approvals.models import Invocation, ReasonCode, Status
from approvals.models.invocations import InvocationQuerySet
from approvals.notices.events import invocation_changed, request_reported
from integrations.audit import Actor, audit_append
from integrations.brakes import agent_freeze
from integrations.clock import Now
from integrations.models import Membership, Msp, User


class Reported(NamedTuple):
    """What became of it. What cannot be denied by this person, or is approved already, is cancelled instead."""

    is_denied: bool
    cancelled: int


def request_report(*, user: User, msp: Msp, invocation_id: UUID, comment: str = "") -> Reported:
    """Stop the agent of this request, all in one transaction. Works however the request stands.

    Raises GateError: not_found, scope_denied (neither approver nor admin).
    """
    row = Invocation.objects.for_msp(msp).for_user(user).filter(pk=invocation_id).select_related("msp", "agent").first()
    if row is None:
        raise GateError("not_found", _("There is no such request."))
    with transaction.atomic():
        if not may_report(user=user, msp=msp):
            raise GateError("scope_denied", _("Only approvers and admins report requests. Ask one of them."))
        # Rows before the agent before the audit, as everybody else takes their locks.
        list(_open(row).select_for_update(no_key=True).values_list("pk"))
        others = list(_open(row).exclude(pk=row.pk).values_list("pk", flat=True))
        _cancel(others, user)
        agent_freeze(agent=row.agent, actor=Actor.user(user), reason=f"Reported as suspicious: invocation {row.pk}")
        audit_append(
            msp=row.msp,
            actor=Actor.user(user),
            action="request.reported",
            subject=f"invocation {row.pk}",
            data={"agent": str(row.agent_id), "comment": comment[:2000], "cancelled": [str(pk) for pk in others]},
        )
        request_reported(row, by=user.get_username())
        is_denied = _deny(user, row, comment)
        if not is_denied:
            others += _cancel([row.pk], user)
        for other in Invocation.objects.filter(pk__in=others):
            invocation_changed(other, Status.CANCELLED, by=user.get_username())
    return Reported(is_denied, len(others))


def may_report(*, user: User, msp: Msp) -> bool:
    """Approvers and admins; owners of the agent too, for they only stop it. Read from the database now."""
    may = Membership.objects.for_msp(msp).filter(Q(is_approver=True) | Q(is_admin=True), user=user)
    return may.filter(user__is_active=True).exists()


def _deny(user: User, row: Invocation, comment: str) -> bool:
    """The vote, where this person has one."""
    try:
        with transaction.atomic():
            request_deny(
                user=user,
                msp=row.msp,
                invocation_id=row.pk,
                digest=row.digest,
                reason_code=ReasonCode.SUSPICIOUS,
                comment=comment,
            )
    except GateError:
        return False
    return True


def _open(row: Invocation) -> InvocationQuerySet:
    """What this agent asked for and was not sent yet."""
    waiting = (Status.PENDING_APPROVAL, Status.QUEUED)
    return Invocation.objects.for_msp(row.msp).filter(agent=row.agent_id, status__in=waiting)


def _cancel(ids: list[UUID], user: User) -> list[UUID]:
    """Those of the rows that were still open."""
    rows = Invocation.objects.filter(pk__in=ids, status__in=(Status.PENDING_APPROVAL, Status.QUEUED))
    found = list(rows.values_list("pk", flat=True))
    rows.update(
        status=Status.CANCELLED,
        finished_at=Now(),
        error_message=f"Cancelled: {user} reported a request of this agent as suspicious.",
    )
    return found
