"""Querysets of tenant rows that start from whose they are, and give nothing to nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, TypeVar

from django.db import models

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from integrations.models import Msp, User

TenantRow = TypeVar("TenantRow", bound=models.Model, covariant=True)


class TenantQuerySet(models.QuerySet[TenantRow]):
    """Start with `for_msp()` or `for_user()`; what they are not sure about they leave out."""

    def for_msp(self, msp: Msp | None) -> Self:
        """The rows of one MSP; none for None."""
        return self.none() if msp is None else self.filter(msp=msp)

    def for_user(self, user: User | AnonymousUser | None) -> Self:
        """The rows of every MSP that `user` is an active member of; none for strangers."""
        if user is None or not user.is_active or user.pk is None:
            return self.none()
        memberships: Any = user.memberships
        return self.filter(msp__in=memberships.values("msp"))
