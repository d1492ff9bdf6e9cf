"""A key is shown once, recognised while it lives, and dead the moment it is revoked."""

from __future__ import annotations

import hashlib
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from integrations import agent_keys
from integrations.agent_keys import (
    KEY_PATTERN,
    InvalidKeyError,
    agent_key_authenticate,
    agent_key_issue,
    agent_key_revoke,
)
from integrations.audit import Actor, AuditError
from integrations.clock import database_now
from integrations.models import AgentKey, AuditEvent
from tests.cast import Tenant


def use(text: str) -> AgentKey:
    return agent_key_authenticate(authorization=f"Bearer {text}").key


def test_it_recognises_a_key(acme: Tenant) -> None:
    principal = agent_key_authenticate(authorization=f"Bearer {acme.key_text}")

    assert (principal.agent, principal.msp, principal.key) == (acme.agent, acme.msp, acme.key)
    assert abs((principal.now - database_now()).total_seconds()) < 5


def test_a_key_looks_as_the_contract_says(acme: Tenant) -> None:
    texts = {agent_key_issue(agent=acme.agent, actor=Actor.user(acme.admin))[1] for _ in range(20)}

    assert len(texts) == 20
    assert all(KEY_PATTERN.fullmatch(text) for text in texts)


def test_only_a_digest_is_stored(acme: Tenant) -> None:
    row = AgentKey.objects.values().get(pk=acme.key.pk)

    assert row["digest"] == hashlib.sha256(acme.key_text.encode()).hexdigest()
    assert acme.key_text.rpartition("_")[2] not in str(row)
    assert acme.key_text not in f"{acme.key} {acme.key!r}"
    assert not any(acme.key_text in record for record in AuditEvent.objects.values_list("record", flat=True))


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "{key}",
        "Basic {key}",
        "Token {key}",
        "Bearer {key}x",
        "Bearer x{key}",
        "Bearer {key} {key}",
        "Bearer\t{key}",
        "Bearer {upper}",
        "Bearer {other_secret}",
        "Bearer {other_prefix}",
        "Bearer cs_aaaaaaaa_" + "a" * 43,
        "Bearer cs_" + "a" * 10_000,
        "Bearer {key}\x00",
        "Bearer cs_ａaaaaaaa_" + "a" * 43,
    ],
)
def test_it_rejects_what_is_not_the_key(acme: Tenant, authorization: str | None) -> None:
    key = acme.key_text
    last = "A" if key[-1] != "A" else "B"
    swapped = "A" if key[3] != "A" else "B"
    if authorization is not None:
        authorization = authorization.format(
            key=key,
            upper=key.upper(),
            other_secret=key[:-1] + last,
            other_prefix=key[:3] + swapped + key[4:],
        )

    with pytest.raises(InvalidKeyError):
        agent_key_authenticate(authorization=authorization)


@pytest.mark.parametrize("scheme", ["bearer", "BEARER", "Bearer "])
def test_the_scheme_is_not_case_sensitive(acme: Tenant, scheme: str) -> None:
    assert agent_key_authenticate(authorization=f"{scheme} {acme.key_text}").key == acme.key


def test_the_secret_of_one_key_does_not_open_another(acme: Tenant, northwind: Tenant) -> None:
    mixed = acme.key_text[:12] + northwind.key_text[12:]

    with pytest.raises(InvalidKeyError):
        use(mixed)


