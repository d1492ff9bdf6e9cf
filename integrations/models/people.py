"""MSPs, the people who work for them, and what those people may do."""

from __future__ import annotations

import uuid

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from integrations.models.limits import MSP_CALLS_PER_MINUTE, MSP_PENDING, limit_field
from integrations.tenancy import TenantQuerySet


def roles_in_words(*, is_admin: bool, is_approver: bool) -> str:
    """The roles in words: "admin, approver", or "viewer"."""
    words = [name for name, has in ((gettext("admin"), is_admin), (gettext("approver"), is_approver)) if has]
    return ", ".join(words) or gettext("viewer")


class User(AbstractUser):
    """A person who signs in. What they may do stands in their memberships; a superuser operates the platform."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Counts how often every session of this person was ended: each one holds the number that it began with.
    session_epoch = models.PositiveIntegerField(default=0, editable=False)

    class Meta(AbstractUser.Meta):
        pass

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What a session must hold to go on: Django's hash of the password, and the epoch."""
        return f"{super()._get_session_auth_hash(secret=secret)}.{self.session_epoch}"  # type: ignore[misc]


class Msp(models.Model):
    """A managed service provider: the tenant."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=100)
    slug = models.SlugField(_("slug"), max_length=50, unique=True)
    time_zone = models.CharField(_("time zone"), max_length=64, default="UTC")
    frozen_at = models.DateTimeField(null=True, blank=True, editable=False)
    own_requests_allowed = models.BooleanField(
        _("owners may decide their own agents' requests"),
        default=False,
        help_text=_("For a one-person shop. Shown on every such request and recorded in the audit."),
    )
    calls_per_minute = limit_field(_("calls a minute of all agents"), default=MSP_CALLS_PER_MINUTE)
    pending_limit = limit_field(_("requests of all agents waiting at once"), default=MSP_PENDING)
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("MSP")
        verbose_name_plural = _("MSPs")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    """One person in one MSP. Every member is a viewer; the two switches add to that."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    msp = models.ForeignKey(Msp, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    is_approver = models.BooleanField(_("approver"), default=False, help_text=_("Decides requests."))
    is_admin = models.BooleanField(
        _("admin"),
        default=False,
        help_text=_("Manages the connection, policies, agents and members. Does not decide."),
    )
    # When this admin put the list of first steps away.
    steps_hidden_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = TenantQuerySet.as_manager()

    # Why somebody who is no member looks as if they were one; such a membership is never stored.
    visit_reason = ""

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        ordering = ["user__username"]
        constraints = [
            models.UniqueConstraint(
                fields=["msp", "user"],
                name="membership_once_per_msp",
                violation_error_message=_("This person is a member already."),
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} ({self.roles})"

    @property
    def roles(self) -> str:
        """The roles in words: "admin, approver", or "viewer"."""
        return roles_in_words(is_admin=self.is_admin, is_approver=self.is_approver)
