"""What happens to a person's account, on record at every MSP that the person belongs to."""

from __future__ import annotations

from typing import Any

from allauth.core import context
from django.contrib.admin.forms import AdminPasswordChangeForm
from django.core.exceptions import ValidationError
from django.db import transaction

from integrations.audit import Actor, audit_append
from integrations.models import Msp, User
from integrations.people.adapters import LOCKED_OUT
from integrations.people.lockout import failure_record, is_locked_out, was_locked_out


def account_record(*, actor: User, account: User, action: str, data: dict[str, Any] | None = None) -> None:
    """One entry per MSP, in the transaction of the change; none for an account that belongs to none yet."""
    # In one order everywhere: two people who share MSPs must not wait for each other.
    for msp in Msp.objects.filter(memberships__user=account).order_by("pk"):
        audit_append(
            msp=msp,
            actor=Actor.user(actor),
            action=action,
            subject=f"user {account.get_username()}",
            data=data,
        )


class OwnPasswordForm(AdminPasswordChangeForm):
    """A person's new password, which is on record or not set. Guesses of the old one count as at the sign-in."""

    def clean_old_password(self) -> str:
        """Raises ValidationError for a wrong one, and for every one while the account is locked."""
        request = context.request
        if is_locked_out(request, self.user):
            raise ValidationError(LOCKED_OUT, code="locked_out")
        try:
            return str(super().clean_old_password())
        except ValidationError:
            failure_record(request, self.user, factor="password")
            if was_locked_out(request):
                raise ValidationError(LOCKED_OUT, code="locked_out") from None
            raise

    def save(self, commit: bool = True) -> User:
        """Set it."""
        with transaction.atomic():
            user: User = super().save(commit)
            account_record(actor=user, account=user, action="account.password_changed")
        return user
