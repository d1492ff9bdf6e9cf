"""The Idempotency-Keys by which agents ask for their invocations."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.db import models

from approvals.models.invocations import Invocation
from integrations.models import Agent, Msp
from integrations.tenancy import TenantQuerySet

# As the wire contract says.
KEPT = timedelta(days=7)


class IdempotencyKey(models.Model):
    """What an agent calls one of its invocations. One that waits gets each key by which it is asked for again.

    A table of its own, so that a key can never stand for two calls.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    msp = models.ForeignKey(Msp, on_delete=models.PROTECT, related_name="+", db_index=False)
    # No index of its own: the constraint's begins with it.
    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="+", db_index=False)
    key = models.CharField(max_length=255)
    invocation = models.ForeignKey(Invocation, on_delete=models.PROTECT, related_name="idempotency_keys")
    created_at = models.DateTimeField()

    objects = TenantQuerySet.as_manager()

    class Meta:
        indexes = [
            # idempotency.forget(), over all MSPs.
            models.Index(fields=["created_at"], name="idempotency_key_oldest"),
        ]
        constraints = [models.UniqueConstraint(fields=["agent", "key"], name="idempotency_key_once_per_agent")]

    def __str__(self) -> str:
        return f"key of {self.invocation_id}"
