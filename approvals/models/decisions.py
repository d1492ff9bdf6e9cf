"""Votes on a request, and tries on the wire."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from approvals.models.invocations import Invocation
from integrations.models import Msp, User
from integrations.tenancy import TenantQuerySet


class Verdict(models.TextChoices):
    """What a person said."""

    APPROVED = "approved", _("Approved")
    DENIED = "denied", _("Denied")


class ReasonCode(models.TextChoices):
    """Why a request was denied, in words that teach the agent."""

    WRONG_DEVICE = "wrong_device", _("Wrong device")
    WRONG_TIME = "wrong_time", _("Wrong time")
    NEEDS_TICKET = "needs_ticket", _("Needs a ticket")
    TOO_BROAD = "too_broad", _("Too broad")
    BY_HAND = "by_hand", _("We do it by hand")
    OTHER = "other", _("Other")
    SUSPICIOUS = "suspicious", _("Reported as suspicious")


class Decision(models.Model):
    """One person's vote, bound to the digest they saw. Never changed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # No index of its own: the one below begins with it.
    msp = models.ForeignKey(Msp, on_delete=models.PROTECT, related_name="+", db_index=False)
    invocation = models.ForeignKey(Invocation, on_delete=models.PROTECT, related_name="decisions")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    verdict = models.CharField(max_length=10, choices=Verdict.choices)
    digest = models.CharField(max_length=71)
    reason_code = models.CharField(max_length=30, choices=ReasonCode.choices, blank=True)
    comment = models.CharField(max_length=2000, blank=True)
    acceptable = models.CharField(max_length=1000, blank=True)
    # When the agent asked: a copy, so that what one person decided is found in the order of the activity.
    asked_at = models.DateTimeField()
    decided_at = models.DateTimeField()

    objects = TenantQuerySet.as_manager()

    class Meta:
        ordering = ["decided_at"]
        indexes = [
            # Activity by who decided, and the people who ever did.
            models.Index(fields=["msp", "user", "-asked_at", "-invocation"], name="decision_of_person"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["invocation", "user"],
                name="decision_once_per_person",
                violation_error_message=_("You decided this request already."),
            ),
            models.CheckConstraint(condition=Q(verdict__in=Verdict.values), name="decision_verdict_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.verdict} by {self.user_id}"


class Attempt(models.Model):
    """One try on the wire, committed before the socket is opened. A write has one, ever."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    msp = models.ForeignKey(Msp, on_delete=models.PROTECT, related_name="+")
    invocation = models.ForeignKey(Invocation, on_delete=models.PROTECT, related_name="attempts")
    number = models.PositiveSmallIntegerField()
    is_write = models.BooleanField()
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    upstream_status = models.PositiveSmallIntegerField(null=True)
    upstream_request_id = models.CharField(max_length=100, blank=True)
    error_code = models.CharField(max_length=40, blank=True)

    objects = TenantQuerySet.as_manager()

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["invocation", "number"], name="attempt_number_once"),
            models.UniqueConstraint(fields=["invocation"], name="attempt_once_per_write", condition=Q(is_write=True)),
        ]

    def __str__(self) -> str:
        return f"attempt {self.number} of {self.invocation_id}"
