"""An access token is opened once for as long as it lives, and for nothing but exactly what is stored."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from cryptography.fernet import Fernet
from django.conf import LazySettings

from integrations.clock import database_now
from integrations.encryption import Sealed, SecretUnreadableError
from integrations.models import Connection
from integrations.ninjaone import opened
from integrations.ninjaone.opened import access_token_opened
from tests.cast import Tenant
from tests.integrations.wire.conftest import Live

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def openings(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The columns that were opened, in this order."""
    noted: list[str] = []
    truly = Sealed.open

    def noting(sealed: Sealed, row_id: object) -> str:
        noted.append(sealed.context.rpartition(".")[2])
        return truly(sealed, row_id)  # type: ignore[arg-type]

    monkeypatch.setattr(Sealed, "open", noting)
    opened._LIVING.clear()
    yield noted
    opened._LIVING.clear()


def stored(connection: Connection, token: str, *, seconds: float = 3600) -> Connection:
    """The row as the next call reads it, once another token is stored."""
    ends_at = database_now() + timedelta(seconds=seconds)
    sealed = connection.sealed("access_token", token)
    Connection.objects.filter(pk=connection.pk).update(access_token=sealed, access_expires_at=ends_at)
    return read(connection)


def read(connection: Connection) -> Connection:
    return Connection.objects.get(pk=connection.pk)


def test_calls_open_a_token_once(live: Live, openings: list[str]) -> None:
    for _ in range(3):
        live.tenant.connection = read(live.tenant.connection)
        assert live.send().status == 200
    assert openings.count("access_token") == 1


def test_another_token_is_opened_and_takes_the_place_of_the_former(acme: Tenant, openings: list[str]) -> None:
    assert access_token_opened(stored(acme.connection, "one")) == "one"
    assert access_token_opened(stored(acme.connection, "other")) == "other"
    assert access_token_opened(read(acme.connection)) == "other"
    assert [token.text for token in opened._LIVING.values()] == ["other"]
    assert len(openings) == 2


def test_each_tenant_has_its_own(acme: Tenant, northwind: Tenant) -> None:
    assert access_token_opened(stored(acme.connection, "acme's")) == "acme's"
    assert access_token_opened(stored(northwind.connection, "northwind's")) == "northwind's"
    assert access_token_opened(read(acme.connection)) == "acme's"


def test_the_token_of_another_row_does_not_open_however_often_it_was_opened_there(
    acme: Tenant, northwind: Tenant
) -> None:
    theirs = stored(acme.connection, "acme's")
    assert access_token_opened(theirs) == "acme's"
    Connection.objects.filter(pk=northwind.connection.pk).update(access_token=theirs.access_token)
    with pytest.raises(SecretUnreadableError, match="another row"):
        access_token_opened(read(northwind.connection))


def test_it_does_not_open_without_its_key_although_it_was_opened_with_it(acme: Tenant, settings: LazySettings) -> None:
    connection = stored(acme.connection, "one")
    assert access_token_opened(connection) == "one"
    settings.FERNET_KEYS = [Fernet.generate_key().decode()]
    with pytest.raises(SecretUnreadableError):
        access_token_opened(read(connection))


def test_what_has_ended_is_forgotten_when_the_next_one_is_opened(acme: Tenant, northwind: Tenant) -> None:
    access_token_opened(stored(acme.connection, "ended", seconds=-1))
    assert [token.text for token in opened._LIVING.values()] == ["ended"]
    access_token_opened(stored(northwind.connection, "living"))
    assert [token.text for token in opened._LIVING.values()] == ["living"]


def test_a_connection_without_a_token_has_none_whatever_it_had(acme: Tenant) -> None:
    connection = stored(acme.connection, "one")
    access_token_opened(connection)
    connection.access_token = None
    assert access_token_opened(connection) is None


def test_what_is_kept_shows_nothing_of_itself(acme: Tenant) -> None:
    access_token_opened(stored(acme.connection, "very-secret"))
    assert opened._LIVING
    assert "very-secret" not in f"{opened._LIVING!r} {[*map(str, opened._LIVING.values())]}"
