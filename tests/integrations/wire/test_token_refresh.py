"""Access tokens renew themselves; only a dead grant costs the credential."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings

from integrations.clock import database_now
from integrations.models import Connection, ConnectionState
from integrations.ninjaone import oauth, tokens
from integrations.ninjaone.errors import NotConnectedError, NotSentError
from integrations.ninjaone.oauth import DeadGrantError, Tokens, refresh
from integrations.ninjaone.sandbox import ACME, Sandbox, faults
from integrations.ninjaone.tokens import access_token, refresh_after_401
from tests.cast import Tenant
from tests.ninjaone_mount import NinjaMock

TOKEN = "/ws/oauth/token"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "POLL_SECONDS", 0.01)


def expire(connection: Connection, seconds: float = 0, **values: object) -> Connection:
    """The connection with an access token that ends in `seconds`."""
    ends_at = database_now() + timedelta(seconds=seconds)
    Connection.objects.filter(pk=connection.pk).update(access_expires_at=ends_at, **values)
    return Connection.objects.get(pk=connection.pk)


def asked(ninjaone: Sandbox) -> int:
    return len(ninjaone.calls("POST", TOKEN))


def test_a_token_that_is_valid_is_used_without_a_look_at_the_database(
    acme: Tenant, ninjaone: Sandbox, django_assert_num_queries: pytest.FixtureRequest
) -> None:
    with django_assert_num_queries(0):  # type: ignore[operator]
        token = access_token(acme.connection)

    assert token == acme.connection.secret("access_token")
    assert asked(ninjaone) == 0


@pytest.mark.parametrize("seconds", [-3600, 0, 50])
def test_a_token_is_renewed_before_it_ends(acme: Tenant, ninjaone: Sandbox, seconds: int) -> None:
    connection = expire(acme.connection, seconds)
    before = connection.secret("access_token")

    token = access_token(connection)

    row = Connection.objects.get(pk=connection.pk)
    assert token == row.secret("access_token") == connection.secret("access_token") != before
    assert row.token_version == connection.token_version == 1
    assert row.refresh_lease_until is None
    assert row.access_expires_at is not None
    assert 3590 < (row.access_expires_at - database_now()).total_seconds() <= 3600
    assert asked(ninjaone) == 1


def test_a_new_refresh_token_is_kept(acme: Tenant) -> None:
    connection = expire(acme.connection)
    before = connection.secret("refresh_token")

    access_token(connection)

    assert Connection.objects.get(pk=connection.pk).secret("refresh_token") not in {None, before}


def test_the_old_refresh_token_stays_when_no_new_one_comes(acme: Tenant, ninjaone: Sandbox) -> None:
    ninjaone.clients[ACME].rotates_refresh_tokens = False
    connection = expire(acme.connection)
    before = connection.secret("refresh_token")

    access_token(connection)

    assert Connection.objects.get(pk=connection.pk).secret("refresh_token") == before


def test_the_database_decides_when_this_hosts_clock_is_fast(
    acme: Tenant, ninjaone: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = expire(acme.connection, 300)
    ahead = database_now() + timedelta(minutes=10)
    monkeypatch.setattr("django.utils.timezone.now", lambda: ahead)

    assert access_token(connection) == acme.connection.secret("access_token")
    assert asked(ninjaone) == 0


def test_a_token_that_somebody_else_renewed_is_used(acme: Tenant, ninjaone: Sandbox) -> None:
    stale = expire(acme.connection)
    newer = access_token(expire(acme.connection))

    assert access_token(stale) == newer
    assert asked(ninjaone) == 1


def test_a_late_401_does_not_undo_a_newer_token(acme: Tenant, ninjaone: Sandbox) -> None:
    late = Connection.objects.get(pk=acme.connection.pk)
    newer = access_token(expire(acme.connection))

    assert refresh_after_401(late, late.token_version) == newer
    assert asked(ninjaone) == 1


def test_a_401_renews_a_token_that_is_not_over(acme: Tenant, ninjaone: Sandbox) -> None:
    before = acme.connection.secret("access_token")

    assert refresh_after_401(acme.connection, acme.connection.token_version) != before
    assert asked(ninjaone) == 1


def test_a_refresh_that_fails_early_leaves_the_old_token_to_use(acme: Tenant, ninjaone: Sandbox) -> None:
    connection = expire(acme.connection, 50)
    ninjaone.faults.add("POST", TOKEN, faults.status(500))

    assert access_token(connection) == acme.connection.secret("access_token")
    assert asked(ninjaone) == 1


def test_nobody_waits_for_a_refresh_while_the_old_token_is_valid(acme: Tenant, ninjaone: Sandbox) -> None:
    connection = expire(acme.connection, 50, refresh_lease_until=database_now() + timedelta(seconds=30))

    assert access_token(connection) == acme.connection.secret("access_token")
    assert asked(ninjaone) == 0


def test_an_app_that_lost_its_grant_type_is_told_so(acme: Tenant, ninjaone: Sandbox) -> None:
    ninjaone.clients[ACME].refresh_grant = False

    with pytest.raises(NotSentError) as caught:
        access_token(expire(acme.connection))
    assert "grant type" in caught.value.message


def test_without_a_refresh_token_the_token_is_used_to_the_end(acme: Tenant) -> None:
    connection = expire(acme.connection, 30, refresh_token=None)

    assert access_token(connection) == acme.connection.secret("access_token")


def test_a_lease_of_somebody_who_died_lapses(acme: Tenant, ninjaone: Sandbox) -> None:
    connection = expire(acme.connection, refresh_lease_until=database_now() - timedelta(seconds=1))

    assert access_token(connection)
    assert asked(ninjaone) == 1


def test_whoever_waits_takes_over_when_the_lease_lapses(acme: Tenant, ninjaone: Sandbox) -> None:
    connection = expire(acme.connection, refresh_lease_until=database_now() + timedelta(seconds=0.3))

    assert access_token(connection)
    assert asked(ninjaone) == 1


def test_whoever_is_held_up_after_taking_the_lease_asks_no_more(
    acme: Tenant, ninjaone: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    def held_up(**what: Any) -> Tokens:
        time.sleep(0.3)  # and somebody else takes over
        return refresh(**what)

    monkeypatch.setattr(oauth, "TOKEN_SECONDS", 0.2)
    monkeypatch.setattr(tokens, "refresh", held_up)

    with pytest.raises(NotSentError):
        access_token(expire(acme.connection))
    assert asked(ninjaone) == 0


def test_waiting_has_an_end(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "WAIT_SECONDS", 0.1)
    connection = expire(acme.connection, refresh_lease_until=database_now() + timedelta(seconds=30))

    with pytest.raises(NotSentError):
        access_token(connection)


def test_a_holder_who_comes_back_with_nothing_ends_the_wait(
    acme: Tenant, ninjaone: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = expire(acme.connection, refresh_lease_until=database_now() + timedelta(seconds=30))
    give_up = Connection.objects.filter(pk=connection.pk)
    monkeypatch.setattr("time.sleep", lambda seconds: give_up.update(refresh_lease_until=None))

    with pytest.raises(NotSentError):
        access_token(connection)
    assert asked(ninjaone) == 0


def test_tokens_that_come_after_a_disconnect_are_dropped(
    acme: Tenant, ninjaone: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = expire(acme.connection)
    gone = {"state": ConnectionState.NOT_AUTHORIZED, "access_token": None, "refresh_token": None, "epoch": 2}

    def refresh_and_lose(**arguments: object) -> Tokens:
        answer = refresh(**arguments)  # type: ignore[arg-type]
        Connection.objects.filter(pk=connection.pk).update(**gone)
        return answer

    monkeypatch.setattr(tokens, "refresh", refresh_and_lose)

    with pytest.raises(NotConnectedError):
        access_token(connection)
    assert Connection.objects.get(pk=connection.pk).access_token is None


def test_a_grant_that_died_does_not_undo_a_newer_consent(
    acme: Tenant, ninjaone: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = expire(acme.connection)

    def die_late(**arguments: object) -> None:
        newer = connection.sealed("access_token", "newer")
        expire(connection, 3600, access_token=newer, token_version=9)
        raise DeadGrantError("gone")

    monkeypatch.setattr(tokens, "refresh", die_late)

    assert access_token(connection) == "newer"


def test_another_epoch_is_another_connection(acme: Tenant) -> None:
    connection = expire(acme.connection)
    Connection.objects.filter(pk=connection.pk).update(epoch=7)

    with pytest.raises(NotConnectedError):
        access_token(connection)


def test_a_connection_that_is_gone_or_was_never_authorized_has_no_token(acme: Tenant) -> None:
    connection = expire(acme.connection, state=ConnectionState.NOT_AUTHORIZED)

    with pytest.raises(NotConnectedError):
        access_token(connection)
    Connection.objects.filter(pk=connection.pk).delete()
    with pytest.raises(NotConnectedError):
        access_token(connection)


def test_credentials_that_do_not_open_are_not_sent(acme: Tenant, ninjaone: Sandbox, settings: LazySettings) -> None:
    settings.FERNET_KEYS = ["another-key-for-tests-only-0123456789"]

    for connection in (acme.connection, expire(acme.connection)):
        with pytest.raises(NotConnectedError) as caught:
            access_token(connection)
        assert "FERNET_KEYS" in caught.value.message
    assert list(ninjaone.received) == []
    assert Connection.objects.get(pk=acme.connection.pk).refresh_lease_until is None


def test_a_connection_without_a_client_secret_cannot_refresh(acme: Tenant) -> None:
    with pytest.raises(NotConnectedError):
        access_token(expire(acme.connection, client_secret=None))


def test_a_region_that_is_gone_cannot_refresh(acme: Tenant, settings: LazySettings) -> None:
    settings.NINJAONE_SANDBOX_URL = ""

    with pytest.raises(NotConnectedError):
        access_token(expire(acme.connection))


@pytest.mark.parametrize(
    ("expires_in", "seconds"),
    [
        (None, 3600),
        ("120", 120),
        ("soon", 3600),
        (True, 3600),
        (0, 3600),
        (-5, 3600),
        (1.5, 1),
        (1e30, 10 * 366 * 86_400),
    ],
)
def test_lifetimes_of_all_kinds(acme: Tenant, expires_in: object, seconds: int) -> None:
    connection = expire(acme.connection)
    with NinjaMock() as rsps:
        body = {"access_token": "new", "refresh_token": "bad token", "expires_in": expires_in}
        rsps.post(f"http://127.0.0.1:8801{TOKEN}", json=body)
        assert access_token(connection) == "new"

    row = Connection.objects.get(pk=connection.pk)
    assert row.access_expires_at is not None
    assert abs((row.access_expires_at - database_now()).total_seconds() - seconds) < 30
    assert row.secret("refresh_token") == acme.connection.secret("refresh_token")
