"""How much of its minute somebody has used."""

from __future__ import annotations

from django.db import models

from integrations.models import Agent, Msp
from integrations.tenancy import TenantQuerySet


class Scope(models.TextChoices):
    """What is counted, and for whom."""

    AGENT_CALLS = "agent_calls", "Calls of an agent"
    AGENT_WRITES = "agent_writes", "Writes of an agent"
    MSP_CALLS = "msp_calls", "Calls of an MSP's agents"


class Bucket(models.Model):
    """A token bucket as one number: the moment at which it is full again if nothing more is taken.

    `owner` is an agent or an MSP. `full_at` is in microseconds since 1970 by the database's clock.
    """

    pk = models.CompositePrimaryKey("owner", "scope")
    owner = models.UUIDField()
    scope = models.CharField(max_length=20, choices=Scope.choices)
    msp = models.ForeignKey(Msp, on_delete=models.CASCADE, related_name="+")
    full_at = models.BigIntegerField()

    objects = TenantQuerySet.as_manager()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(scope__in=Scope.values), name="bucket_scope_is_known")]

    def __str__(self) -> str:
        return f"{self.scope} of {self.owner}"


class Refused(models.Model):
    """How often a limit (by its error code) refused an agent since the audit's last entry about it."""

    pk = models.CompositePrimaryKey("agent_id", "code")
    agent = models.ForeignKey(Agent, on_delete=models.CASCADE, related_name="+")
    code = models.CharField(max_length=40)
    msp = models.ForeignKey(Msp, on_delete=models.CASCADE, related_name="+")
    noted_at = models.DateTimeField()
    count = models.PositiveBigIntegerField()

    objects = TenantQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.code} of {self.agent_id}"
