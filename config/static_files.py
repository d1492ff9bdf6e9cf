"""What our pages have of other packages: one script. What no page has is neither served nor looked at when we start."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.contrib.staticfiles.finders import AppDirectoriesFinder

HTMX = "django_htmx/htmx-2.min.js"


class HtmxFinder(AppDirectoriesFinder):
    """Finds that script. Django's admin, REST framework and django-allauth bring 200 files for pages that are ours."""

    def __init__(self) -> None:
        super().__init__(app_names=["django_htmx"])

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[Any]:
        """The script alone, and where it lies."""
        return ((path, storage) for path, storage in super().list(ignore_patterns) if path == HTMX)

    def find(self, path: str, find_all: Any = False, **kwargs: Any) -> Any:
        """The same for one path, which is how DEBUG asks."""
        return super().find(path, find_all, **kwargs) if path == HTMX else []
