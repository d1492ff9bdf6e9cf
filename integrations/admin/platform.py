"""What the operator of the platform sees: MSPs and accounts. Nothing of a tenant's own."""

from __future__ import annotations

from typing import Any, NoReturn, cast
from zoneinfo import available_timezones

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.http import Http404, HttpRequest

from integrations.audit import Actor, audit_append
from integrations.models import Msp, User
from integrations.tenant_admin import Row, TypedAdmin

if admin.site.is_registered(Group):
    admin.site.unregister(Group)  # rights stand in memberships; Django's groups and permissions are not used


class PlatformAdmin(TypedAdmin[Row]):
    """For active superusers alone; nothing is deleted."""

    actions = None
    view_on_site = False
    show_full_result_count = False

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Superusers."""
        return _is_operator(request)

    def has_view_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        """Superusers."""
        return _is_operator(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Superusers."""
        return _is_operator(request)

    def has_change_permission(self, request: HttpRequest, obj: Row | None = None) -> bool:
        """Superusers."""
        return _is_operator(request)

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


class MspForm(forms.ModelForm):  # type: ignore[type-arg]
    """An MSP, in a time zone that exists."""

    time_zone = forms.ChoiceField(choices=[(name, name) for name in sorted(available_timezones())], initial="UTC")

    class Meta:
        model = Msp
        fields = ("name", "slug", "time_zone", "own_requests_allowed", "calls_per_minute", "pending_limit")


@admin.register(Msp)
class MspAdmin(PlatformAdmin[Msp]):
    """The tenants of this installation."""

    list_display = ("name", "slug", "time_zone", "created_at")
    list_display_links = ("name",)
    form = MspForm
    search_fields = ("name", "slug")

    def save_model(self, request: HttpRequest, obj: Msp, form: Any, change: bool) -> None:
        """Save, and put it into the MSP's own audit."""
        super().save_model(request, obj, form, change)
        audit_append(
            msp=obj,
            actor=Actor.user(cast(User, request.user)),
            action="msp.changed" if change else "msp.created",
            subject=f"MSP {obj.name}",
            data={"values": {name: form.cleaned_data[name] for name in form.changed_data}},
        )


@admin.register(User)
class AccountAdmin(PlatformAdmin[User], UserAdmin):  # type: ignore[type-arg]
    """Accounts: who can sign in at all. Roles are given by each MSP's admins."""

    list_display = ("username", "email", "first_name", "last_name", "is_active", "is_superuser")
    list_filter = ()
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email")}),
        ("Access", {"fields": ("is_active", "is_superuser")}),
    )


def _is_operator(request: HttpRequest) -> bool:
    return bool(request.user.is_active and request.user.is_superuser)
