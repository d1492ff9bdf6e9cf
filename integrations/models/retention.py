"""How long an MSP keeps what."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from integrations.models.people import Msp
from integrations.tenancy import TenantQuerySet

RESULTS_DAYS, INVOCATIONS_DAYS, AUDIT_DAYS = 30, 400, 400
# A result answers the call's idempotency key for a week. What was asked, decided and sent, and by whom, has to be there
# when somebody looks into an intrusion, and whoever took over an admin's account must not be able to shorten that.
LEAST_RESULTS_DAYS, LEAST_INVOCATIONS_DAYS, LEAST_AUDIT_DAYS = 7, 90, 180
LONGEST_DAYS = 3_650
PERIODS = ("results_days", "invocations_days", "audit_days")


def _in_bounds(prefix: str) -> Q:
    """Each period has its least value, and nothing is kept longer than what tells of it."""
    results, invocations, audit = (f"{prefix}{name}" for name in PERIODS)
    least = {
        f"{results}__gte": LEAST_RESULTS_DAYS,
        f"{invocations}__gte": LEAST_INVOCATIONS_DAYS,
        f"{audit}__gte": LEAST_AUDIT_DAYS,
        f"{audit}__lte": LONGEST_DAYS,
    }
    return Q(**least) & Q(**{f"{results}__lte": F(invocations), f"{invocations}__lte": F(audit)})


class Retention(models.Model):
    """One row for each MSP, made by the database with it.

    The first three periods are in force, and the database's guards go by them. The wanted ones differ only while a
    shorter one waits for `shortens_at`.
    """

    msp = models.OneToOneField(Msp, on_delete=models.PROTECT, primary_key=True, related_name="retention")
    results_days = models.PositiveSmallIntegerField()
    invocations_days = models.PositiveSmallIntegerField()
    audit_days = models.PositiveSmallIntegerField()
    wanted_results_days = models.PositiveSmallIntegerField()
    wanted_invocations_days = models.PositiveSmallIntegerField()
    wanted_audit_days = models.PositiveSmallIntegerField()
    shortens_at = models.DateTimeField(null=True, editable=False)
    # When the sweep looks at this MSP next. Whoever does takes it by moving this on.
    due_at = models.DateTimeField(editable=False)
    # Of calls before then no result is left.
    results_removed_to = models.DateTimeField(null=True, editable=False)
    # How far its audit was followed, and what the periods were there; sealed (integrations.audit.periods).
    followed = models.TextField(blank=True, editable=False, db_default="")

    objects = TenantQuerySet.as_manager()

    class Meta:
        indexes = [
            # approvals.retention: whose turn it is.
            models.Index(fields=["due_at"], name="retention_due")
        ]
        constraints = [
            models.CheckConstraint(condition=_in_bounds(""), name="retention_in_bounds"),
            models.CheckConstraint(condition=_in_bounds("wanted_"), name="retention_wanted_in_bounds"),
        ]

    def __str__(self) -> str:
        return f"{self.results_days}, {self.invocations_days} and {self.audit_days} days"

    @property
    def in_force(self) -> dict[str, int]:
        """The three periods as they are."""
        return {name: getattr(self, name) for name in PERIODS}

    @property
    def wanted(self) -> dict[str, int]:
        """The three periods as they will be."""
        return {name: getattr(self, f"wanted_{name}") for name in PERIODS}
