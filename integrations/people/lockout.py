"""Guessing is stopped: by account after a few failures, by address after more, for they may be several people's.

Passwords and second factors count together, in the database, so in all processes together.
"""

from __future__ import annotations

from typing import Any

from axes.backends import AxesStandaloneBackend
from axes.handlers.database import AxesDatabaseHandler
from axes.handlers.proxy import AxesProxyHandler
from django.conf import settings
from django.contrib.auth.signals import user_login_failed
from django.http import HttpRequest

from integrations.models import User

# How many failures of one address weigh as much as one of an account.
ADDRESS_SHARE = 10


class LockoutHandler(AxesDatabaseHandler):  # type: ignore[misc]
    """django-axes, with two limits for its two parameters. A success forgets failures of that account alone."""

    def get_failures(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """Recent failures, in the currency of `AXES_FAILURE_LIMIT`."""
        by_account, by_address = (
            sum(attempts.values_list("failures_since_start", flat=True))
            for attempts in self.get_user_attempts(request, credentials)
        )
        return max(int(by_account), int(by_address) // ADDRESS_SHARE)

    def reset_user_attempts(self, request: HttpRequest, credentials: dict[str, Any] | None = None) -> int:
        """Whoever has one good account must not wipe out what their address tried on others."""
        by_account, _ = self.filter_user_attempts(request, credentials)
        count, _ = by_account.delete()
        return int(count)


class LockoutBackend(AxesStandaloneBackend):  # type: ignore[misc]
    """Refuses before a password is looked at. Without a request there is no address, and nobody outside."""

    def authenticate(self, request: HttpRequest | None, **credentials: Any) -> None:
        """Raises PermissionDenied for a locked account or address."""
        if request is not None:
            super().authenticate(request, **credentials)


def is_locked_out(request: HttpRequest, user: User) -> bool:
    """Whether this person may not try a second factor from here now. Marks the request for `was_locked_out`."""
    locked = bool(AxesProxyHandler.is_locked(request, {settings.AXES_USERNAME_FORM_FIELD: user.get_username()}))
    if locked:
        request.axes_locked_out = True  # type: ignore[attr-defined]
    return locked


def was_locked_out(request: HttpRequest | None) -> bool:
    """Whether something in this request was refused for too many failures."""
    return bool(getattr(request, "axes_locked_out", False))


def failure_record(request: HttpRequest, user: User, *, factor: str) -> None:
    """A wrong second factor counts like a wrong password."""
    user_login_failed.send(
        sender=__name__,
        credentials={settings.AXES_USERNAME_FORM_FIELD: user.get_username(), "factor": factor},
        request=request,
    )
