"""Access tokens that were opened, for as long as they live: opening the same one for every call is a third of what a
call costs on its way out.

Kept by the row, its ciphertext and the key ring: another token, another row's or another ring is opened anew, and fails
as it would have failed. Nothing is kept of what is used rarely, client secrets and refresh tokens.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings

from integrations.clock import likely_now
from integrations.models import Connection


class _Opened:
    """A token in clear. Shows nothing of itself."""

    __slots__ = ("ends_at", "ring", "sealed", "text")

    def __init__(self, sealed: bytes, ring: Sequence[str], text: str, ends_at: datetime) -> None:
        self.sealed, self.ring, self.text, self.ends_at = sealed, ring, text, ends_at


# By the connection's id; one of each.
_LIVING: dict[int, _Opened] = {}


def access_token_opened(connection: Connection) -> str | None:
    """The connection's access token; None where it has none. Raises SecretUnreadableError."""
    sealed, ends_at, key = connection.access_token, connection.access_expires_at, connection.id.int
    if sealed is None or ends_at is None:
        return connection.secret("access_token")
    known, ring = _LIVING.get(key), settings.FERNET_KEYS
    if known is not None and known.sealed == sealed.token and known.ring == ring:
        return known.text
    text: str = sealed.open(connection.pk)
    _forget_ended()
    _LIVING[key] = _Opened(sealed.token, [*ring], text, ends_at)
    return text


def _forget_ended() -> None:
    now = likely_now()
    for key, token in list(_LIVING.items()):
        if token.ends_at <= now:
            _LIVING.pop(key, None)
