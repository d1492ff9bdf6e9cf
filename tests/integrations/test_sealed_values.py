"""A sealed value opens for its row and column, with the right key, unchanged - or not at all."""

from __future__ import annotations

import copy
import json
import pickle
import uuid
from base64 import urlsafe_b64decode

import pytest
from cryptography.fernet import Fernet
from django.conf import LazySettings

from integrations.encryption import Sealed, SecretUnreadableError
from integrations.models import Connection
from tests.cast import Tenant

CONTEXT = "integrations.connection.client_secret"
ROW = uuid.UUID(int=1)


def seal(text: str = "hunter2") -> Sealed:
    return Sealed.seal(context=CONTEXT, row_id=ROW, plaintext=text)


@pytest.mark.parametrize("text", ["hunter2", "", "with:colons:", "ümläut \u202e", "x" * 10_000])
def test_it_opens_for_its_row(text: str) -> None:
    assert seal(text).open(ROW) == text


def test_two_seals_of_one_text_differ() -> None:
    assert seal().token != seal().token


def test_another_key_does_not_open_it(settings: LazySettings) -> None:
    sealed = seal()
    settings.FERNET_KEYS = ["another-key-for-tests-only-0123456789"]

    with pytest.raises(SecretUnreadableError):
        sealed.open(ROW)
    with pytest.raises(SecretUnreadableError):
        sealed.rotated()


def test_another_row_does_not_open_it() -> None:
    with pytest.raises(SecretUnreadableError):
        seal().open(uuid.UUID(int=2))


def test_another_column_does_not_open_it() -> None:
    with pytest.raises(SecretUnreadableError):
        Sealed("integrations.connection.access_token", seal().token).open(ROW)


def test_a_plaintext_that_looks_like_another_rows_is_not_taken_for_it() -> None:
    other = uuid.UUID(int=2)

    with pytest.raises(SecretUnreadableError):
        seal(f"{other}:hunter2").open(other)


def test_every_changed_byte_is_noticed() -> None:
    token = seal().token
    for position in range(len(token)):
        changed = bytearray(token)
        changed[position] = ord("A") if changed[position] != ord("A") else ord("B")
        # The last character of base64 may differ in bits that stand for nothing: that is the same value.
        if urlsafe_b64decode(changed) == urlsafe_b64decode(token):
            continue
        with pytest.raises(SecretUnreadableError):
            Sealed(CONTEXT, bytes(changed)).open(ROW)


@pytest.mark.parametrize("token", [b"", b"hunter2", b"\xff" * 40, b"gAAAAA" + b"A" * 90])
def test_what_was_never_sealed_does_not_open(token: bytes) -> None:
    with pytest.raises(SecretUnreadableError):
        Sealed(CONTEXT, token).open(ROW)


def test_a_value_that_the_plain_library_encrypted_does_not_open(settings: LazySettings) -> None:
    plain = Fernet(Fernet.generate_key())

    with pytest.raises(SecretUnreadableError):
        Sealed(CONTEXT, plain.encrypt(f"{ROW}:hunter2".encode())).open(ROW)


def test_an_older_key_of_the_ring_still_opens(settings: LazySettings) -> None:
    sealed = seal()
    settings.FERNET_KEYS = ["a-newer-key-for-tests-only-0123456789", *settings.FERNET_KEYS]

    assert sealed.open(ROW) == "hunter2"


def test_a_rotated_value_needs_only_the_newest_key(settings: LazySettings) -> None:
    sealed, newest = seal(), "a-newer-key-for-tests-only-0123456789"
    settings.FERNET_KEYS = [newest, *settings.FERNET_KEYS]
    rotated = sealed.rotated()
    settings.FERNET_KEYS = [newest]

    assert rotated.open(ROW) == "hunter2"
    with pytest.raises(SecretUnreadableError):
        sealed.open(ROW)


def test_it_shows_nothing_of_itself() -> None:
    sealed = seal()

    for shown in (repr(sealed), str(sealed), f"{sealed}"):
        assert shown == f"<sealed {CONTEXT}>"
    with pytest.raises(TypeError):
        json.dumps(sealed)


def test_an_error_does_not_show_the_value() -> None:
    with pytest.raises(SecretUnreadableError) as caught:
        seal().open(uuid.UUID(int=2))
    assert "hunter2" not in str(caught.value)


def test_copies_and_pickles_stay_sealed() -> None:
    for twin in (copy.deepcopy(seal()), pickle.loads(pickle.dumps(seal()))):  # noqa: S301  our own bytes
        assert twin.open(ROW) == "hunter2"
        assert b"hunter2" not in twin.token


def test_a_row_opens_its_own_columns(acme: Tenant) -> None:
    row = Connection.objects.get(pk=acme.connection.pk)

    assert row.secret("client_secret") == "sandbox-acme-secret"
    row.access_token = None
    assert row.secret("access_token") is None
