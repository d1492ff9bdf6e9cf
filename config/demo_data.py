"""The demo's two MSPs, their people and agents, connected to the NinjaOne sandbox. Safe to fill in again.

Keys are stored as digests only. The demo's keys and passwords are therefore derived from SECRET_KEY: always the same
here, so that they can be printed again, and unknown to everybody who does not have it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from datetime import timedelta
from itertools import count

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import transaction

from integrations.agent_keys import ALPHABET, agent_key_issue
from integrations.audit import Actor, audit_append
from integrations.clock import database_now
from integrations.models import Agent, AgentKey, Connection, ConnectionState, Membership, Msp, User
from integrations.ninjaone.errors import RunnerError
from integrations.ninjaone.hosts import SANDBOX
from integrations.ninjaone.runner import runner_save
from integrations.ninjaone.sandbox import ACME, NORTHWIND, seed_grant
from integrations.ninjaone.sandbox.seeds import BASH_RUNNER_IDS

DEMO = Actor.system("demo data")
# Of a shorter salt Django makes a longer one, and hashes anew, when somebody signs in.
SALT_LENGTH = 22
AGENTS = ("helpdesk-bot", "patch-bot")
# The short name of a person within the MSP, and what they may do.
PEOPLE = (
    ("admin", {"is_admin": True, "is_approver": False}),
    ("approver", {"is_admin": False, "is_approver": True}),
    ("approver-2", {"is_admin": False, "is_approver": True}),
    ("viewer", {"is_admin": False, "is_approver": False}),
)


@dataclass(frozen=True, slots=True)
class DemoMsp:
    """One MSP of the demo: its slug, its name and its client app in the sandbox."""

    slug: str
    name: str
    short_name: str
    client_id: str


MSPS = (
    DemoMsp("acme-msp", "Acme MSP", "acme", ACME),
    DemoMsp("northwind-it", "Northwind IT", "northwind", NORTHWIND),
)


@dataclass(frozen=True, slots=True)
class Person:
    """A person who can sign in, and how."""

    username: str
    password: str
    role: str


@dataclass(frozen=True, slots=True)
class Bot:
    """An agent and its key."""

    name: str
    key: str


@dataclass(frozen=True, slots=True)
class Filled:
    """An MSP as it stands in the database now."""

    msp: Msp
    runner_problem: str
    agents: list[Bot]
    users: list[Person]


def demo_fill() -> list[Filled]:
    """Creates what is missing of the demo and gives it back, with keys and passwords."""
    return [_fill(demo) for demo in MSPS]


def _fill(demo: DemoMsp) -> Filled:
    with transaction.atomic():
        msp, _ = Msp.objects.get_or_create(slug=demo.slug, defaults={"name": demo.name})
        # One password for an MSP's people: to hash one takes half a second, and whoever tries roles types it often.
        password = _derived(f"password of {demo.slug}", 18)
        encoded = make_password(password, salt=_derived(f"salt of {demo.slug}", SALT_LENGTH))
        people = [_person(msp, f"{demo.short_name}-{name}", password, encoded, **roles) for name, roles in PEOPLE]
        admin = User.objects.get(username=people[0].username)
        agents = [_agent(msp, name, admin) for name in AGENTS]
        connection = _connection(msp, demo.client_id, admin)
    # Asks the sandbox, so not within the transaction.
    return Filled(msp, _runner_problem(connection, admin), agents, people)


def _runner_problem(connection: Connection, admin: User) -> str:
    """Names the bash runner as an admin would; why that did not work, "" when it is set."""
    if connection.runner_script_id is not None or connection.client_id not in BASH_RUNNER_IDS:
        return ""
    try:
        runner_save(connection=connection, user=admin, script_id=BASH_RUNNER_IDS[connection.client_id])
    except RunnerError as error:
        return error.message
    return ""


def _person(msp: Msp, username: str, password: str, encoded: str, **roles: bool) -> Person:
    user, _ = User.objects.get_or_create(username=username, defaults={"email": f"{username}@{msp.slug}.example"})
    if user.password != encoded:
        user.password = encoded
        user.save(update_fields=["password"])
    Membership.objects.update_or_create(msp=msp, user=user, defaults=roles)
    role = "admin" if roles["is_admin"] else "approver" if roles["is_approver"] else "viewer"
    return Person(username, password, role)


def _agent(msp: Msp, name: str, owner: User) -> Bot:
    agent, _ = Agent.objects.get_or_create(msp=msp, name=name, defaults={"owner": owner})
    # A key that somebody revoked stays revoked; its successor is as derivable.
    for generation in count():
        text = _key_text(f"{msp.slug}/{name}/{generation}")
        key = AgentKey.objects.for_msp(msp).filter(prefix=text[3:11]).first()
        if key is None:
            agent_key_issue(agent=agent, actor=DEMO, plaintext=text)
            break
        if key.revoked_at is None:
            break
    return Bot(name, text)


def _connection(msp: Msp, client_id: str, admin: User) -> Connection:
    """The MSP's connection to the sandbox, as a finished consent leaves it; one that works is left as it is."""
    connection = Connection.objects.for_msp(msp).filter(vendor="ninjaone").first() or Connection(msp=msp)
    if connection.state == ConnectionState.CONNECTED:
        return connection
    grant = seed_grant(client_id)
    now = database_now()
    connection.region = SANDBOX
    connection.client_id = client_id
    connection.client_secret = connection.sealed("client_secret", f"{client_id}-secret")
    connection.access_token = connection.sealed("access_token", grant.access_token)
    connection.refresh_token = connection.sealed("refresh_token", grant.refresh_token)
    connection.access_issued_at = now
    connection.access_expires_at = now + timedelta(seconds=grant.expires_in)
    connection.granted_scopes = grant.scope
    connection.state = ConnectionState.CONNECTED
    connection.state_reason = ""
    connection.epoch += 1
    connection.token_version += 1
    connection.authorized_by = admin
    connection.authorized_at = now
    connection.save()
    audit_append(msp=msp, actor=DEMO, action="connection.seeded", subject=f"connection {connection.pk}")
    return connection


def _derived(purpose: str, length: int) -> str:
    digest = hmac.new(settings.SECRET_KEY.encode(), f"countersign demo: {purpose}".encode(), hashlib.sha256).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")[:length]


def _key_text(purpose: str) -> str:
    prefix_bytes = hmac.new(settings.SECRET_KEY.encode(), f"prefix {purpose}".encode(), hashlib.sha256).digest()
    prefix = "".join(ALPHABET[byte % len(ALPHABET)] for byte in prefix_bytes[:8])
    return f"cs_{prefix}_{_derived(f'key of {purpose}', 43)}"
