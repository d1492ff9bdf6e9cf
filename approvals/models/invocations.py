"""The ledger: one row for everything an agent asked for, whether it ran at once, waited, or was refused."""

from __future__ import annotations

import uuid
from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from approvals.models.states import Status
from integrations.models import Agent, AgentKey, Connection, Msp
from integrations.tenancy import TenantQuerySet
from tools.models import Mode


class InvocationQuerySet(TenantQuerySet["Invocation"]):
    """Invocations of a tenant, by what a reader looks for."""

    def requests(self) -> Self:
        """Those that asked for a human. They alone have a deadline, by which an index finds them."""
        return self.filter(expires_at__isnull=False)


class Invocation(models.Model):
    """What was asked, what exactly would be sent, and what became of it. Texts are canonical JSON.

    Arguments, request, consent, tool, agent and MSP never change after the insert.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Indexes of their own would be a third of what a call writes. Two are covered by the indexes below; keys and
    # connections are revoked and disconnected, never deleted.
    msp = models.ForeignKey(Msp, on_delete=models.PROTECT, related_name="invocations", db_index=False)
    agent = models.ForeignKey(Agent, on_delete=models.PROTECT, related_name="invocations", db_index=False)
    agent_key = models.ForeignKey(AgentKey, on_delete=models.PROTECT, related_name="+", db_index=False)
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="+", null=True, db_index=False)
    tool = models.CharField(max_length=80)
    tool_version = models.CharField(max_length=16)
    policy = models.CharField(max_length=20, choices=Mode.choices)
    is_write = models.BooleanField()
    status = models.CharField(max_length=20, choices=Status.choices)

    arguments = models.TextField()
    call_digest = models.CharField(max_length=64)  # SHA-256 over tool and canonical arguments
    reason = models.CharField(max_length=2000, blank=True)
    ticket_id = models.PositiveIntegerField(null=True)

    method = models.CharField(max_length=6, blank=True)
    base_url = models.CharField(max_length=200, blank=True)
    path = models.TextField(blank=True)
    query = models.TextField(blank=True)
    body = models.TextField(null=True)  # noqa: DJ001 - no body is not an empty body

    facts = models.TextField(default="{}")
    consent = models.TextField(blank=True)
    digest = models.CharField(max_length=71, blank=True)
    device_id = models.PositiveIntegerField(null=True)
    device_name = models.CharField(max_length=255, blank=True)
    organization_id = models.PositiveIntegerField(null=True)
    organization_name = models.CharField(max_length=255, blank=True)

    approvals_needed = models.PositiveSmallIntegerField(default=0)
    approvals_given = models.PositiveSmallIntegerField(default=0)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)  # decision deadline
    decided_at = models.DateTimeField(null=True)
    release_by = models.DateTimeField(null=True)  # from decision to wire
    lease_until = models.DateTimeField(null=True)
    dispatch_started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    attempt_count = models.PositiveSmallIntegerField(default=0)

    reason_code = models.CharField(max_length=30, blank=True)
    comment = models.CharField(max_length=2000, blank=True)
    acceptable = models.CharField(max_length=1000, blank=True)  # what would be approved instead, as who denied it says
    result = models.TextField(null=True)  # noqa: DJ001 - no result is not an empty one
    result_removed_at = models.DateTimeField(null=True)  # since when the result, or what it printed, is not kept
    is_truncated = models.BooleanField(default=False)
    note = models.CharField(max_length=1000, blank=True)
    upstream_status = models.PositiveSmallIntegerField(null=True)
    error_code = models.CharField(max_length=40, blank=True)
    error_message = models.CharField(max_length=1000, blank=True)

    objects = InvocationQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [
            # Activity of an MSP, newest first; also its last page by keyset.
            models.Index(fields=["msp", "-created_at", "-id"], name="invocation_newest"),
            # Activity by outcome; the home page's calls per day by outcome, counted from this index alone, and its
            # number of unknown outcomes.
            models.Index(fields=["msp", "status", "-created_at", "-id"], name="invocation_of_status"),
            # Activity by tool.
            models.Index(fields=["msp", "tool", "-created_at", "-id"], name="invocation_of_tool"),
            # Activity by device, and the devices there are.
            models.Index(
                fields=["msp", "device_id", "-created_at", "-id"],
                name="invocation_of_device",
                condition=Q(device_id__isnull=False),
            ),
            # Activity and queue by organization, and the organizations there are.
            models.Index(
                fields=["msp", "organization_id", "-created_at", "-id"],
                name="invocation_of_organization",
                condition=Q(organization_id__isnull=False),
            ),
            # The queue's decided requests, newest first; the home page's approvals by tool and the times to a
            # decision, read from this index alone.
            models.Index(
                fields=["msp", "-created_at", "-id", "tool", "status", "decided_at"],
                name="invocation_requests",
                condition=Q(expires_at__isnull=False),
            ),
            # GET /invocations: an agent's own, newest first; activity by agent. The MSP, by which every query starts,
            # stands last, so that agents are found without it, too.
            models.Index(fields=["agent", "-created_at", "-id", "msp"], name="invocation_of_agent"),
            # Partial on what a query says without a parameter: SQLite does not match `status IN (?)` with a condition
            # on the status. Only requests expire, only approved ones have a release, and what is sent has a lease.
            # The approval queue; its badge, which every page counts from this index alone; and limits.place_check().
            # Without the agent: with it PostgreSQL took it for invocation_asked's queries, and read all denials.
            models.Index(
                fields=["msp", "status", "expires_at", "created_at"],
                name="invocation_open",
                condition=Q(expires_at__isnull=False),
            ),
            # holds.due(), and sweep(), over all MSPs.
            models.Index(fields=["status", "release_by"], name="invocation_due", condition=Q(release_by__isnull=False)),
            # idempotency.asked(): limits.standing_of() and display.past, how often people said no to this very call.
            # SQLite has no statistics and counts columns: with the MSP this one wins, and the next one likewise.
            models.Index(
                fields=["agent", "call_digest", "msp", "-decided_at"],
                name="invocation_asked",
                condition=Q(expires_at__isnull=False),
            ),
            # display.past: what this agent asked for before, and the script that was approved last on a device.
            models.Index(
                fields=["agent", "tool", "msp", "-created_at", "device_id"],
                name="invocation_precedent",
                condition=Q(expires_at__isnull=False),
            ),
            models.Index(
                fields=["status", "expires_at"], name="invocation_overdue", condition=Q(expires_at__isnull=False)
            ),
            models.Index(
                fields=["status", "lease_until"], name="invocation_leased", condition=Q(lease_until__isnull=False)
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=Status.values), name="invocation_status_is_known"),
            # An identical call that still waits is the same invocation.
            models.UniqueConstraint(
                fields=["agent", "call_digest"],
                name="invocation_pending_once_per_call",
                condition=Q(status=Status.PENDING_APPROVAL),
            ),
            models.CheckConstraint(
                condition=Q(approvals_needed=0) | (Q(expires_at__isnull=False) & ~Q(digest="")),
                name="invocation_request_has_deadline_and_digest",
            ),
            models.CheckConstraint(
                condition=Q(approvals_given__lte=models.F("approvals_needed")), name="invocation_votes_in_bounds"
            ),
            models.CheckConstraint(
                condition=~Q(status=Status.QUEUED) | Q(release_by__isnull=False), name="invocation_queued_has_deadline"
            ),
            models.CheckConstraint(
                condition=~Q(status=Status.DISPATCHING) | Q(lease_until__isnull=False),
                name="invocation_dispatching_has_lease",
            ),
            models.CheckConstraint(
                condition=~Q(status__in=[Status.SUCCEEDED, Status.UNKNOWN]) | Q(dispatch_started_at__isnull=False),
                name="invocation_outcome_was_sent",
            ),
            models.CheckConstraint(
                condition=~Q(status=Status.UNKNOWN) | Q(is_write=True), name="invocation_unknown_is_a_write"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tool} {self.id}"

    @property
    def tool_name(self) -> str:
        """The tool without the vendor: ninja-reboot-device."""
        return self.tool.partition(":")[2]


class ApprovalRequest(Invocation):
    """The invocations that asked for a human, as the staff's queue shows them."""

    class Meta:
        proxy = True
        verbose_name = _("approval request")
        verbose_name_plural = _("approval requests")
        ordering = ["expires_at"]
