"""Links that let somebody onto a team."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from integrations.models.people import Msp, User, roles_in_words
from integrations.tenancy import TenantQuerySet


class Invitation(models.Model):
    """A seat on a team for whoever holds the link: once, until it expires or is withdrawn. The link is not stored."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    msp = models.ForeignKey(Msp, on_delete=models.CASCADE, related_name="invitations", editable=False)
    email = models.EmailField(
        _("e-mail"), help_text=_("Where the person is reached. It becomes the address of a new account.")
    )
    is_approver = models.BooleanField(_("approver"), default=False, help_text=_("Decides requests."))
    is_admin = models.BooleanField(
        _("admin"), default=False, help_text=_("Manages the connection, policies, agents and members. Does not decide.")
    )
    token_digest = models.CharField(max_length=64, unique=True, editable=False)
    # None for one that was made on the server's command line.
    invited_by = models.ForeignKey(User, on_delete=models.CASCADE, null=True, editable=False, related_name="+")
    created_at = models.DateTimeField(editable=False)
    expires_at = models.DateTimeField(editable=False)
    withdrawn_at = models.DateTimeField(null=True, editable=False)
    accepted_at = models.DateTimeField(null=True, editable=False)
    accepted_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, editable=False, related_name="+")

    objects = TenantQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(withdrawn_at__isnull=True) | Q(accepted_at__isnull=True), name="invitation_ends_one_way"
            )
        ]

    def __str__(self) -> str:
        return f"invitation of {self.email}"

    @property
    def roles(self) -> str:
        """The roles in words: "admin, approver", or "viewer"."""
        return roles_in_words(is_admin=self.is_admin, is_approver=self.is_approver)
