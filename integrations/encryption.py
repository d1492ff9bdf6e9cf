"""Secrets at rest: `fernet_fields` behind a field that refuses everything but a value sealed for its row.

The library's field stores garbage on `bulk_update()` and `F()`, knows one key per installation and opens
a ciphertext wherever it was copied to. Here a value is sealed for one column of one row: the key is derived
for the column, the row's id is inside the plaintext, and opening checks both. Nothing is decrypted on load.
"""

from __future__ import annotations

import base64
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NoReturn
from uuid import UUID

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import FieldError
from django.db import models
from fernet_fields import EncryptedTextField


class SecretUnreadableError(Exception):
    """A stored secret does not open: wrong key ring, changed bytes, or a value of another row or column."""


@lru_cache(maxsize=64)
def _key_ring(context: str, keys: tuple[str, ...]) -> MultiFernet:
    def derive(key: str) -> Fernet:
        kdf = HKDF(algorithm=SHA256(), length=32, salt=b"countersign", info=context.encode())
        return Fernet(base64.urlsafe_b64encode(kdf.derive(key.encode())))

    return MultiFernet([derive(key) for key in keys])


class Sealed:
    """A ciphertext that opens only for the row and column it was sealed for. Shows nothing of itself."""

    __slots__ = ("_token", "context")

    def __init__(self, context: str, token: bytes) -> None:
        self.context = context
        self._token = token

    @classmethod
    def seal(cls, *, context: str, row_id: UUID, plaintext: str) -> Sealed:
        """Seal `plaintext` with the newest key for column `context` (app.model.field) of row `row_id`."""
        token = _key_ring(context, tuple(settings.FERNET_KEYS)).encrypt(f"{row_id}:{plaintext}".encode())
        return cls(context, token)

    def open(self, row_id: UUID) -> str:
        """The plaintext. Raises SecretUnreadableError; never returns anything that was not sealed for `row_id`."""
        try:
            text = _key_ring(self.context, tuple(settings.FERNET_KEYS)).decrypt(self._token).decode()
        except (InvalidToken, UnicodeDecodeError) as error:
            raise SecretUnreadableError(f"{self.context} does not open with the current FERNET_KEYS") from error
        owner, _, plaintext = text.partition(":")
        if owner != str(row_id):
            raise SecretUnreadableError(f"{self.context} holds a value that was sealed for another row")
        return plaintext

    def rotated(self) -> Sealed:
        """The same secret under the newest key of the ring. Raises SecretUnreadableError."""
        try:
            return Sealed(self.context, _key_ring(self.context, tuple(settings.FERNET_KEYS)).rotate(self._token))
        except InvalidToken as error:
            raise SecretUnreadableError(f"{self.context} does not open with the current FERNET_KEYS") from error

    @property
    def is_newest(self) -> bool:
        """Whether it is sealed with the newest key of the ring."""
        try:
            _key_ring(self.context, (settings.FERNET_KEYS[0],)).decrypt(self._token)
        except InvalidToken:
            return False
        return True

    @property
    def token(self) -> bytes:
        """The ciphertext as stored."""
        return self._token

    def __repr__(self) -> str:
        return f"<sealed {self.context}>"


class SealedField(EncryptedTextField):  # type: ignore[misc]
    """A column of `Sealed` values: no lookups (but isnull), no expressions, no plain strings."""

    if TYPE_CHECKING:
        # The library has no types; this is what a model's attribute gives and takes.
        def __get__(self, instance: Any, owner: Any) -> Any: ...
        def __set__(self, instance: Any, value: Sealed | None) -> None: ...

    @property
    def context(self) -> str:
        """The name of this column, which its keys are derived for."""
        return f"{self.model._meta.label_lower}.{self.name}"

    def seal(self, row_id: UUID, plaintext: str) -> Sealed:
        """Seal `plaintext` for this column of the row `row_id`."""
        return Sealed.seal(context=self.context, row_id=row_id, plaintext=plaintext)

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        """Store a value sealed for this column; refuse everything else, expressions included."""
        if value is None:
            return None
        if not isinstance(value, Sealed) or value.context != self.context:
            self._refuse()
        return connection.Database.Binary(value.token)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        """The way of `Value()`, so of `bulk_update()`: only an absent value passes."""
        if value is not None:
            self._refuse()
        return None

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Sealed | None:
        """Wrap the stored bytes; they are opened where they are needed, by someone who knows the row."""
        return None if value is None else Sealed(self.context, bytes(value))

    def to_python(self, value: Any) -> Any:
        """Sealed values pass; forms and fixtures have no way in."""
        if value is None or isinstance(value, Sealed):
            return value
        return self._refuse()

    def value_to_string(self, obj: models.Model) -> str:
        """Serializers (dumpdata) never see a secret, not even sealed."""
        return self._refuse()

    def _refuse(self) -> NoReturn:
        raise FieldError(f"{self.context} stores only values sealed for its row")
