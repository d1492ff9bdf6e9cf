"""Signatures of webhooks as Standard Webhooks has them (github.com/standard-webhooks, symmetric, version 1)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime

PREFIX = "whsec_"
SECRET_BYTES = 32


def secret_new() -> str:
    """A new secret, as the receiver is shown it."""
    return f"{PREFIX}{base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()}"


def headers_of(*, message_id: str, at: datetime, body: str, keys: Iterable[str]) -> dict[str, str]:
    """The headers of a message that is sent `at`, with a signature by each of `keys`, newest first."""
    timestamp = str(int(at.timestamp()))
    signed = f"{message_id}.{timestamp}.{body}".encode()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": timestamp,
        "webhook-signature": " ".join(_signature(key, signed) for key in keys),
        "Content-Type": "application/json",
        "User-Agent": "Countersign",
    }


def _signature(key: str, signed: bytes) -> str:
    secret = base64.b64decode(key.removeprefix(PREFIX))
    return f"v1,{base64.b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode()}"
