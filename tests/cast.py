"""One fixed cast of tenants and people, each MSP connected to its own world of the NinjaOne sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from integrations.agent_keys import Principal, agent_key_authenticate, agent_key_issue
from integrations.audit import Actor
from integrations.clock import database_now
from integrations.models import Agent, AgentKey, Connection, ConnectionState, Membership, Msp, User
from integrations.models.limits import LARGEST
from integrations.ninjaone.sandbox import ACME, NORTHWIND, Sandbox, seed_grant
from integrations.ninjaone.sandbox.seeds import BASH_RUNNER_IDS
from tests.ninjaone_mount import NinjaMock, mount

PASSWORD = "correct horse battery staple"


@dataclass
class Tenant:
    """An MSP with its people, its agent and its connection."""

    msp: Msp
    admin: User
    approver: User
    second_approver: User
    viewer: User
    agent: Agent
    key: AgentKey
    key_text: str
    connection: Connection

    def principal(self) -> Principal:
        """The agent as the gate sees it, at the database's time now."""
        return agent_key_authenticate(authorization=f"Bearer {self.key_text}")

    def bearer(self) -> dict[str, Any]:
        """Headers for Django's test client."""
        return {"headers": {"Authorization": f"Bearer {self.key_text}"}}

    def signed_in(self, user: User) -> Client:
        """A browser in which `user` is signed in."""
        client = Client()
        client.force_login(user)
        return client


def make_tenant(slug: str, client_id: str, sandbox: Sandbox) -> Tenant:
    """An MSP connected to the world of `client_id`."""
    msp = Msp.objects.create(name=f"{slug.title()} MSP", slug=slug)

    def person(role: str, **roles: bool) -> User:
        user = User.objects.create_user(f"{slug}-{role}", f"{role}@{slug}.example", PASSWORD)
        Membership.objects.create(msp=msp, user=user, **roles)
        return user

    admin = person("admin", is_admin=True)
    agent = Agent.objects.create(msp=msp, name="helpdesk-bot", owner=admin)
    key, text = agent_key_issue(agent=agent, actor=Actor.user(admin))
    return Tenant(
        msp=msp,
        admin=admin,
        approver=person("approver", is_approver=True),
        second_approver=person("approver2", is_approver=True),
        viewer=person("viewer"),
        agent=agent,
        key=key,
        key_text=text,
        connection=connect(msp, admin, client_id, sandbox),
    )


def connect(msp: Msp, admin: User, client_id: str, sandbox: Sandbox) -> Connection:
    """A connection as a finished consent and a saved runner leave it."""
    grant = seed_grant(client_id)
    connection = Connection(msp=msp, region="sandbox", client_id=client_id)
    connection.client_secret = connection.sealed("client_secret", f"{client_id}-secret")
    connection.access_token = connection.sealed("access_token", grant.access_token)
    connection.refresh_token = connection.sealed("refresh_token", grant.refresh_token)
    connection.access_expires_at = database_now() + timedelta(seconds=grant.expires_in)
    connection.granted_scopes = grant.scope
    connection.state = ConnectionState.CONNECTED
    connection.epoch = 1
    connection.authorized_by = admin
    connection.authorized_at = database_now()
    runner = BASH_RUNNER_IDS[client_id]
    script = sandbox.clients[client_id].world.scripts[runner]
    connection.runner_script_id = runner
    connection.runner_seal = {
        "name": script.name,
        "updatedOn": script.updated_on,
        "lastUpdatedBy": script.last_updated_by,
    }
    connection.save()
    return connection


def lift_limits(tenant: Tenant) -> None:
    """For a story that takes more than a minute's calls."""
    Msp.objects.filter(pk=tenant.msp.pk).update(calls_per_minute=LARGEST, pending_limit=LARGEST)
    Agent.objects.filter(msp=tenant.msp).update(
        calls_per_minute=LARGEST, writes_per_minute=LARGEST, pending_limit=LARGEST
    )


@pytest.fixture
def sandbox() -> Sandbox:
    """A fresh NinjaOne of two worlds."""
    return Sandbox()


@pytest.fixture
def ninjaone(sandbox: Sandbox) -> Iterator[Sandbox]:
    """The sandbox behind every HTTP call that the product makes."""
    with NinjaMock() as rsps:
        mount(rsps, sandbox, settings.NINJAONE_SANDBOX_URL, sleep=lambda seconds: None)
        yield sandbox


@pytest.fixture
def acme(ninjaone: Sandbox, transactional_db: None) -> Tenant:
    """The MSP whose story a test tells."""
    return make_tenant("acme", ACME, ninjaone)


@pytest.fixture
def northwind(ninjaone: Sandbox, transactional_db: None) -> Tenant:
    """Another MSP, with the same device ids."""
    return make_tenant("northwind", NORTHWIND, ninjaone)
