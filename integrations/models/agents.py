"""AI agents and the keys they come with."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from integrations.models.limits import AGENT_CALLS_PER_MINUTE, AGENT_PENDING, AGENT_WRITES_PER_MINUTE, limit_field
from integrations.models.people import Msp, User
from integrations.tenancy import TenantQuerySet


class Agent(models.Model):
    """Something that asks. Of what it may touch, `None` is everything and an empty list nothing."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    msp = models.ForeignKey(Msp, on_delete=models.CASCADE, related_name="agents", editable=False)
    name = models.CharField(_("name"), max_length=80)
    owner = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        related_name="owned_agents",
        verbose_name=_("owner"),
        null=True,
        blank=True,
        help_text=_("The person who answers for this agent. They cannot decide its requests."),
    )
    is_enabled = models.BooleanField(_("enabled"), default=True)
    frozen_at = models.DateTimeField(null=True, editable=False)
    allowed_tools = models.JSONField(_("allowed tools"), null=True, blank=True, help_text=_("Tool ids; empty for all."))
    allowed_organizations = models.JSONField(
        _("allowed organizations"), null=True, blank=True, help_text=_("NinjaOne organization ids; empty for all.")
    )
    allowed_addresses = models.JSONField(
        _("allowed addresses"),
        null=True,
        blank=True,
        help_text=_("Addresses and ranges that its keys may be used from; empty for all."),
    )
    calls_per_minute = limit_field(_("calls a minute"), default=AGENT_CALLS_PER_MINUTE)
    writes_per_minute = limit_field(_("writes a minute"), default=AGENT_WRITES_PER_MINUTE)
    pending_limit = limit_field(_("requests waiting at once"), default=AGENT_PENDING)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = TenantQuerySet.as_manager()

    class Meta:
        verbose_name = _("agent")
        verbose_name_plural = _("agents")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["msp", "name"],
                name="agent_name_once_per_msp",
                violation_error_message=_("Another agent has this name."),
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
        verbose_name = _("agent key")
        verbose_name_plural = _("agent keys")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"cs_{self.prefix}_…"
