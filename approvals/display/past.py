"""What this agent asked for before: the script that people approved last, and what it never did until now."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.db.models import Count, Exists, F, OuterRef, Subquery
from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from approvals.display.clock import absolute, age
from approvals.display.differences import Line, differences
from approvals.display.invisibles import marked
from approvals.display.request import Script, script_sent
from approvals.models import Decision, Invocation, ReasonCode, Status, Verdict
from approvals.models.invocations import InvocationQuerySet

LATELY = timedelta(hours=1)
# Earlier decisions that are shown.
EARLIER = 3


class Precedent(NamedTuple):
    """The last approved script of the agent on the device. `changes` is None where they are too much to compare."""

    id: UUID
    who: SafeString
    others: int
    ago: str
    at: str
    outcome: str
    is_same: bool
    changes: list[Line] | None


class Earlier(NamedTuple):
    """An earlier decision on the same: the agent, the tool, and the device or else the address."""

    id: UUID
    verdict: str
    who: SafeString
    ago: str
    at: str
    iso: str
    outcome: str


class Past(NamedTuple):
    """What was asked before this request, by the same agent.

    `devices` counts those of the hour, this one included; `denials` how often people said no to the very same call,
    and `last_denial` is the reason that they gave last.
    """

    has_asked: bool
    has_asked_here: bool
    devices: int
    denials: int = 0
    last_denial: str = ""


def precedent_of(row: Invocation, script: Script, now: datetime) -> Precedent | None:
    """One query. None where nothing was approved yet."""
    earlier = (
        _requests_before(row)
        .filter(device_id=row.device_id, decided_at__isnull=False, approvals_given=F("approvals_needed"))
        .annotate(approver=_decider(Verdict.APPROVED))
        .only("tool", "body", "status", "decided_at", "approvals_given")
        .order_by("-decided_at")
        .first()
    )
    sent = None if earlier is None else script_sent(earlier)
    if earlier is None or sent is None or earlier.decided_at is None:
        return None
    is_same = sent.raw == script.raw
    return Precedent(
        id=earlier.pk,
        who=_name(vars(earlier)["approver"]),
        others=earlier.approvals_given - 1,
        ago=age((now - earlier.decided_at).total_seconds()),
        at=absolute(earlier.decided_at, row.msp.time_zone),
        outcome=str(Status(earlier.status).label),
        is_same=is_same,
        changes=[] if is_same else differences(sent.text, script.text),
    )


def earlier_of(row: Invocation, now: datetime) -> list[Earlier]:
    """The newest decisions on the same, newest first. One query."""
    same = {"path": row.path, "method": row.method} if row.device_id is None else {"device_id": row.device_id}
    asked = _requests_before(row).filter(decided_at__isnull=False, **same)
    rows = asked.annotate(decider=_decider(*Verdict)).order_by("-created_at")[:EARLIER]
    return [
        Earlier(
            id=one.pk,
            verdict=_("Denied") if one.status == Status.DENIED else _("Approved"),
            who=_name(vars(one)["decider"]),
            ago=age((now - one.decided_at).total_seconds()),
            at=absolute(one.decided_at, row.msp.time_zone),
            iso=one.decided_at.isoformat(),
            outcome="" if one.status == Status.DENIED else str(Status(one.status).label),
        )
        for one in rows.only("status", "decided_at", "created_at")
        if one.decided_at is not None
    ]


def past_of(row: Invocation) -> Past:
    """One query."""
    asked = _requests_before(row)
    writes = Invocation.objects.for_msp(row.msp).filter(
        agent=row.agent_id,
        is_write=True,
        device_id__isnull=False,
        created_at__gt=row.created_at - LATELY,
        created_at__lte=row.created_at,
    )
    devices = writes.order_by().values("agent").annotate(devices=Count("device_id", distinct=True)).values("devices")
    # As the index invocation_asked has them. While one waits there is no second one, so all were decided before.
    same = Invocation.objects.for_msp(row.msp).filter(
        agent=row.agent_id,
        call_digest=row.call_digest,
        expires_at__isnull=False,
        status=Status.DENIED,
        decided_at__lte=row.created_at,
    )
    same = same.exclude(pk=row.pk)
    has_asked, has_asked_here, count, denials, reason = (
        Invocation.objects.for_msp(row.msp)
        .filter(pk=row.pk)
        .values_list(
            Exists(asked),
            Exists(asked.filter(device_id=row.device_id)),
            Subquery(devices),
            Subquery(same.order_by().values("agent").annotate(denials=Count("pk")).values("denials")),
            Subquery(same.order_by("-decided_at").values("reason_code")[:1]),
        )
        .get()
    )
    return Past(
        has_asked=has_asked,
        has_asked_here=has_asked_here,
        devices=count or 0,
        denials=denials or 0,
        last_denial=str(ReasonCode(reason).label) if reason else "",
    )


def _name(username: str | None) -> SafeString:
    return marked(username) if username else escape(_("somebody"))


def _requests_before(row: Invocation) -> InvocationQuerySet:
    """As the index invocation_precedent has them."""
    return Invocation.objects.for_msp(row.msp).filter(
        agent=row.agent_id, tool=row.tool, expires_at__isnull=False, created_at__lt=row.created_at
    )


def _decider(*verdicts: Verdict) -> Subquery:
    votes = Decision.objects.filter(invocation=OuterRef("pk"), verdict__in=verdicts)
    return Subquery(votes.order_by("-decided_at").values("user__username")[:1])
