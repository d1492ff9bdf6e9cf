"""People who sign in as they do in a browser: form by form."""

from __future__ import annotations

import time
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, generate_totp_secret, hotp_value
from django.test import Client

from integrations.models import AuditEvent, User
from integrations.step_up import SESSION_KEY
from tests.cast import PASSWORD, Tenant

LOGIN = "/dashboard/login/"
HOME = "/dashboard/"
CODE = "/dashboard/account/code/"
FACTORS = "/dashboard/account/second-factor/"


def password_step(client: Client, user: User, password: str = PASSWORD, **options: Any) -> Any:
    """What the sign-in page posts."""
    return client.post(LOGIN, {"username": user.get_username(), "password": password}, **options)


def app_of(user: User) -> str:
    """Sets up an authenticator app and recovery codes; returns the app's secret."""
    secret = str(generate_totp_secret())
    TOTP.activate(user, secret)
    RecoveryCodes.activate(user)
    return secret


def code_of(secret: str, *, steps: int = 0) -> str:
    """What the app shows now, or `steps` times 30 seconds later."""
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30 + steps)))


def recovery_codes_of(user: User) -> list[str]:
    """The codes that are left."""
    codes = Authenticator.objects.get(user=user, type=Authenticator.Type.RECOVERY_CODES).wrap()
    return list(codes.get_unused_codes())


def age(client: Client, seconds: float) -> None:
    """Lets the last proof of who they are be `seconds` old."""
    session = client.session
    session[SESSION_KEY] = time.time() - seconds
    session.save()


def events(tenant: Tenant, *prefixes: str) -> list[str]:
    """The MSP's audit entries that begin so, oldest first."""
    rows = AuditEvent.objects.for_msp(tenant.msp).order_by("number").values_list("action", flat=True)
    return [action for action in rows if action.startswith(prefixes)]
