"""The doors of Django's admin that lead from one tenant into another, and how they are kept shut.

A queryset of the right rows is not enough: these features find rows, labels or choices past it.
"""

from __future__ import annotations

from typing import Any

from django.contrib.admin import ListFilter
from django.core.exceptions import ImproperlyConfigured

DOORS = {
    "actions": "acts on ids that the browser posts",
    "autocomplete_fields": "finds rows through another class, and shows the label of any id",
    "inlines": "saves rows by ids that the browser posts",
    "list_editable": "saves rows by ids that the browser posts",
    "raw_id_fields": "shows the label of any id, whoever's it is",
    "save_as": "makes a row of whatever was posted",
    "view_on_site": "tells foreign ids from those that do not exist",
}


def doors_check(admin_class: type[Any]) -> None:
    """Raises ImproperlyConfigured for a ModelAdmin of tenant rows that opens one of the doors."""
    for name, why in DOORS.items():
        if getattr(admin_class, name):
            raise ImproperlyConfigured(f"{admin_class.__name__} must not set {name}: it {why}.")
    for option in admin_class.list_filter:
        if not (isinstance(option, type) and issubclass(option, ListFilter) and hasattr(option, "parameter_name")):
            raise ImproperlyConfigured(
                f"{admin_class.__name__} filters by {option!r}: its choices would be read from the rows of everybody. "
                "Write a SimpleListFilter that names its choices."
            )
