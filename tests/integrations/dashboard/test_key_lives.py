"""How keys end: after a time, replaced with an overlap; and where they work."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from integrations.agent_keys import (
    OVERLAP,
    InvalidKeyError,
    KeyOverError,
    agent_key_authenticate,
    agent_key_issue,
    agent_key_revoke,
    agent_key_rotate,
)
from integrations.audit import Actor
from integrations.clock import database_now
from integrations.models import Agent, AgentKey
from tests.approvals.rest.calling import caller_of
from tests.cast import Tenant
from tests.integrations.dashboard.attacking import AGENTS, actions, page_of

KEY = re.compile(r"cs_[A-Za-z0-9]{8}_[A-Za-z0-9_-]{43}")


@pytest.mark.parametrize(("days", "lives"), [("30", 30), ("365", 365), ("0", None), ("x", 30)])
def test_a_key_lives_as_long_as_was_chosen(acme: Tenant, days: str, lives: int | None) -> None:
    acme.signed_in(acme.admin).post(f"{AGENTS}{acme.agent.pk}/keys/", {"days": days})
    key = AgentKey.objects.exclude(pk=acme.key.pk).get()
    if lives is None:
        assert key.expires_at is None
    else:
        assert key.expires_at is not None
        assert abs(key.expires_at - key.created_at - timedelta(days=lives)) < timedelta(minutes=1)


def test_a_replaced_key_works_for_a_day_beside_the_new_one(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    page = page_of(acme.signed_in(acme.admin), f"{AGENTS}{acme.agent.pk}/keys/{acme.key.pk}/rotate/", now="yes")
    found = KEY.search(page)
    assert found is not None
    assert "works for another 24 hours" in page
    assert agent_key_authenticate(authorization=f"Bearer {found[0]}").agent == acme.agent
    assert acme.principal().agent == acme.agent
    old = AgentKey.objects.get(pk=acme.key.pk)
    assert old.expires_at is not None
    assert abs(old.expires_at - database_now() - OVERLAP) < timedelta(minutes=1)
    assert actions(acme)[-2:] == ["agent_key.issued", "agent_key.rotated"]
    AgentKey.objects.filter(pk=acme.key.pk).update(expires_at=database_now())
    with pytest.raises(InvalidKeyError):
        acme.principal()


def test_a_replacement_lives_as_long_as_the_key_did_and_never_prolongs_it(acme: Tenant) -> None:
    actor = Actor.user(acme.admin)
    soon = database_now() + timedelta(hours=1)
    key, _ = agent_key_issue(agent=acme.agent, actor=actor, expires_at=soon)
    new, _ = agent_key_rotate(key=key, actor=actor)
    assert AgentKey.objects.get(pk=key.pk).expires_at == soon
    assert new.expires_at is not None
    assert abs(new.expires_at - soon) < timedelta(minutes=1)


def test_a_key_that_is_over_is_not_replaced(acme: Tenant) -> None:
    actor = Actor.user(acme.admin)
    agent_key_revoke(key=acme.key, actor=actor)
    with pytest.raises(KeyOverError):
        agent_key_rotate(key=acme.key, actor=actor)
    page = page_of(acme.signed_in(acme.admin), f"{AGENTS}{acme.agent.pk}/keys/{acme.key.pk}/rotate/", now="yes")
    assert "was not replaced" in page
    assert AgentKey.objects.count() == 1


def test_a_stolen_key_is_unknown_from_elsewhere(acme: Tenant) -> None:
    Agent.objects.update(allowed_addresses=["127.0.0.0/8", "2001:db8::/32"])
    assert caller_of(acme).get("me").status == 200
    Agent.objects.update(allowed_addresses=["192.0.2.0/24"])
    assert caller_of(acme).get("me").status == 401
    # Left of what our own proxy writes stands what somebody claims.
    forged = {"X-Forwarded-For": "192.0.2.7, 203.0.113.5"}
    assert caller_of(acme).get("me", **forged).status == 401
    for address in ("192.0.2.7", "::ffff:192.0.2.7"):
        assert agent_key_authenticate(authorization=f"Bearer {acme.key_text}", address=lambda at=address: at)  # type: ignore[misc]
    for address in ("", "192.0.3.1", "2001:db8::1", "x"):
        with pytest.raises(InvalidKeyError):
            agent_key_authenticate(authorization=f"Bearer {acme.key_text}", address=lambda at=address: at)  # type: ignore[misc]


def test_addresses_are_typed_line_by_line(acme: Tenant) -> None:
    client = acme.signed_in(acme.admin)
    url = f"{AGENTS}{acme.agent.pk}/change/"
    fields = {"name": "helpdesk-bot", "is_enabled": "on"}
    assert "is no address or range" in page_of(client, url, **fields, allowed_addresses="10.0.0.0/8\nhome")
    assert client.post(url, {**fields, "allowed_addresses": "10.0.0.0/8, 2001:DB8::1"}).status_code == 302
    assert Agent.objects.get(pk=acme.agent.pk).allowed_addresses == ["10.0.0.0/8", "2001:db8::1/128"]
    assert client.post(url, {**fields, "allowed_addresses": ""}).status_code == 302
    assert Agent.objects.get(pk=acme.agent.pk).allowed_addresses is None
