"""How much an agent and an MSP may ask for, where nobody set anything else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

AGENT_CALLS_PER_MINUTE = 60
AGENT_WRITES_PER_MINUTE = 20
AGENT_PENDING = 20
MSP_CALLS_PER_MINUTE = 600
MSP_PENDING = 200

LARGEST = 1_000_000


def limit_field(name: _StrOrPromise, *, default: int) -> models.PositiveIntegerField[int | None, int | None]:
    """A column for a limit: NULL means `default`, 0 means none at all."""
    return models.PositiveIntegerField(
        name,
        null=True,
        blank=True,
        validators=[MaxValueValidator(LARGEST)],
        help_text=format_lazy(gettext_lazy("Empty: {default}. 0: none at all."), default=default),
    )
