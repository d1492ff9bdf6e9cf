"""An MSP's connection to its NinjaOne, and the authorizations that are under way."""

from __future__ import annotations

import uuid
from typing import cast

from django.db import models

from integrations.encryption import Sealed, SealedField
from integrations.models.people import Msp, User
from integrations.tenancy import TenantQuerySet


class ConnectionState(models.TextChoices):
    """Where a connection stands. Only a person's consent leads to CONNECTED."""

    NOT_AUTHORIZED = "not_authorized", "not authorized yet"
    CONNECTED = "connected", "connected"
    NEEDS_REAUTHORIZATION = "needs_reauthorization", "needs reauthorization"


class Connection(models.Model):
    """One MSP's credentials at NinjaOne. Secrets are sealed for this row (see integrations.encryption)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    msp = models.ForeignKey(Msp, on_delete=models.CASCADE, related_name="connections", editable=False)
    vendor = models.CharField(max_length=20, default="ninjaone", editable=False)
    region = models.CharField(max_length=20)
    client_id = models.CharField(max_length=200)
    client_secret = SealedField(null=True, editable=False)
    access_token = SealedField(null=True, editable=False)
    refresh_token = SealedField(null=True, editable=False)
    access_issued_at = models.DateTimeField(null=True, editable=False)
    access_expires_at = models.DateTimeField(null=True, editable=False)
    granted_scopes = models.CharField(max_length=300, blank=True, editable=False)
    state = models.CharField(
        max_length=30, choices=ConnectionState.choices, default=ConnectionState.NOT_AUTHORIZED, editable=False
    )
    state_reason = models.CharField(max_length=500, blank=True, editable=False)
    # Counts every change of what the credentials mean: region, client id, reconnect, disconnect. Consent binds to it.
    epoch = models.PositiveIntegerField(default=0, editable=False)
    # Counts every change of the tokens, so that a late loser of a refresh cannot undo a newer one.
    token_version = models.PositiveIntegerField(default=0, editable=False)
    # Who refreshes right now; free when null or past (database time).
    refresh_lease_until = models.DateTimeField(null=True, editable=False)
    # When NinjaOne last answered, what last went wrong, and until when it is left alone (see ninjaone.contact).
    answered_at = models.DateTimeField(null=True, editable=False)
    failed_at = models.DateTimeField(null=True, editable=False)
    failure = models.CharField(max_length=300, blank=True, editable=False)
    rests_until = models.DateTimeField(null=True, editable=False)
    # When somebody last pressed Test.
    tested_at = models.DateTimeField(null=True, editable=False)
    # Counts every change of a tool policy of this connection.
    policy_version = models.PositiveIntegerField(default=0, editable=False)
    # When an admin said that the policies are right as they are.
    policies_reviewed_at = models.DateTimeField(null=True, editable=False)
    runner_script_id = models.PositiveIntegerField("bash runner script id", null=True, blank=True)
    # What NinjaOne said of the runner script when its id was saved: {"name", "updatedOn", "lastUpdatedBy", ...}.
    runner_seal = models.JSONField(null=True, blank=True, editable=False)
    runner_saved_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+", editable=False)
    runner_saved_at = models.DateTimeField(null=True, editable=False)
    authorized_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+", editable=False)
    authorized_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = TenantQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["msp", "vendor"],
                name="connection_once_per_vendor",
                violation_error_message="This MSP has a connection to this vendor already.",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=ConnectionState.values), name="connection_state_is_known"
            ),
            models.CheckConstraint(
                condition=~models.Q(state=ConnectionState.CONNECTED) | models.Q(access_token__isnull=False),
                name="connection_connected_has_token",
            ),
        ]

    def __str__(self) -> str:
        return f"NinjaOne of {self.msp}"

    def sealed(self, field: str, plaintext: str) -> Sealed:
        """`plaintext` sealed for the column `field` of this row, as an UPDATE needs it."""
        return cast(SealedField, self._meta.get_field(field)).seal(self.pk, plaintext)

    def secret(self, field: str) -> str | None:
        """The plaintext of a sealed column; None when empty. Raises SecretUnreadableError."""
        sealed = cast("Sealed | None", getattr(self, field))
        return None if sealed is None else sealed.open(self.pk)


class Authorization(models.Model):
    """A consent under way: the OAuth `state`, usable once, by the same session, for ten minutes."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    msp = models.ForeignKey(Msp, on_delete=models.CASCADE, related_name="+")
    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="authorizations")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    state_digest = models.CharField(max_length=64, unique=True)
    session_digest = models.CharField(max_length=64)
    region = models.CharField(max_length=20)
    client_id = models.CharField(max_length=200)
    epoch = models.PositiveIntegerField()
    verifier = SealedField()
    expires_at = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True)

    objects = TenantQuerySet.as_manager()

    def __str__(self) -> str:
        return f"authorization of {self.connection_id}"
