"""Codes of authenticator apps, each of which is taken once."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from allauth.mfa.utils import decrypt


def step_claim(authenticator: Any, code: str) -> bool:
    """Whether the code is of a later step than every code taken before. One UPDATE: of two equal codes one wins."""
    data = authenticator.data
    secret = decrypt(data["secret"])
    steps = [step for step in yield_hotp_counters_from_time() if format_hotp_value(hotp_value(secret, step)) == code]
    if not steps or max(steps) <= data.get("step", 0):
        return False
    claimed = {**data, "step": max(steps)}
    if not Authenticator.objects.filter(pk=authenticator.pk, data=data).update(data=claimed):
        return False
    authenticator.data = claimed
    return True
