"""Every column of every model that holds sealed values."""

from __future__ import annotations

from collections.abc import Iterator

from django.apps import apps
from django.db import models

from integrations.encryption import SealedField


def sealed_columns() -> Iterator[tuple[type[models.Model], list[str]]]:
    """Models with the names of their sealed fields."""
    for model in apps.get_models():
        names = [field.name for field in model._meta.local_fields if isinstance(field, SealedField)]
        if names and not model._meta.proxy:
            yield model, names


def rows_of(model: type[models.Model]) -> models.QuerySet[models.Model]:
    """All rows, of all tenants: keys are the installation's business."""
    return models.QuerySet(model)
