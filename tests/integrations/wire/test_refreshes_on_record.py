"""Each new access token is an entry of the MSP's audit, in the transaction that saves it, and without the token."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from integrations.audit import AuditError
from integrations.clock import database_now
from integrations.models import AuditEvent, Connection
from integrations.ninjaone import tokens
from integrations.ninjaone.tokens import access_token
from tests.cast import Tenant


def expired(tenant: Tenant) -> Connection:
    Connection.objects.filter(pk=tenant.connection.pk).update(access_expires_at=database_now() - timedelta(hours=1))
    return Connection.objects.get(pk=tenant.connection.pk)


def test_a_refresh_is_on_record_without_its_secrets(acme: Tenant) -> None:
    token = access_token(expired(acme))
    row = Connection.objects.get(pk=acme.connection.pk)
    entry = AuditEvent.objects.for_msp(acme.msp).get(action="connection.token_refreshed")
    assert row.access_expires_at is not None
    assert json.loads(entry.record)["data"] == {
        "connection": str(row.pk),
        "token_version": row.token_version,
        "expires_at": row.access_expires_at.isoformat(),
        "is_refresh_token_new": True,
    }
    for secret in (token, row.secret("refresh_token"), row.secret("client_secret")):
        assert str(secret) not in entry.record


def test_a_token_that_cannot_be_put_on_record_is_not_saved(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    connection = expired(acme)

    def refuse(**entry: object) -> None:
        raise AuditError("no entry today")

    monkeypatch.setattr(tokens, "audit_append", refuse)
    with pytest.raises(AuditError):
        access_token(connection)
    assert Connection.objects.get(pk=connection.pk).token_version == connection.token_version
