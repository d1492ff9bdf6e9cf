"""Sessions that a copy of the database does not give away: rows bear a digest of the cookie, and their data is sealed.

Django keeps the cookie's value as the key of the row, and what a session holds signed, but readable: the secret of an
authenticator app that is being set up, the token of an invitation, the state of a sign-in by another service.
"""

from __future__ import annotations

import hashlib
import logging
from typing import Any
from uuid import UUID

from django.contrib.sessions.backends.db import SessionStore as DatabaseSessionStore
from django.contrib.sessions.base_session import AbstractBaseSession
from django.contrib.sessions.models import Session
from django.utils import timezone

from integrations.encryption import Sealed, SecretUnreadableError

CONTEXT = "sessions.session.session_data"
# What the column holds. Of the digest of 165 random bits this much is not to be found by trying either.
KEY_LENGTH = 40

logger = logging.getLogger(__name__)


def stored_key(session_key: str) -> str:
    """The key of the row of a session."""
    return hashlib.sha256(f"session:{session_key}".encode()).hexdigest()[:KEY_LENGTH]


class SessionStore(DatabaseSessionStore):
    """Django's, with keys digested and data sealed for its row. The name is the one that Django looks for."""

    def load(self) -> dict[str, Any]:
        """What the session holds; nothing where there is none, or where it does not open any more."""
        key = self.session_key or ""
        row = Session.objects.filter(session_key=stored_key(key), expire_date__gt=timezone.now()).first()
        if row is None:
            self._session_key = None
            return {}
        return self.decode(row.session_data)

    def exists(self, session_key: str) -> bool:
        """Whether there is such a session."""
        return super().exists(stored_key(session_key))

    def delete(self, session_key: str | None = None) -> None:
        """End it."""
        key = session_key or self.session_key
        if key is not None:
            super().delete(stored_key(key))

    def create_model_instance(self, data: dict[str, Any]) -> AbstractBaseSession:
        """The row as it is stored."""
        row = super().create_model_instance(data)
        row.session_key = stored_key(row.session_key)
        return row

    def encode(self, session_dict: dict[str, Any]) -> str:
        """Sealed for this row with the newest of FERNET_KEYS."""
        text = self.serializer().dumps(session_dict).decode("latin-1")
        return Sealed.seal(context=CONTEXT, row_id=self._row_id(), plaintext=text).token.decode()

    def decode(self, session_data: bytes | str) -> dict[str, Any]:
        """Opened with any of FERNET_KEYS; whose session does not open signs in again."""
        token = session_data.encode() if isinstance(session_data, str) else session_data
        try:
            text = Sealed(CONTEXT, token).open(self._row_id())
        except SecretUnreadableError as error:
            logger.warning("A session is void: %s", error)
            return {}
        return dict(self.serializer().loads(text.encode("latin-1")))

    def _row_id(self) -> UUID:
        return UUID(stored_key(self.session_key or "")[:32])
