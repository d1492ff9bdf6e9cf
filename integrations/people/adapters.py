"""What django-allauth asks us: who may come in, what is said, how secrets are kept."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.stagekit import clear_login
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from integrations.addresses import client_address
from integrations.encryption import Sealed
from integrations.models import User
from integrations.people.lockout import was_locked_out
from integrations.step_up import recently_authenticated

SECRETS_CONTEXT = "mfa.authenticator.data"
# What django-allauth seals has no row yet.
NO_ROW = UUID(int=0)
LOCKED_OUT = _(
    "Too many wrong attempts. Nothing more is looked at for 15 minutes; then try again. "
    "If that was not you, tell an admin of your MSP: it is on record."
)
WRONG_PASSWORD = _("User name and password do not belong together. Both tell capital from small letters.")
NOT_A_MEMBER = _("You are not a member of any MSP. Ask an admin of yours to invite you.")


class SayingLockedOut:
    """Whatever was wrong: somebody who is locked out is told that, and nothing about what they typed."""

    def validation_error(self, code: str, *args: Any) -> ValidationError:
        """The error of `code`."""
        if was_locked_out(context.request):
            return ValidationError(LOCKED_OUT, code="locked_out")
        error: ValidationError = super().validation_error(code, *args)  # type: ignore[misc]
        return error


class AccountAdapter(SayingLockedOut, DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts come from invitations and from the operator, never from a sign-up."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "username_password_mismatch": WRONG_PASSWORD,
        "incorrect_password": _("That is not your password. It tells capital from small letters."),
    }

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Never."""
        return False

    @staticmethod
    def may_come_in(user: User) -> bool:
        """Whether the dashboard has something to show to this person."""
        return user.is_active and (user.is_superuser or user.memberships.exists())

    def pre_login(self, request: HttpRequest, user: User, **kwargs: Any) -> HttpResponse | None:
        """The last look before a session begins, whatever the way in."""
        if not self.may_come_in(user):
            clear_login(request)
            messages.error(request, NOT_A_MEMBER)
            raise ImmediateHttpResponse(redirect("account_login"))
        return super().pre_login(request, user, **kwargs)  # type: ignore[no-any-return]

    def is_reauthentication_required(self, *, app: str, **kwargs: Any) -> bool:
        """Where the last proof is too old."""
        return not recently_authenticated(context.request)

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """By a second factor alone, where there is one; a passkey first, which no other site can ask for."""
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        factors = [method for method in methods if method["id"] != "reauthenticate"]
        return sorted(factors, key=lambda method: method["id"] != "mfa_reauthenticate:webauthn") or methods

    def add_message(
        self, request: HttpRequest, level: int, message_template: str | None = None, *args: Any, **kwargs: Any
    ) -> None:
        """What the next page does not show by itself."""
        if message_template is None or not message_template.startswith("account/"):
            super().add_message(request, level, message_template, *args, **kwargs)

    def get_client_ip(self, request: HttpRequest) -> str:
        """See `client_address`."""
        return client_address(request) or "unknown"


class MfaAdapter(SayingLockedOut, DefaultMFAAdapter):  # type: ignore[misc]
    """Second factors: secrets sealed like NinjaOne's, passkeys for the host of PUBLIC_URL."""

    error_messages = {
        **DefaultMFAAdapter.error_messages,
        "incorrect_code": _("This code is not right. Codes change every 30 seconds: take the newest one."),
        "used_code": _("This code was used already. Wait for the next one, at most 30 seconds."),
    }

    def encrypt(self, text: str) -> str:
        """Sealed with the newest of FERNET_KEYS."""
        return Sealed.seal(context=SECRETS_CONTEXT, row_id=NO_ROW, plaintext=text).token.decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Opened with any of FERNET_KEYS. Raises SecretUnreadableError."""
        return Sealed(SECRETS_CONTEXT, encrypted_text.encode()).open(NO_ROW)

    def get_totp_label(self, user: User) -> str:
        """The user name: what they sign in with."""
        return user.get_username()

    def generate_authenticator_name(self, user: User, type: Any) -> str:  # noqa: A002 - allauth's name
        """A name to tell passkeys apart by. It is stored, and may be changed: English as all that is stored."""
        return f"Passkey {user.authenticator_set.filter(type=type).count() + 1}"  # type: ignore[attr-defined]

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Passkeys are bound to the host that people are told, not to whatever a request names."""
        return {"id": urlsplit(settings.PUBLIC_URL).hostname or "", "name": "Countersign"}
