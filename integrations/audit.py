"""Append to an MSP's audit chain. Always inside the transaction of the change it records."""

from __future__ import annotations

import hashlib
import hmac
import json
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F

from integrations.clock import database_now
from integrations.models import Agent, AuditEvent, AuditHead, Msp, User

GENESIS = "0" * 64


class AuditError(Exception):
    """The entry could not be written, so the change it belongs to must not happen either."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it: a person, an agent, or Countersign itself."""

    kind: str
    id: str
    name: str

    @classmethod
    def user(cls, user: User) -> Actor:
        """A person."""
        return cls("user", str(user.pk), user.get_username())

    @classmethod
    def agent(cls, agent: Agent) -> Actor:
        """A customer's AI agent."""
        return cls("agent", str(agent.pk), agent.name)

    @classmethod
    def system(cls, name: str) -> Actor:
        """A part of Countersign that acts by itself, by its name."""
        return cls("system", "", name)

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


def audit_append(*, msp: Msp, actor: Actor, action: str, subject: str, data: dict[str, Any] | None = None) -> None:
    """Write one entry; `data` must be JSON and hold no secret.

    Raises AuditError outside a transaction: without its entry the change must roll back.
    """
    if not transaction.get_connection().in_atomic_block:
        raise AuditError("An audit entry belongs into the transaction of its change.")
    # The UPDATE takes the row lock, so that entries of one MSP queue up here and number and seal fit together.
    if AuditHead.objects.filter(msp=msp).update(number=F("number") + 1) == 0:
        AuditHead.objects.get_or_create(msp=msp, defaults={"number": 0, "seal": GENESIS})
        AuditHead.objects.filter(msp=msp).update(number=F("number") + 1)
    head = AuditHead.objects.get(msp=msp)
    happened_at = database_now()
    record = canonical(
        {
            "msp": str(msp.pk),
            "number": head.number,
            "happened_at": happened_at.isoformat(timespec="microseconds"),
            "actor": {"kind": actor.kind, "id": actor.id, "name": actor.name},
            "action": action,
            "subject": subject,
            "data": data or {},
            "previous": head.seal,
        }
    )
    seal = seal_of(record)
    AuditEvent.objects.create(
        msp=msp,
        number=head.number,
        happened_at=happened_at,
        action=action,
        actor=str(actor)[:200],
        subject=subject[:200],
        record=record,
        previous_seal=head.seal,
        seal=seal,
    )
    AuditHead.objects.filter(msp=msp).update(seal=seal)


def canonical(value: object) -> str:
    """The one JSON text of a value: sorted keys, no spaces, no NaN."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def seal_of(record: str) -> str:
    """The HMAC-SHA-256 (hex) of a record under the newest AUDIT_KEY."""
    return hmac.new(settings.AUDIT_KEYS[0].encode(), record.encode(), hashlib.sha256).hexdigest()
