"""The people of an MSP and their roles."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import BadRequest
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.access import sessions_end
from integrations.models import Membership, Msp
from integrations.step_up import AsksAgainMixin
from integrations.tenant_admin import TenantForm, TenantModelAdmin, local_time


class MembershipForm(TenantForm):
    """The roles of a member."""

    class Meta:
        model = Membership
        fields = ("is_approver", "is_admin")

    def clean(self) -> dict[str, Any]:
        """Keep at least one admin, and let nobody promote themselves where somebody else could."""
        cleaned = super().clean() or {}
        if self.instance.user_id == self.member.user_id and not is_last_admin(self.instance):
            for name in ("is_approver", "is_admin"):
                if cleaned.get(name) and not self.initial.get(name):
                    self.add_error(name, _("Nobody gives themselves a role. Ask another admin."))
        was_admin = self.instance.pk and self.initial.get("is_admin")
        if was_admin and not cleaned.get("is_admin") and is_last_admin(self.instance):
            self.add_error("is_admin", _("This is the last admin. Make somebody else an admin first."))
        return cleaned


def is_last_admin(membership: Membership) -> bool:
    """Whether the MSP would be left without an admin."""
    others = Membership.objects.for_msp(membership.msp).filter(is_admin=True, user__is_active=True)
    return not others.exclude(pk=membership.pk).exists()


def last_admin_stays(membership: Membership) -> None:
    """Of two admins who let each other go at once the second one waits here, and is refused. Raises BadRequest.

    Inside the transaction of the change.
    """
    list(Msp.objects.select_for_update(no_key=True).filter(pk=membership.msp_id).values_list("pk"))
    if is_last_admin(membership):
        raise BadRequest(_("Nothing was changed: this is the last admin. Make somebody else an admin first."))


@admin.register(Membership)
class MembershipAdmin(AsksAgainMixin, TenantModelAdmin[Membership]):
    """Members look at the team; admins change it. People come by invitation: a form would tell who has an account."""

    form = MembershipForm
    fields = ("person", "is_approver", "is_admin")
    admins_change = True
    admins_delete = True
    list_display = ("person", "email", "role_words", "since")
    list_title = gettext_lazy("Team")
    list_display_links = ("person",)
    list_select_related = ("user", "msp")
    readonly_fields = ("person",)
    search_fields = ("user__username", "user__email", "user__last_name")

    def has_delete_permission(self, request: HttpRequest, obj: Membership | None = None) -> bool:
        """Never the last admin."""
        if obj is not None and obj.is_admin and is_last_admin(obj):
            return False
        return super().has_delete_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: Membership, form: Any, change: bool) -> None:
        """Save the roles, unless nobody would be left to change them."""
        if not obj.is_admin:
            last_admin_stays(obj)
        super().save_model(request, obj, form, change)

    def delete_model(self, request: HttpRequest, obj: Membership) -> None:
        """Take the person off the team; their account stays."""
        last_admin_stays(obj)
        super().delete_model(request, obj)
        sessions_end(obj.user)
        messages.info(
            request,
            _("%(person)s is no longer on the team. Their account and what they decided stay.") % {"person": obj.user},
        )

    @admin.display(description=gettext_lazy("Person"), ordering="user__username")
    def person(self, membership: Membership) -> str:
        """Name and user name."""
        user = membership.user
        full = user.get_full_name()
        return f"{full} ({user.get_username()})" if full else user.get_username()

    @admin.display(description=gettext_lazy("E-mail"))
    def email(self, membership: Membership) -> str:
        """The address, or a dash."""
        return membership.user.email or "–"

    @admin.display(description=gettext_lazy("Roles"))
    def role_words(self, membership: Membership) -> str:
        """The roles in words."""
        return membership.roles

    @admin.display(description=gettext_lazy("Member since"), ordering="created_at")
    def since(self, membership: Membership) -> str:
        """When they joined."""
        return local_time(membership.created_at)
