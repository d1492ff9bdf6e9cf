"""What the exchange of a consent's code gives: fewer scopes, no refresh token, or nothing at all."""

from __future__ import annotations

import pytest

from integrations.models import AuditEvent, Connection, ConnectionState
from integrations.ninjaone.connect import (
    ConnectError,
    missing_scopes,
)
from integrations.ninjaone.sandbox import ACME, Sandbox, faults
from integrations.ninjaone.sandbox.faults import Fault
from tests.cast import Tenant
from tests.integrations.wire.browser import consent
from tests.integrations.wire.consenting import finish, saved, start
from tests.ninjaone_mount import NinjaMock

__all__ = ["saved"]


def test_no_refresh_token_is_said_plainly(saved: Tenant, ninjaone: Sandbox) -> None:
    ninjaone.clients[ACME].refresh_grant = False

    connection = finish(saved, consent(ninjaone, start(saved)))

    assert connection.state == ConnectionState.CONNECTED
    assert connection.refresh_token is None
    assert "grant type Refresh Token" in connection.state_reason


@pytest.mark.parametrize(
    ("scope", "missing"),
    [
        ("monitoring offline_access", ["management", "control"]),
        ("offline_access control management monitoring", []),
        (["monitoring", "offline_access", 5], ["management", "control"]),
        (None, []),
        ("", []),
    ],
)
def test_scopes_that_were_not_granted_are_named(
    saved: Tenant, ninjaone: Sandbox, scope: str | list[object] | None, missing: list[str]
) -> None:
    returned = consent(ninjaone, start(saved))
    body = {"access_token": "a", "refresh_token": "r", "expires_in": 60, "scope": scope}
    with NinjaMock() as rsps:
        rsps.post("http://127.0.0.1:8801/ws/oauth/token", json={k: v for k, v in body.items() if v is not None})
        connection = finish(saved, returned)

    assert connection.state == ConnectionState.CONNECTED
    assert AuditEvent.objects.for_msp(saved.msp).filter(action="connection.authorized").count() == 1
    assert missing_scopes(connection) == missing


@pytest.mark.parametrize(
    "fault",
    [
        faults.status(400, body={"error": "invalid_grant"}),
        faults.status(500),
        faults.status(429),
        faults.html(200),
        faults.garbage(200),
        faults.empty(200),
        faults.dropped(),
        faults.raw(200, b'{"error": "invalid_request"}', "application/json"),
        faults.raw(200, b'{"access_token": "two words", "token_type": "Bearer"}', "application/json"),
        faults.raw(200, b"null", "application/json"),
        faults.raw(200, b"[]", "application/json"),
        faults.raw(200, b'"a"', "application/json"),
        faults.raw(200, b"1", "application/json"),
        faults.raw(200, b"[" * 60_000, "application/json"),
        faults.raw(200, b"access_token=a&expires_in=soon", "application/json"),
    ],
)
def test_an_exchange_that_fails_changes_nothing(saved: Tenant, ninjaone: Sandbox, fault: Fault) -> None:
    returned = consent(ninjaone, start(saved))
    ninjaone.faults.add("POST", "/ws/oauth/token", fault)

    with pytest.raises(ConnectError) as caught:
        finish(saved, returned)

    assert "Press the button again" in caught.value.message
    assert returned.code not in caught.value.message
    row = Connection.objects.get(pk=saved.connection.pk)
    assert (row.state, row.access_token) == (ConnectionState.NOT_AUTHORIZED, None)
    assert AuditEvent.objects.for_msp(saved.msp).filter(action="connection.authorization_failed").count() == 1


@pytest.mark.parametrize(
    "odd",
    [
        {"expires_in": "soon"},
        {"expires_in": None},
        {"expires_in": [60]},
        {"scope": 5},
        {"scope": {"monitoring": True}},
        {"token_type": None},
    ],
)
def test_what_is_odd_beside_the_tokens_costs_no_consent(
    saved: Tenant, ninjaone: Sandbox, odd: dict[str, object]
) -> None:
    returned = consent(ninjaone, start(saved))
    body = {"access_token": "a", "refresh_token": "r", "expires_in": 60, "token_type": "Bearer", **odd}
    with NinjaMock() as rsps:
        rsps.post("http://127.0.0.1:8801/ws/oauth/token", json=body)
        connection = finish(saved, returned)

    assert connection.state == ConnectionState.CONNECTED
    assert connection.secret("access_token") == "a"
