"""Every entry that the product writes about secrets is searched for them."""

from __future__ import annotations

from django.conf import LazySettings

from integrations.agent_keys import agent_key_issue, agent_key_revoke
from integrations.audit import Actor
from integrations.models import AuditEvent, Connection
from integrations.ninjaone.connect import connection_disconnect, connection_save
from integrations.ninjaone.tokens import refresh_after_401
from integrations.rotation import secrets_rotate
from tests.cast import PASSWORD, Tenant


def test_no_entry_holds_a_secret(acme: Tenant, settings: LazySettings) -> None:
    secrets = {acme.key_text, acme.key_text[-43:], PASSWORD, "another-client-secret", *settings.AUDIT_KEYS}
    secrets |= {str(acme.connection.secret(name)) for name in ("client_secret", "access_token", "refresh_token")}
    secrets |= {refresh_after_401(acme.connection, acme.connection.token_version)}
    secrets |= {str(Connection.objects.get(pk=acme.connection.pk).secret("refresh_token"))}
    key, text = agent_key_issue(agent=acme.agent, actor=Actor.user(acme.admin))
    secrets |= {text, key.digest}
    agent_key_revoke(key=key, actor=Actor.user(acme.admin))
    acme.signed_in(acme.admin)
    settings.FERNET_KEYS = ["the-new-fernet-key-0123456789abcdefgh", *settings.FERNET_KEYS]
    secrets_rotate()
    connection_save(
        msp=acme.msp, user=acme.admin, region="sandbox", client_id="another", client_secret="another-client-secret"
    )
    connection_disconnect(connection=Connection.objects.get(pk=acme.connection.pk), user=acme.admin)
    actions = set(AuditEvent.objects.values_list("action", flat=True))
    assert {"agent_key.issued", "login.succeeded", "secret.resealed", "connection.saved"} <= actions
    everything = "\n".join(map(str, AuditEvent.objects.values_list("record", "subject", "actor")))
    assert [secret for secret in secrets if secret in everything] == []
