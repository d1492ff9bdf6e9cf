"""Where people and agents are told what happens, and what is still to be told: the outbox."""

from __future__ import annotations

import uuid
from typing import cast

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from approvals.models.invocations import Invocation
from integrations.encryption import Sealed, SealedField
from integrations.models import Agent, Msp
from integrations.tenancy import TenantQuerySet


class Event(models.TextChoices):
    """What people can be told of, in the order in which it happens."""

    WAITING = "waiting", _("A request waits for approval")
    REMINDER = "reminder", _("It still waits, and half of its time is over")
    ESCALATION = "escalation", _("It still waits, and three quarters of its time are over")
    DECIDED = "decided", _("It was decided, withdrawn or stopped")
    EXPIRED = "expired", _("Nobody decided it in time")
    UNKNOWN = "unknown", _("Nobody knows whether a call happened")
    CONNECTION = "connection", _("NinjaOne no longer accepts our access")
    SUSPICIOUS = "suspicious", _("Somebody reported a request as suspicious")
    ALARM = "alarm", _("Alarm: something is wrong that no request explains")

    @property
    def is_about_waiting(self) -> bool:
        """Whether whoever is told of it wants to hear how it ended."""
        return self in {Event.WAITING, Event.REMINDER, Event.ESCALATION}


# What an agent's webhook is told of.
CHANGED = "invocation.changed"


class Kind(models.TextChoices):
    """How a destination is reached."""

    EMAIL = "email", _("E-mail")
    SLACK = "slack", "Slack"
    TEAMS = "teams", "Microsoft Teams"
    WEBHOOK = "webhook", _("Signed webhook")
    OTHER = "other", _("Another service")


class Destination(models.Model):
    """Where messages go: a channel of an MSP's people, or the webhook of one agent (`agent`).

    `address` and the secrets are sealed; `place` is what may be shown of the address. `events` holds values of Event.
    `organizations` (NinjaOne ids) and `tools` (tool ids) narrow which requests it is about; None is all.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    msp = models.ForeignKey(Msp, on_delete=models.CASCADE, related_name="destinations", editable=False)
    agent = models.OneToOneField(
        Agent, on_delete=models.CASCADE, related_name="webhook", null=True, blank=True, editable=False
    )
    name = models.CharField(_("name"), max_length=80)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    address = SealedField(null=True, editable=False)
    place = models.CharField(_("place"), max_length=200, blank=True, editable=False)
    # Signs webhooks. For a day after a change the former one signs along.
    secret = SealedField(null=True, editable=False)
    former_secret = SealedField(null=True, editable=False)
    former_until = models.DateTimeField(null=True, editable=False)
    events = models.JSONField(default=list, blank=True)
    organizations = models.JSONField(null=True, blank=True)
    tools = models.JSONField(null=True, blank=True)
    is_enabled = models.BooleanField(_("enabled"), default=True)
    # Why Countersign itself switched it off; "" where nobody or a person did.
    disabled_because = models.CharField(max_length=300, blank=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    # Who sends right now; free when null or past (database time).
    lease_until = models.DateTimeField(null=True, editable=False)
    failures = models.PositiveIntegerField(default=0, editable=False)  # in a row
    failing_since = models.DateTimeField(null=True, editable=False)
    last_error = models.CharField(max_length=300, blank=True, editable=False)
    last_error_at = models.DateTimeField(null=True, editable=False)
    last_delivered_at = models.DateTimeField(null=True, editable=False)

    objects = TenantQuerySet.as_manager()

    class Meta:
        verbose_name = _("destination")
        verbose_name_plural = _("destinations")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["msp", "name"],
                name="destination_name_once_per_msp",
                condition=Q(agent__isnull=True),
                violation_error_message=_("Another destination has this name."),
            ),
            models.CheckConstraint(condition=Q(kind__in=Kind.values), name="destination_kind_is_known"),
        ]

    def __str__(self) -> str:
        return self.name

    def sealed(self, field: str, plaintext: str) -> Sealed:
        """`plaintext` sealed for the column `field` of this row."""
        return cast(SealedField, self._meta.get_field(field)).seal(self.pk, plaintext)

    def opened(self, field: str) -> str:
        """The plaintext of a sealed column; "" when empty. Raises SecretUnreadableError."""
        sealed = cast("Sealed | None", getattr(self, field))
        return "" if sealed is None else sealed.open(self.pk)


class Delivery(models.Model):
    """One message to one destination, written with what it tells of, kept until it was taken.

    Exactly one of `due_at` (still to be delivered, not before then), `delivered_at` and `dead_at` (given up) is set.
    The text is made when it is sent; `data` holds what only the moment of the change knew, and never a secret.
    Ids grow in the order in which an MSP's changes were committed.
    """

    id = models.BigAutoField(primary_key=True)
    message_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    msp = models.ForeignKey(Msp, on_delete=models.CASCADE, related_name="+", db_index=False)
    destination = models.ForeignKey(Destination, on_delete=models.CASCADE, related_name="deliveries")
    invocation = models.ForeignKey(Invocation, on_delete=models.PROTECT, related_name="deliveries", null=True)
    event = models.CharField(max_length=30)
    data = models.JSONField(default=dict)
    # What must not be told twice, such as a reminder.
    key = models.CharField(max_length=60, null=True)  # noqa: DJ001 - absent is not empty
    created_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    attempts = models.PositiveIntegerField(default=0)
    last_error = models.CharField(max_length=300, blank=True)
    delivered_at = models.DateTimeField(null=True)
    dead_at = models.DateTimeField(null=True)

    objects = TenantQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        indexes = [
            # notices.delivering: which destinations have something due.
            models.Index(fields=["due_at"], name="delivery_due", condition=Q(due_at__isnull=False)),
            # notices.delivering: the next one of a destination; how many wait.
            models.Index(fields=["destination", "id"], name="delivery_next", condition=Q(due_at__isnull=False)),
            # The dead letters of a destination.
            models.Index(fields=["destination", "-id"], name="delivery_dead", condition=Q(dead_at__isnull=False)),
            # notices.retention: what was delivered long ago.
            models.Index(fields=["delivered_at"], name="delivery_done", condition=Q(delivered_at__isnull=False)),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["destination", "key"], name="delivery_once_per_key", condition=Q(key__isnull=False)
            ),
            models.CheckConstraint(
                condition=Q(due_at__isnull=False, delivered_at=None, dead_at=None)
                | Q(due_at=None, delivered_at__isnull=False, dead_at=None)
                | Q(due_at=None, delivered_at=None, dead_at__isnull=False),
                name="delivery_waits_or_has_ended",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.message_id}"
