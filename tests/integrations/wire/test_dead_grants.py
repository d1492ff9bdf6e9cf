"""Only a dead grant costs the credential; nothing else that the token endpoint says does."""

from __future__ import annotations

from datetime import timedelta

import pytest

from integrations.clock import database_now
from integrations.models import AuditEvent, Connection, ConnectionState
from integrations.ninjaone import tokens
from integrations.ninjaone.errors import NeedsReauthorizationError, NotSentError
from integrations.ninjaone.sandbox import Sandbox, faults
from integrations.ninjaone.sandbox.faults import Fault
from integrations.ninjaone.tokens import access_token
from tests.cast import Tenant

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


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (faults.status(400, body={"error": "invalid_grant"}), "invalid_grant"),
        (faults.status(400, body={"error": "invalid_token"}), "invalid_token"),
        (faults.status(401, body={"error": "expired_token"}), "expired_token"),
        (faults.status(401, body={"error": "invalid_client"}), "client secret"),
        (faults.status(404, body={"resultCode": "Client app not exist"}), "client id"),
    ],
)
def test_a_dead_grant_asks_for_a_new_consent(acme: Tenant, ninjaone: Sandbox, fault: Fault, words: str) -> None:
    connection = expire(acme.connection)
    ninjaone.faults.add("POST", TOKEN, fault)

    with pytest.raises(NeedsReauthorizationError) as caught:
        access_token(connection)

    row = Connection.objects.get(pk=connection.pk)
    assert words in caught.value.message
    assert words in row.state_reason
    assert row.state == ConnectionState.NEEDS_REAUTHORIZATION
    assert (row.access_token, row.refresh_token, row.refresh_lease_until) == (None, None, None)
    entry = AuditEvent.objects.for_msp(acme.msp).get(action="connection.needs_reauthorization")
    assert words in entry.record
    with pytest.raises(NeedsReauthorizationError):
        access_token(row)
    assert asked(ninjaone) == 1


@pytest.mark.parametrize(
    "fault",
    [
        faults.status(429),
        faults.status(500),
        faults.status(503, body={"error": "invalid_grant"}),
        faults.status(400, body={"error": "unauthorized_client"}),
        faults.status(400, body={"error": "something_new"}),
        faults.status(404),
        faults.html(200),
        faults.html(404),
        faults.html(503),
        faults.garbage(200),
        faults.garbage(400),
        faults.empty(200),
        faults.empty(400),
        faults.raw(400, b'"invalid_grant"', "application/json"),
        faults.raw(200, b"[]", "application/json"),
        faults.raw(200, b'{"access_token": ""}', "application/json"),
        faults.raw(200, b'{"access_token": "a\\r\\nX: y"}', "application/json"),
        faults.raw(200, b'{"access_token": 7}', "application/json"),
        faults.status(302),
        faults.dropped(is_after_effect=False),
        faults.slow(25),
    ],
)
def test_nothing_else_costs_the_credential(acme: Tenant, ninjaone: Sandbox, fault: Fault) -> None:
    connection = expire(acme.connection)
    ninjaone.faults.add("POST", TOKEN, fault)

    with pytest.raises(NotSentError) as caught:
        access_token(connection)

    assert caught.value.code == "upstream_unavailable"
    row = Connection.objects.get(pk=connection.pk)
    assert (row.state, row.refresh_lease_until, row.token_version) == (ConnectionState.CONNECTED, None, 0)
    assert access_token(row)
    entries = AuditEvent.objects.for_msp(acme.msp).filter(action__startswith="connection.")
    assert [entry.action for entry in entries] == ["connection.token_refreshed"]  # of the second try


def test_without_a_refresh_token_the_end_is_the_end(acme: Tenant, ninjaone: Sandbox) -> None:
    connection = expire(acme.connection, refresh_token=None)

    with pytest.raises(NeedsReauthorizationError) as caught:
        access_token(connection)

    assert "grant type Refresh Token" in caught.value.message
    assert Connection.objects.get(pk=connection.pk).state == ConnectionState.NEEDS_REAUTHORIZATION
    assert asked(ninjaone) == 0
