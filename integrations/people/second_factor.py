"""Whoever decides or administers has a second factor; viewers may."""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db.models import Q
from django.http import HttpRequest

from integrations.models import User

CACHE = "_countersign_second_factor_missing"
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


def second_factor_missing(request: HttpRequest) -> bool:
    """Whether the signed-in person needs a second factor and has none. Read once per request."""
    if not hasattr(request, CACHE):
        setattr(request, CACHE, _missing(request))
    return bool(getattr(request, CACHE))


def has_second_factor(user: User) -> bool:
    """Whether signing in asks this person for more than the password."""
    return bool(Authenticator.objects.filter(user=user, type__in=FACTORS).exists())


def needs_second_factor(user: User) -> bool:
    """Approvers, admins and operators, everywhere but in trials."""
    if not settings.SECOND_FACTOR_REQUIRED:
        return False
    return user.is_superuser or user.memberships.filter(Q(is_admin=True) | Q(is_approver=True)).exists()


def _missing(request: HttpRequest) -> bool:
    if not request.user.is_authenticated or not settings.SECOND_FACTOR_REQUIRED:
        return False
    return needs_second_factor(request.user) and not has_second_factor(request.user)
