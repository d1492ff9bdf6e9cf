"""Who the key is, what it may do, and whether the connection works."""

from __future__ import annotations

from datetime import UTC, datetime

from integrations.clock import database_now
from integrations.models import Agent, AgentKey, Connection, Msp
from tests.approvals.rest.calling import Caller, caller_of
from tests.approvals.rest.one_transaction import acme
from tests.cast import Tenant

__all__ = ["acme"]


def test_a_key_learns_whose_it_is(acme: Tenant, agent: Caller) -> None:
    assert agent.get("me").body == {
        "agent": {"id": str(acme.agent.pk), "name": "helpdesk-bot"},
        "msp": {"name": "Acme MSP", "slug": "acme"},
        "key": {"prefix": acme.key_text[:11], "expires_at": None},
        "scopes": {"tools": None, "organizations": None},
        "is_frozen": False,
        "connection": {"vendor": "ninjaone", "state": "connected", "works": True, "reason": None},
    }


def test_scopes_and_expiry_are_shown(agent: Caller) -> None:
    Agent.objects.update(allowed_tools=["ninjaone:ninja-get-device"], allowed_organizations=[2, 3])
    AgentKey.objects.update(expires_at=datetime(2099, 1, 31, 12, 0, 0, 500_000, tzinfo=UTC))
    body = agent.get("me").body
    assert body["scopes"] == {"tools": ["ninjaone:ninja-get-device"], "organizations": [2, 3]}
    assert body["key"]["expires_at"] == "2099-01-31T12:00:00.500Z"


def test_a_lost_consent_shows_with_its_reason(agent: Caller) -> None:
    Connection.objects.update(state="needs_reauthorization", state_reason="The technician left.")
    assert agent.get("me").body["connection"] == {
        "vendor": "ninjaone", "state": "needs_reauthorization", "works": False, "reason": "The technician left.",
    }  # fmt: skip


def test_before_there_is_a_connection_it_says_so(acme: Tenant) -> None:
    Connection.objects.all().delete()
    connection = caller_of(acme).get("me").body["connection"]
    assert (connection["state"], connection["works"]) == ("not_connected", False)


def test_a_frozen_msp_shows(agent: Caller) -> None:
    Msp.objects.update(frozen_at=database_now())
    assert agent.get("me").body["is_frozen"] is True


def test_no_part_of_a_secret_is_shown(acme: Tenant, agent: Caller) -> None:
    text = agent.get("me").response.content.decode()
    assert acme.key_text[12:] not in text
    assert str(acme.connection.secret("access_token")) not in text
