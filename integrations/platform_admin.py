"""The admin of what belongs to no tenant: for those who operate the platform."""

from __future__ import annotations

from typing import Any, NoReturn

from django.http import Http404, HttpRequest

from integrations.tenant_admin import Row, TypedAdmin


class PlatformAdmin(TypedAdmin[Row]):
    """For active superusers alone; nothing is deleted."""

    actions = None
    view_on_site = False
    show_full_result_count = False

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Superusers."""
        return is_operator(request)

    def has_view_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        """Superusers."""
        return is_operator(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Superusers."""
        return is_operator(request)

    def has_change_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        """Superusers."""
        return is_operator(request)

    def has_delete_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        """Nobody: decisions and audit entries name these rows."""
        return False

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> NoReturn:
        """None: the audit is the record."""
        raise Http404("There is no such page.")

    def log_addition(self, request: HttpRequest, obj: Row, message: Any) -> Any:
        """Not in Django's log."""

    def log_change(self, request: HttpRequest, obj: Row, message: Any) -> Any:
        """Not in Django's log."""


def is_operator(request: HttpRequest) -> bool:
    """An active superuser."""
    return bool(request.user.is_active and request.user.is_superuser)
