"""Who signed in, failed to, or left, and their second factors: on record at every MSP that the person belongs to.

Strangers belong to none.
"""

from __future__ import annotations

from typing import Any

from allauth.account.signals import authentication_step_completed
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added, authenticator_removed, authenticator_reset, authenticator_used
from allauth.socialaccount.signals import social_account_added
from axes.signals import user_locked_out
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest

from integrations.addresses import client_address
from integrations.audit import Actor, audit_append
from integrations.models import Msp, User
from integrations.people.app_codes import step_claim
from integrations.people.lockout import was_locked_out
from integrations.people.second_factor import has_second_factor
from integrations.step_up import identified


@receiver(user_logged_in)
def record_sign_in(sender: Any, request: HttpRequest | None, user: User, **kwargs: Any) -> None:
    """A session begins. Without its entry it does not."""
    if request is not None and hasattr(request, "session"):
        identified(request)
    _record("login.succeeded", user, request)


@receiver(user_logged_out)
def record_sign_out(sender: Any, request: HttpRequest | None, user: User | None, **kwargs: Any) -> None:
    """A session ends; `user` is None where there was none."""
    if user is not None:
        _record("login.ended", user, request)


@receiver(user_login_failed)
def record_failure(sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any) -> None:
    """Somebody tried the name of a person whom we know.

    What a lockout refused unread is not on record one by one: whoever goes on would fill the record without an end.
    """
    user = _known(credentials.get(User.USERNAME_FIELD))
    if user is not None and not (was_locked_out(request) and not _was_counted(request)):
        _record("login.failed", user, request, factor=str(credentials.get("factor", "password")))


@receiver(user_locked_out)
def record_lockout(sender: Any, request: HttpRequest, username: str | None, **kwargs: Any) -> None:
    """The failure that locked the account or the address."""
    user = _known(username)
    if user is not None and _was_counted(request):
        _record("login.locked", user, request)


@receiver(authentication_step_completed)
def record_step_up(sender: Any, request: HttpRequest, user: User, method: str, **kwargs: Any) -> None:
    """They confirmed that it is them: by a second factor, where they have one."""
    if kwargs.get("reauthenticated") and (method == "mfa" or not has_second_factor(user)):
        identified(request)
        _record("login.confirmed", user, request, factor=str(kwargs.get("type", method)))


@receiver(authenticator_used)
def record_recovery(sender: Any, request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any) -> None:
    """A recovery code was spent: worth a look, for the app or the passkey may be lost."""
    if authenticator.type == Authenticator.Type.RECOVERY_CODES:
        _record("second_factor.recovery_code_used", user, request)


@receiver(authenticator_added)
def record_new_factor(
    sender: Any, request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any
) -> None:
    """A way to come in was added. The code that an app was tried with is used up (RFC 6238, 5.2)."""
    if authenticator.type == Authenticator.Type.TOTP:
        step_claim(authenticator, request.POST.get("code", ""))
    _record("second_factor.added", user, request, factor=str(authenticator.type))


@receiver(authenticator_removed)
def record_removed_factor(
    sender: Any, request: HttpRequest, user: User, authenticator: Authenticator, **kwargs: Any
) -> None:
    """A way to come in was removed."""
    _record("second_factor.removed", user, request, factor=str(authenticator.type))


@receiver(authenticator_reset)
def record_new_codes(sender: Any, request: HttpRequest, user: User, **kwargs: Any) -> None:
    """New recovery codes; the old ones are void."""
    _record("second_factor.codes_renewed", user, request)


def record_shown_codes(request: HttpRequest, user: User) -> None:
    """The recovery codes were on a screen, which happens once. Without its entry it does not."""
    _record("second_factor.codes_shown", user, request)


@receiver(social_account_added)
def record_link(sender: Any, request: HttpRequest, sociallogin: Any, **kwargs: Any) -> None:
    """Another service signs this person in from now on."""
    link_record("linked", request=request, user=sociallogin.user, service=sociallogin.account.provider)


def link_record(verb: str, *, request: HttpRequest, user: User, service: str) -> None:
    """A link to another service came or went."""
    _record(f"sign_in_service.{verb}", user, request, service=service)


def _was_counted(request: HttpRequest | None) -> bool:
    """Whether django-axes looked at this attempt, instead of refusing it unread."""
    return getattr(request, "axes_failures_since_start", None) is not None


def _known(username: object) -> User | None:
    return User.objects.filter(username=str(username or "")).first()


def _record(action: str, user: User, request: HttpRequest | None, **data: object) -> None:
    address = "" if request is None else client_address(request)
    with transaction.atomic():
        # In one order everywhere: two people who share MSPs must not wait for each other.
        for msp in Msp.objects.filter(memberships__user=user).order_by("pk"):
            audit_append(
                msp=msp,
                actor=Actor.user(user),
                action=action,
                subject=f"user {user.get_username()}",
                data={"address": address, **data},
            )