def test_it_rejects_an_expired_key_by_the_databases_time(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    now = database_now()
    monkeypatch.setattr("django.utils.timezone.now", lambda: now - timedelta(days=1))
    AgentKey.objects.update(expires_at=now + timedelta(minutes=1))
    use(acme.key_text)
    AgentKey.objects.update(expires_at=now - timedelta(seconds=1))

    with pytest.raises(InvalidKeyError):
        use(acme.key_text)


def test_it_rejects_a_revoked_key_at_once(acme: Tenant) -> None:
    use(acme.key_text)

    assert agent_key_revoke(key=acme.key, actor=Actor.user(acme.admin))
    with pytest.raises(InvalidKeyError):
        use(acme.key_text)


def test_revoking_twice_is_once(acme: Tenant) -> None:
    actor = Actor.user(acme.admin)

    assert agent_key_revoke(key=acme.key, actor=actor)
    assert not agent_key_revoke(key=acme.key, actor=actor)
    assert AuditEvent.objects.for_msp(acme.msp).filter(action="agent_key.revoked").count() == 1


def test_revoking_one_key_leaves_the_others(acme: Tenant, northwind: Tenant) -> None:
    second, text = agent_key_issue(agent=acme.agent, actor=Actor.user(acme.admin))
    agent_key_revoke(key=acme.key, actor=Actor.user(acme.admin))

    assert use(text) == second
    assert use(northwind.key_text) == northwind.key


def test_it_rejects_the_keys_of_a_disabled_agent(acme: Tenant) -> None:
    acme.agent.is_enabled = False
    acme.agent.save()

    with pytest.raises(InvalidKeyError):
        use(acme.key_text)


def test_issuing_is_recorded_without_the_key(acme: Tenant) -> None:
    expires_at = database_now() + timedelta(days=1)

    key, text = agent_key_issue(agent=acme.agent, actor=Actor.user(acme.admin), expires_at=expires_at)

    entry = AuditEvent.objects.for_msp(acme.msp).get(number=2)
    assert (entry.action, key.msp) == ("agent_key.issued", acme.msp)
    assert key.prefix in entry.record
    assert expires_at.isoformat() in entry.record
    assert text not in entry.record


def test_without_its_audit_entry_no_key_is_made_or_revoked(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**entry: object) -> None:
        raise AuditError

    monkeypatch.setattr(agent_keys, "audit_append", refuse)

    with pytest.raises(AuditError):
        agent_key_issue(agent=acme.agent, actor=Actor.user(acme.admin))
    with pytest.raises(AuditError):
        agent_key_revoke(key=acme.key, actor=Actor.user(acme.admin))
    assert AgentKey.objects.filter(agent=acme.agent).count() == 1
    assert use(acme.key_text) == acme.key


def test_demo_data_brings_keys_of_its_own(acme: Tenant) -> None:
    text = "cs_DEMOdemo_" + "d" * 43

    key, given = agent_key_issue(agent=acme.agent, actor=Actor.system("demo"), plaintext=text)

    assert given == text
    assert use(text) == key
    with pytest.raises(IntegrityError), transaction.atomic():
        agent_key_issue(agent=acme.agent, actor=Actor.system("demo"), plaintext=text)


@pytest.mark.parametrize("text", ["hunter2", "cs_short_x", "cs_DEMOdemo_" + "d" * 42, "CS_DEMOdemo_" + "d" * 43])
def test_a_key_that_does_not_look_like_one_is_not_made(acme: Tenant, text: str) -> None:
    with pytest.raises(ValueError, match="must look like"):
        agent_key_issue(agent=acme.agent, actor=Actor.system("demo"), plaintext=text)


def test_the_last_use_is_noted_at_most_once_a_minute(acme: Tenant) -> None:
    use(acme.key_text)
    first = AgentKey.objects.get(pk=acme.key.pk).last_used_at
    use(acme.key_text)
    assert first is not None
    assert AgentKey.objects.get(pk=acme.key.pk).last_used_at == first
    AgentKey.objects.update(last_used_at=first - timedelta(seconds=61))
    use(acme.key_text)

    again = AgentKey.objects.get(pk=acme.key.pk).last_used_at
    assert again is not None
    assert again >= first


def test_a_key_that_was_refused_is_not_noted_as_used(acme: Tenant) -> None:
    agent_key_revoke(key=acme.key, actor=Actor.user(acme.admin))

    with pytest.raises(InvalidKeyError):
        use(acme.key_text)
    assert AgentKey.objects.get(pk=acme.key.pk).last_used_at is None
