"""Two connected MSPs with approvers and agents. Nobody signs in, so nobody has a password."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from approvals.models import Lookout
from approvals.outcomes.opening import consent_of
from integrations.agent_keys import agent_key_issue
from integrations.audit import Actor
from integrations.clock import database_now
from integrations.models import Agent, Connection, ConnectionState, Membership, Msp, User
from integrations.ninjaone.hosts import SANDBOX
from integrations.ninjaone.sandbox import ACME, NORTHWIND, seed_grant

AGENTS_PER_MSP = 10
# What is counted here are losses, not refusals.
NO_LIMIT = {"calls_per_minute": 1_000_000, "pending_limit": 1_000_000}
CLIENTS = {"acme": ACME, "northwind": NORTHWIND}
CHAOS = Actor.system("chaos")


def cast_fill(users: Mapping[str, int]) -> dict[str, str]:
    """Creates them; the agents' keys by name. `users` is who consented in NinjaOne, by client."""
    keys = {}
    for slug, client_id in CLIENTS.items():
        msp = Msp.objects.create(slug=slug, name=slug.title(), **NO_LIMIT)
        for number in range(2):
            approver = User.objects.create_user(f"{slug}-approver-{number}")
            Membership.objects.create(msp=msp, user=approver, is_approver=True)
        _connect(msp, client_id, users[client_id])
        owner = User.objects.create_user(f"{slug}-owner")
        for number in range(AGENTS_PER_MSP):
            agent = Agent.objects.create(
                msp=msp, name=f"{slug}-{number}", owner=owner, writes_per_minute=1_000_000, **NO_LIMIT
            )
            keys[agent.name] = agent_key_issue(agent=agent, actor=CHAOS)[1]
    return keys


def _connect(msp: Msp, client_id: str, user_id: int) -> None:
    grant = seed_grant(client_id)
    connection = Connection(msp=msp, region=SANDBOX, client_id=client_id, state=ConnectionState.CONNECTED, epoch=1)
    connection.client_secret = connection.sealed("client_secret", f"{client_id}-secret")
    connection.access_token = connection.sealed("access_token", grant.access_token)
    connection.refresh_token = connection.sealed("refresh_token", grant.refresh_token)
    connection.access_expires_at = database_now() + timedelta(seconds=grant.expires_in)
    connection.granted_scopes = grant.scope
    connection.save()
    # As the first bash run proves it.
    now = database_now()
    Lookout.objects.create(
        msp=msp, connection=connection, next_read_at=now, user_id=user_id, origin=consent_of(connection), due_at=now
    )
