"""Keys of agents: made, shown once, recognised, revoked."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.db.models import FilteredRelation, Q

from integrations.addresses import is_within
from integrations.audit import Actor, audit_append
from integrations.brakes import brake_of, everything_frozen
from integrations.clock import Now, database_now, now_seen
from integrations.models import Agent, AgentKey, Connection, Msp
from integrations.prepared import PreparedQuery, Slot

# The wire contract: cs_<8 public characters>_<43 secret characters>.
KEY_PATTERN = re.compile(r"cs_([A-Za-z0-9]{8})_([A-Za-z0-9_-]{43})")
# How long a key that was replaced still works.
OVERLAP = timedelta(hours=24)
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


class InvalidKeyError(Exception):
    """No key, or one that is malformed, unknown, expired, revoked, used elsewhere, or whose agent is switched off."""


class KeyOverError(Exception):
    """The key does not work any more, so there is nothing to rotate."""


class Principal(NamedTuple):
    """Who is asking: a key, its agent, that one's MSP, and what time the database had when it looked."""

    key: AgentKey
    agent: Agent
    msp: Msp
    # The MSP's to NinjaOne; None before there is one. Its secrets stay sealed until they are opened.
    connection: Connection | None
    now: datetime

    @property
    def brake(self) -> str:
        """Who stopped this agent, as the start of a sentence; "" where nobody did."""
        return str(brake_of(self.agent, self.msp, everything=self.key.everything_frozen))  # type: ignore[attr-defined]


def agent_key_issue(
    *, agent: Agent, actor: Actor, expires_at: datetime | None = None, plaintext: str | None = None
) -> tuple[AgentKey, str]:
    """A new key and its plaintext, which exists nowhere else. `plaintext` is for demo data alone."""
    prefix = "".join(secrets.choice(ALPHABET) for _ in range(8))
    text = plaintext or f"cs_{prefix}_{secrets.token_urlsafe(32)}"
    match = KEY_PATTERN.fullmatch(text)
    if match is None:
        raise ValueError("A key must look like cs_<8 characters>_<43 characters>.")
    with transaction.atomic():
        key = AgentKey.objects.create(
            msp=agent.msp, agent=agent, prefix=match[1], digest=_digest(text), expires_at=expires_at
        )
        audit_append(
            msp=agent.msp,
            actor=actor,
            action="agent_key.issued",
            subject=f"agent {agent.name}",
            data={"agent": str(agent.pk), "prefix": key.prefix, "expires_at": expires_at and expires_at.isoformat()},
        )
    return key, text


def agent_key_revoke(*, key: AgentKey, actor: Actor) -> bool:
    """Revoke a key for its very next call. False when it was revoked before."""
    with transaction.atomic():
        if not AgentKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=Now()):
            return False
        audit_append(
            msp=key.msp,
            actor=actor,
            action="agent_key.revoked",
            subject=f"agent {key.agent.name}",
            data={"agent": str(key.agent_id), "prefix": key.prefix},
        )
    return True


def agent_key_rotate(*, key: AgentKey, actor: Actor) -> tuple[AgentKey, str]:
    """A new key in place of `key`, which still works for a day, so that nobody has to change both at one moment.

    The new one lives as long as the former one was made for. Raises KeyOverError for one that does not work any more.
    """
    with transaction.atomic():
        now = database_now()
        valid = AgentKey.objects.filter(Q(expires_at=None) | Q(expires_at__gt=now), pk=key.pk, revoked_at=None)
        until = now + OVERLAP if key.expires_at is None else min(key.expires_at, now + OVERLAP)
        if not valid.update(expires_at=until):
            raise KeyOverError
        lifetime = None if key.expires_at is None else key.expires_at - key.created_at
        new, text = agent_key_issue(
            agent=key.agent, actor=actor, expires_at=None if lifetime is None else now + lifetime
        )
        audit_append(
            msp=key.msp,
            actor=actor,
            action="agent_key.rotated",
            subject=f"agent {key.agent.name}",
            data={"agent": str(key.agent_id), "prefix": key.prefix, "until": until.isoformat(), "new": new.prefix},
        )
    return new, text


def agent_key_authenticate(*, authorization: str | None, address: Callable[[], str] = lambda: "") -> Principal:
    """The principal of an `Authorization` header. Raises InvalidKeyError.

    `address` tells where the call comes from; it is asked only for agents that are limited to addresses.
    """
    scheme, _, text = (authorization or "").partition(" ")
    match = KEY_PATTERN.fullmatch(text.strip())
    if scheme.lower() != "bearer" or match is None:
        raise InvalidKeyError
    row = _KEY_OF_PREFIX.first(match[1])
    if row is None or not hmac.compare_digest(row.digest, _digest(text.strip())):
        raise InvalidKeyError
    now: datetime = row.database_now  # type: ignore[attr-defined]
    now_seen(now)
    agent = row.agent
    msp = agent.msp
    connection: Connection | None = row.__dict__.get("ninjaone")
    if connection is not None:
        # By this MSP it was found: there is nothing to compare and no column to set.
        connection._state.fields_cache["msp"] = msp
    if row.revoked_at is not None or (row.expires_at is not None and row.expires_at <= now):
        raise InvalidKeyError
    ranges = agent.allowed_addresses
    if not agent.is_enabled or (ranges is not None and not is_within(address(), ranges)):
        raise InvalidKeyError
    _note_use(row, now)
    return Principal(row, agent, msp, connection, now)


def _note_use(key: AgentKey, now: datetime) -> None:
    """Remember the last use, at most once a minute, so that calls do not pay a write each."""
    if key.last_used_at is None or (now - key.last_used_at).total_seconds() >= 60:
        AgentKey.objects.filter(pk=key.pk).update(last_used_at=database_now())


# Every call pays this one: key, agent, MSP, connection, the brake and the database's time in one statement.
_KEY_OF_PREFIX: PreparedQuery[AgentKey] = PreparedQuery(
    lambda prefix: (
        AgentKey.objects.annotate(  # type: ignore[misc]  # the plugin knows no filtered relations
            ninjaone=FilteredRelation(
                "agent__msp__connections", condition=Q(agent__msp__connections__vendor="ninjaone")
            ),
            database_now=Now(),
            everything_frozen=everything_frozen(),
        )
        .select_related("agent__msp", "ninjaone")
        .filter(prefix=prefix)
        .order_by()
    ),
    Slot(AgentKey, "prefix", "~prefix~"),
    # What people look at, and secrets that only a refresh opens, from a row that it reads itself.
    later={
        AgentKey: frozenset({"created_at"}),
        Agent: frozenset({"created_at", "owner_id"}),
        Msp: frozenset({"created_at", "own_requests_allowed", "time_zone"}),
        Connection: frozenset(
            {
                *("access_issued_at", "authorized_at", "authorized_by_id", "client_secret", "created_at", "failure"),
                *("granted_scopes", "policies_reviewed_at", "refresh_lease_until", "refresh_token", "runner_saved_at"),
                *("runner_saved_by_id", "tested_at"),
            }
        ),
    },
)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
