"""What the operator of the platform sees: MSPs and accounts. Nothing of a tenant's own."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from integrations.access import sessions_end
from integrations.audit import Actor, audit_append
from integrations.models import Msp, User
from integrations.people.first_admin import first_admin, has_admin
from integrations.people.records import account_record
from integrations.platform_admin import PlatformAdmin
from integrations.step_up import AsksAgainMixin
from integrations.time_zones import time_zone_choices


class MspForm(forms.ModelForm):  # type: ignore[type-arg]
    """An MSP, in a time zone that exists."""

    time_zone = forms.ChoiceField(label=_("Time zone"), choices=time_zone_choices, initial="UTC")

    class Meta:
        model = Msp
        fields = ("name", "slug", "time_zone", "calls_per_minute", "pending_limit")


@admin.register(Msp)
class MspAdmin(AsksAgainMixin, PlatformAdmin[Msp]):
    """The tenants of this installation."""

    list_display = ("name", "slug", "time_zone", "created_at", "look")
    list_display_links = ("name",)
    form = MspForm
    search_fields = ("name", "slug")
    change_form_template = "admin/integrations/msp/change_form.html"

    def get_urls(self) -> list[URLPattern]:
        """Django's, and the way in for an MSP's first admin."""
        view = self.admin_site.admin_view(require_http_methods(["GET", "HEAD", "POST"])(first_admin))
        return [path("<uuid:msp_id>/first-admin/", view, name="msp-first-admin"), *super().get_urls()]

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """The form; for an MSP without an admin also what to do about that."""
        msp = kwargs.get("obj")
        context["needs_admin"] = msp is not None and not has_admin(msp)
        return super().render_change_form(request, context, *args, **kwargs)

    def response_add(self, request: HttpRequest, obj: Msp, post_url_continue: str | None = None) -> HttpResponse:
        """On to its page, which says who is still missing."""
        messages.success(request, _("%(msp)s is made. Nobody works for it yet.") % {"msp": obj})
        return redirect("admin:integrations_msp_change", obj.pk)

    @admin.display(description=_("Its pages"))
    def look(self, msp: Msp) -> str:
        """The way in, which asks for a reason."""
        return format_html('<a href="{}">{}</a>', reverse("admin:visit", args=[msp.pk]), _("Look, with a reason"))

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
class AccountAdmin(AsksAgainMixin, PlatformAdmin[User], UserAdmin):  # type: ignore[type-arg]
    """Accounts: who can sign in at all. Roles are given by each MSP's admins."""

    list_display = ("username", "email", "first_name", "last_name", "is_active", "is_superuser")
    list_filter = ()
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Person"), {"fields": ("first_name", "last_name", "email")}),
        (_("Access"), {"fields": ("is_active", "is_superuser")}),
    )

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Whoever is switched off, or gets or loses the platform, signs in anew."""
        super().save_model(request, obj, form, change)
        if change and {"is_active", "is_superuser"} & set(form.changed_data):
            sessions_end(obj)

    def user_change_password(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Set somebody's password, and put it on record."""
        with transaction.atomic():
            return super().user_change_password(request, *args, **kwargs)

    def log_change(self, request: HttpRequest, obj: User, message: Any) -> Any:
        """Every change of an account comes by here. It belongs into the audit of the person's MSPs."""
        fields = [name for change in message for name in change.get("changed", {}).get("fields", [])]
        account_record(
            actor=cast(User, request.user),
            account=obj,
            action="account.changed",
            data={"fields": fields, "is_active": obj.is_active, "is_superuser": obj.is_superuser},
        )
