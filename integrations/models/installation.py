"""What makes this database one installation: the keys it was made with."""

from __future__ import annotations

import uuid

from django.db import models

from integrations.encryption import SealedField


class Installation(models.Model):
    """The one row of this database. Its id names it in checkpoints; only the right FERNET_KEYS open its proof."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Always true and unique, so that there is one row.
    is_only = models.BooleanField(default=True, unique=True, editable=False)
    proof = SealedField(editable=False)
    # Set while every agent of every MSP is stopped.
    frozen_at = models.DateTimeField(null=True, editable=False)
    # From the first checkpoint on there has to be a file of them.
    checkpoints_since = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(is_only=True), name="installation_is_the_only_one")]

    def __str__(self) -> str:
        return f"installation {self.pk}"


class AuditKey(models.Model):
    """An AUDIT_KEY that this installation has or had, by its fingerprint.

    `vouchers`: fingerprint of a key that was in the ring with it, to that key's seal over this fingerprint. A stranger
    who writes to the database can make an entry's key up, but no voucher for it.
    """

    fingerprint = models.CharField(max_length=12, primary_key=True, editable=False)
    vouchers = models.JSONField(editable=False)
    first_seen_at = models.DateTimeField(editable=False)

    def __str__(self) -> str:
        return self.fingerprint
