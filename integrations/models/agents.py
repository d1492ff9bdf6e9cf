"""AI agents and the keys they come with."""

from __future__ import annotations

import uuid

from django.db import models

from integrations.models.limits import AGENT_CALLS_PER_MINUTE, AGENT_PENDING, AGENT_WRITES_PER_MINUTE, limit_field
from integrations.models.people import Msp, User
from integrations.tenancy import TenantQuerySet


class Agent(models.Model):
    """Something that asks. Of what it may touch, `None` is everything and an empty list nothing."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    msp = models.ForeignKey(Msp, on_delete=models.CASCADE, related_name="agents", editable=False)
    name = models.CharField(max_length=80)
    owner = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        related_name="owned_agents",
        null=True,
        blank=True,
        help_text="The person who answers for this agent. They cannot decide its requests.",
    )
    is_enabled = models.BooleanField("enabled", default=True)
    frozen_at = models.DateTimeField(null=True, editable=False)
    allowed_tools = models.JSONField(null=True, blank=True, help_text="Tool ids; empty for all.")
    allowed_organizations = models.JSONField(
        null=True, blank=True, help_text="NinjaOne organization ids; empty for all."
    )
    allowed_addresses = models.JSONField(
        null=True, blank=True, help_text="Addresses and ranges that its keys may be used from; empty for all."
    )
    calls_per_minute = limit_field("calls a minute", default=AGENT_CALLS_PER_MINUTE)
    writes_per_minute = limit_field("writes a minute", default=AGENT_WRITES_PER_MINUTE)
    pending_limit = limit_field("requests waiting at once", default=AGENT_PENDING)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = TenantQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["msp", "name"],
                name="agent_name_once_per_msp",
                violation_error_message="Another agent has this name.",
            )
        ]

    def __str__(self) -> str:
        return self.name


class AgentKey(models.Model):
    """A bearer key, shown once when made; here is only its SHA-256."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    msp = models.ForeignKey(Msp, on_delete=models.CASCADE, related_name="agent_keys", editable=False)
    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="keys")
    prefix = models.CharField(max_length=8, unique=True, editable=False)
    digest = models.CharField(max_length=64, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True, editable=False)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)

    objects = TenantQuerySet.as_manager()

    class Meta:
        verbose_name = "agent key"
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"cs_{self.prefix}_…"
