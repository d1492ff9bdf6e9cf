"""The states of an invocation and who may follow whom."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Status(models.TextChoices):
    """Where an invocation stands (the wire contract names them)."""

    PENDING_APPROVAL = "pending_approval", _("Waits for approval")
    QUEUED = "queued", _("Queued")
    DISPATCHING = "dispatching", _("Being sent")
    UNKNOWN = "unknown", _("Outcome unknown")
    SUCCEEDED = "succeeded", _("Succeeded")
    FAILED = "failed", _("Failed")
    DENIED = "denied", _("Denied")
    EXPIRED = "expired", _("Expired")
    CANCELLED = "cancelled", _("Cancelled")
    BLOCKED = "blocked", _("Blocked")

    @property
    def is_open(self) -> bool:
        """May still change by itself: waits, may run, or is on the wire."""
        return self in OPEN


# Final. Whether an unknown one happened nobody has said yet.
ENDED = (Status.SUCCEEDED, Status.FAILED, Status.DENIED, Status.EXPIRED, Status.CANCELLED, Status.BLOCKED)

OPEN = (Status.PENDING_APPROVAL, Status.QUEUED, Status.DISPATCHING)

# An invocation starts in one of these: it waits, it is sent at once, or it was refused and never sent. An auto read
# may also be written down when it has succeeded.
FIRST = (Status.PENDING_APPROVAL, Status.QUEUED, Status.DISPATCHING, Status.FAILED)

TRANSITIONS: dict[Status, tuple[Status, ...]] = {
    Status.PENDING_APPROVAL: (
        Status.QUEUED,
        Status.DENIED,
        Status.EXPIRED,
        Status.CANCELLED,
        Status.BLOCKED,
    ),
    Status.QUEUED: (Status.DISPATCHING, Status.CANCELLED, Status.EXPIRED, Status.BLOCKED),
    # Back to QUEUED is for reads alone: a write is never sent twice.
    Status.DISPATCHING: (Status.SUCCEEDED, Status.FAILED, Status.UNKNOWN, Status.QUEUED),
    Status.UNKNOWN: (Status.SUCCEEDED, Status.FAILED),
}
