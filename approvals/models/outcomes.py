"""What a write did, as far as NinjaOne tells afterwards, and where to look for it."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from approvals.models.invocations import Invocation
from integrations.models import Connection, Msp
from integrations.tenancy import TenantQuerySet


class EffectKind(models.TextChoices):
    """By what the outcome of a write is known."""

    BASH = "bash", "Output with our marks"
    SCRIPT = "script", "Run of a script or an action"
    REBOOT = "reboot", "Reboot"
    SERVICE = "service", "State of a service"
    ALERT = "alert", "List of alerts"
    TICKET = "ticket", "Version of a ticket"

    @property
    def is_run(self) -> bool:
        """Whether a device starts and ends it."""
        return self in {EffectKind.BASH, EffectKind.SCRIPT, EffectKind.REBOOT}

    @property
    def prints(self) -> bool:
        """Whether somebody who asked for it waits for what it prints."""
        return self in {EffectKind.BASH, EffectKind.SCRIPT}


class OutcomeState(models.TextChoices):
    """How far it is known (the wire contract's `outcome.state`)."""

    SUBMITTED = "submitted", _("Sent, not started")
    RUNNING = "running", _("Running")
    VERIFIED = "verified", _("Done and verified")
    FAILED = "failed", _("Failed on the device")
    NOT_SEEN = "not_seen", _("Not seen")
    DIFFERENT = "different", _("Not what was approved")

    @property
    def is_open(self) -> bool:
        """Whether it is still looked for."""
        return self in {OutcomeState.SUBMITTED, OutcomeState.RUNNING}


class Place(models.Model):
    """One page of NinjaOne that open outcomes wait for, such as `device/43`: who reads it reads it for all of them."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    msp = models.ForeignKey(Msp, on_delete=models.PROTECT, related_name="+", db_index=False)
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="+", db_index=False)
    name = models.CharField(max_length=200)
    due_at = models.DateTimeField(null=True)  # None while nobody waits
    read_at = models.DateTimeField(null=True)

    objects = TenantQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["connection", "name"], name="place_once_per_connection")]
        indexes = [
            # outcomes.poll.due(), over all MSPs.
            models.Index(fields=["due_at"], name="place_due", condition=Q(due_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.name


class Effect(models.Model):
    """The outcome of one write. Written with its attempt, before anything is sent; what is found is added."""

    invocation = models.OneToOneField(
        Invocation, on_delete=models.PROTECT, primary_key=True, related_name="effect", editable=False
    )
    msp = models.ForeignKey(Msp, on_delete=models.PROTECT, related_name="+")
    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="+", db_index=False)
    place = models.ForeignKey(Place, on_delete=models.PROTECT, related_name="effects", db_index=False)
    kind = models.CharField(max_length=10, choices=EffectKind.choices)
    state = models.CharField(max_length=10, choices=OutcomeState.choices, default=OutcomeState.SUBMITTED)
    # Which NinjaOne it was: another one knows nothing about it.
    origin = models.CharField(max_length=300)
    consent = models.CharField(max_length=300)  # with which it was sent: who we are in NinjaOne hangs on it
    source_name = models.CharField(max_length=300, blank=True)  # how NinjaOne's activities call the run
    wanted = models.CharField(max_length=300, blank=True)  # SHA-256, state, uid or version, by kind
    nonce = models.CharField(max_length=32, blank=True)
    after_id = models.BigIntegerField(null=True)  # the device's last activity before it was sent, if that could be read
    sent_at = models.DateTimeField()
    give_up_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=1000, blank=True)
    is_offline = models.BooleanField(default=False)  # NinjaOne keeps it until the device returns
    series_uid = models.CharField(max_length=64, blank=True)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    exit_code = models.PositiveSmallIntegerField(null=True)
    output = models.TextField(null=True)  # noqa: DJ001 - nothing printed is not nothing known
    ran_sha256 = models.CharField(max_length=64, blank=True)
    is_truncated = models.BooleanField(default=False)
    # The only thing in NinjaOne that this call could have left, where that can be said: which, when, and by whom.
    trace_id = models.BigIntegerField(null=True)
    trace_left_at = models.DateTimeField(null=True)
    trace_user_id = models.BigIntegerField(null=True)

    objects = TenantQuerySet.as_manager()

    class Meta:
        indexes = [
            # outcomes.poll: what waits for a place, and whose runs on it are known already.
            models.Index(fields=["place", "closed_at"], name="effect_of_place"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=EffectKind.values), name="effect_kind_is_known"),
            models.CheckConstraint(condition=Q(state__in=OutcomeState.values), name="effect_state_is_known"),
            # One run is the outcome of one call, and one activity the trace of one.
            models.UniqueConstraint(
                fields=["connection", "series_uid"], name="effect_once_per_series", condition=~Q(series_uid="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.state} outcome of {self.invocation_id}"

    @property
    def is_open(self) -> bool:
        """Whether it is still looked for."""
        return self.closed_at is None


class Alarm(models.Model):
    """Something that should not happen, once for each `cause` until a person has looked at it."""

    class What(models.TextChoices):
        """What happened."""

        DIFFERENT = "different", _("Something else ran than was approved")
        UNEXPLAINED = "unexplained", _("Our NinjaOne user did something that nobody asked for here")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    msp = models.ForeignKey(Msp, on_delete=models.PROTECT, related_name="+", db_index=False)
    what = models.CharField(max_length=20, choices=What.choices)
    cause = models.CharField(max_length=100)  # an invocation, or an activity of NinjaOne
    # The index is for removing invocations: each removal looks for alarms that name it.
    invocation = models.ForeignKey(Invocation, on_delete=models.PROTECT, related_name="+", null=True)
    words = models.CharField(max_length=1000)
    raised_at = models.DateTimeField()
    count = models.PositiveIntegerField(default=1)  # with what was added while nobody had looked
    seen_at = models.DateTimeField(null=True)

    objects = TenantQuerySet.as_manager()

    class Meta:
        ordering = ["-raised_at"]
        constraints = [
            models.UniqueConstraint(fields=["msp", "what", "cause"], name="alarm_once_per_cause"),
            models.CheckConstraint(condition=Q(what__in=["different", "unexplained"]), name="alarm_what_is_known"),
        ]
        indexes = [
            # The home page.
            models.Index(fields=["msp", "-raised_at"], name="alarm_unseen", condition=Q(seen_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.what}: {self.cause}"


class Lookout(models.Model):
    """How one connection's NinjaOne is looked at: how often, who we are there, and how far its activities were read."""

    connection = models.OneToOneField(Connection, on_delete=models.PROTECT, primary_key=True, related_name="+")
    msp = models.ForeignKey(Msp, on_delete=models.PROTECT, related_name="+", db_index=False)
    next_read_at = models.DateTimeField()  # the next look at any place, whoever takes it
    # Learned from a run that is provably ours; the NinjaOne in which that is our user, and who is looked for from when.
    user_id = models.BigIntegerField(null=True)
    origin = models.CharField(max_length=300, blank=True)
    last_id = models.BigIntegerField(null=True)
    due_at = models.DateTimeField(null=True)
    # Until then: whom runs that were most likely ours point to, and how many of them have in a row.
    guess = models.CharField(max_length=330, blank=True)
    guesses = models.PositiveSmallIntegerField(default=0)

    objects = TenantQuerySet.as_manager()

    class Meta:
        indexes = [
            # outcomes.reverse.due(), over all MSPs.
            models.Index(fields=["due_at"], name="lookout_due", condition=Q(due_at__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"lookout of {self.connection_id}"
