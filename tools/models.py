"""What an MSP decided about each tool."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from integrations.models import Connection, Msp
from integrations.tenancy import TenantQuerySet


class Mode(models.TextChoices):
    """What happens when an agent asks. The order of strictness is auto, approval needed, disabled."""

    AUTO = "auto", _("Auto")
    APPROVAL_NEEDED = "approval_needed", _("Approval needed")
    DISABLED = "disabled", _("Disabled")

    @property
    def strictness(self) -> int:
        """0 runs at once, 1 asks, 2 never runs."""
        return _STRICTNESS[self]

    def or_stricter(self, other: Mode) -> Mode:
        """The stricter of two modes."""
        return other if _STRICTNESS[other] > _STRICTNESS[self] else self


_STRICTNESS = {mode: place for place, mode in enumerate(Mode)}


class ToolPolicy(models.Model):
    """One tool's policy where the MSP changed it; a tool without a row follows its default."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    msp = models.ForeignKey(Msp, on_delete=models.CASCADE, related_name="tool_policies", editable=False)
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="tool_policies", editable=False)
    tool = models.CharField(max_length=80, editable=False)
    mode = models.CharField(max_length=20, choices=Mode.choices)
    approvals_needed = models.PositiveSmallIntegerField(default=1)
    version = models.PositiveIntegerField(default=1, editable=False)
    changed_at = models.DateTimeField(auto_now=True)

    objects = TenantQuerySet.as_manager()

    class Meta:
        verbose_name = "tool policy"
        verbose_name_plural = "tool policies"
        ordering = ["tool"]
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "tool"],
                name="tool_policy_once_per_tool",
                violation_error_message="This tool has a policy already.",
            ),
            models.CheckConstraint(condition=models.Q(mode__in=Mode.values), name="tool_policy_mode_is_known"),
            models.CheckConstraint(
                condition=models.Q(approvals_needed__range=(1, 2)), name="tool_policy_needs_one_or_two"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.tool}: {self.mode}"
