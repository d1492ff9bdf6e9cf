"""An operator looks at a tenant: for an hour, with a reason, each page on record at the tenant; and changes nothing."""

from __future__ import annotations

import time
from typing import cast
from uuid import UUID

from django.db import transaction
from django.http import HttpRequest

from integrations.audit import Actor, audit_append
from integrations.models import Membership, Msp, User

SESSION_KEY = "visit"
LASTS = 3600


def visit_begin(request: HttpRequest, *, msp: Msp, reason: str) -> None:
    """Let the operator in, on record."""
    with transaction.atomic():
        _record(request, msp, "operator.entered", reason)
    request.session[SESSION_KEY] = {"msp": str(msp.pk), "reason": reason, "until": time.time() + LASTS, "seen": []}


def visit_end(request: HttpRequest, membership: Membership) -> None:
    """The operator leaves, on record."""
    del request.session[SESSION_KEY]
    with transaction.atomic():
        _record(request, membership.msp, "operator.left", membership.visit_reason)


def visit_membership(request: HttpRequest) -> Membership | None:
    """What the operator looks as, now: a viewer, nowhere stored; None without a visit, or when it is over."""
    visit = request.session.get(SESSION_KEY)
    if not visit or visit["until"] <= time.time():
        return None
    msp = Msp.objects.filter(pk=UUID(visit["msp"])).first()
    if msp is None:
        return None
    membership = Membership(msp=msp, user=cast(User, request.user))
    membership.visit_reason = visit["reason"]
    return membership


def visit_record(request: HttpRequest, membership: Membership) -> None:
    """One entry for each page of the tenant that is opened, before it is shown. A page that looks again is one page."""
    visit, place = request.session[SESSION_KEY], request.get_full_path()[:500]
    if place in visit["seen"]:
        return
    with transaction.atomic():
        _record(request, membership.msp, "operator.looked", membership.visit_reason, page=place)
    request.session[SESSION_KEY] = {**visit, "seen": [*visit["seen"], place][-200:]}


def _record(request: HttpRequest, msp: Msp, action: str, reason: str, **data: str) -> None:
    user = cast(User, request.user)
    audit_append(
        msp=msp,
        actor=Actor.user(user),
        action=action,
        subject=f"operator {user.get_username()}",
        data={"reason": reason, **data},
    )
