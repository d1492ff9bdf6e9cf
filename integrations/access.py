"""Which MSP a person is working for right now, and what they may do there. Read from the database every time."""

from __future__ import annotations

from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db.models import F
from django.http import HttpRequest

from integrations.brakes import everything_frozen
from integrations.models import Membership, User
from integrations.prepared import PreparedQuery, Slot
from integrations.visits import visit_membership

SESSION_KEY = "msp"
SEEN = "_countersign_memberships"


def memberships_of(request: HttpRequest) -> list[Membership]:
    """The person's memberships, by MSP name; empty for strangers, disabled accounts and operators."""
    user = request.user
    if not user.is_authenticated or not user.is_active or user.is_superuser:
        return []
    found = _OF_PERSON(user.pk)
    setattr(request, SEEN, found)
    return found


def memberships_seen(request: HttpRequest) -> list[Membership]:
    """The same as they were last read for this request. For what a page shows; a decision reads the rights again."""
    found: list[Membership] | None = getattr(request, SEEN, None)
    return memberships_of(request) if found is None else found


def sessions_end(user: User) -> None:
    """End every session of this person: with the next click they are nobody."""
    User.objects.filter(pk=user.pk).update(session_epoch=F("session_epoch") + 1)


def current_membership(request: HttpRequest) -> Membership | None:
    """The membership in the MSP chosen for this session, else the first; None for people without any.

    An operator who gave a reason looks as if they were a viewer (see `integrations.visits`).
    """
    if request.user.is_authenticated and request.user.is_superuser:
        return visit_membership(request)
    memberships = memberships_of(request)
    chosen = request.session.get(SESSION_KEY)
    for membership in memberships:
        if str(membership.msp_id) == chosen:
            return membership
    return memberships[0] if memberships else None


def require_membership(request: HttpRequest, *, admin: bool = False) -> Membership:
    """The current membership. Raises PermissionDenied without one, or without the admin role where it is asked."""
    membership = current_membership(request)
    if membership is None or (admin and not membership.is_admin):
        raise PermissionDenied
    return membership


# Every page reads them, and a decision once more.
_OF_PERSON: PreparedQuery[Membership] = PreparedQuery(
    lambda user: (
        Membership.objects.annotate(everything_frozen=everything_frozen())
        .filter(user=user)
        .select_related("msp", "user")
        .order_by("msp__name")
    ),
    Slot(User, "id", UUID(int=1)),
)
