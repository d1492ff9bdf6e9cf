"""Who signed in, failed to, or left, on record at every MSP that the person belongs to. Strangers belong to none."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.db import transaction
from django.dispatch import receiver
from django.http import HttpRequest

from integrations.audit import Actor, audit_append
from integrations.models import Msp, User


@receiver(user_logged_in)
def record_sign_in(sender: Any, request: HttpRequest | None, user: User, **kwargs: Any) -> None:
    """A session begins. Without its entry it does not."""
    _record("login.succeeded", user, request)


@receiver(user_logged_out)
def record_sign_out(sender: Any, request: HttpRequest | None, user: User | None, **kwargs: Any) -> None:
    """A session ends; `user` is None where there was none."""
    if user is not None:
        _record("login.ended", user, request)


@receiver(user_login_failed)
def record_failure(sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **kwargs: Any) -> None:
    """Somebody tried the name of a person whom we know."""
    user = User.objects.filter(username=str(credentials.get(User.USERNAME_FIELD, ""))).first()
    if user is not None:
        _record("login.failed", user, request)


def _record(action: str, user: User, request: HttpRequest | None) -> None:
    address = "" if request is None else request.META.get("REMOTE_ADDR", "")
    with transaction.atomic():
        # In one order everywhere: two people who share MSPs must not wait for each other.
        for msp in Msp.objects.filter(memberships__user=user).order_by("pk"):
            audit_append(
                msp=msp,
                actor=Actor.user(user),
                action=action,
                subject=f"user {user.get_username()}",
                data={"address": address},
            )
