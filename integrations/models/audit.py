"""The audit chain of each MSP: what happened, in order, each entry sealed onto the one before."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from integrations.models.people import Msp
from integrations.tenancy import TenantQuerySet


class AuditHead(models.Model):
    """The end of one MSP's chain, made by the database with the MSP. It moves one entry at a time."""

    msp = models.OneToOneField(Msp, on_delete=models.PROTECT, primary_key=True, related_name="audit_head")
    number = models.PositiveBigIntegerField(default=0)
    hash = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.msp_id} #{self.number}"


class AuditEvent(models.Model):
    """One entry. `record` is the canonical text that counts; the other columns repeat it for lists, `id` its hash.

    What hash and seal are made of stands in integrations/audit_verifier.py.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    # No index of its own: the unique one below begins with it.
    msp = models.ForeignKey(Msp, on_delete=models.PROTECT, related_name="audit_events", editable=False, db_index=False)
    number = models.PositiveBigIntegerField(_("number"), editable=False)
    happened_at = models.DateTimeField(editable=False)
    action = models.CharField(_("action"), max_length=60, editable=False)
    actor = models.CharField(_("actor"), max_length=200, editable=False)
    subject = models.CharField(_("subject"), max_length=200, editable=False)
    record = models.TextField(editable=False)
    previous_hash = models.CharField(_("previous hash"), max_length=64, editable=False)
    hash = models.CharField(_("hash"), max_length=64, editable=False)
    seal = models.CharField(_("seal"), max_length=64, editable=False)

    objects = TenantQuerySet.as_manager()

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit entries")
        ordering = ["-number"]
        constraints = [
            # Also the index of "newest first" of one MSP.
            models.UniqueConstraint(fields=["msp", "number"], name="audit_number_once_per_msp")
        ]

    def __str__(self) -> str:
        return f"#{self.number} {self.action}"


class AuditTombstone(models.Model):
    """What stands in the place of the first entries of a chain, which the MSP's retention removed. It moves forward.

    `record` is the canonical text that its seal is of; what is in it stands in integrations/audit_verifier.py.
    """

    msp = models.OneToOneField(Msp, on_delete=models.PROTECT, primary_key=True, related_name="audit_tombstone")
    through = models.PositiveBigIntegerField(editable=False)  # the number of the last removed entry
    hash = models.CharField(max_length=64, editable=False)  # of that entry
    record = models.TextField(editable=False)
    seal = models.CharField(max_length=64, editable=False)

    objects = TenantQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.msp_id} up to #{self.through}"
