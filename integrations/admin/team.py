"""The people of an MSP and their roles."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.db.models import Q
from django.http import HttpRequest

from integrations.models import Membership, User
from integrations.step_up import AsksAgainMixin
from integrations.tenant_admin import TenantForm, TenantModelAdmin, local_time


class MembershipForm(TenantForm):
    """The roles of a member."""

    class Meta:
        model = Membership
        fields = ("is_approver", "is_admin")

    def clean(self) -> dict[str, Any]:
        """Keep at least one admin."""
        cleaned = super().clean() or {}
        was_admin = self.instance.pk and self.initial.get("is_admin")
        if was_admin and not cleaned.get("is_admin") and is_last_admin(self.instance):
            self.add_error("is_admin", "This is the last admin. Make somebody else an admin first.")
        return cleaned


class NewMemberForm(MembershipForm):
    """A person who has an account already, or a new one with a password."""

    person = forms.CharField(
        label="User name or e-mail",
        max_length=150,
        validators=[UnicodeUsernameValidator()],
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
    )
    password = forms.CharField(
        label="Password",
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="Only for somebody who has no account yet: at least 12 characters, to be changed after signing in.",
    )

    takes_existing = False

    def clean(self) -> dict[str, Any]:
        """Find the person, or check what a new account needs."""
        cleaned = super().clean()
        name, password = cleaned.get("person"), cleaned.get("password", "")
        if not name:
            return cleaned
        found = User.objects.filter(Q(username=name) | Q(email__iexact=name))[:2]
        if len(found) == 1 and found[0].is_active:
            self._take_existing(found[0], password)
        elif found:
            self.add_error("person", "This account cannot be added. Ask whoever operates Countersign.")
        elif not password:
            self.add_error("person", "Nobody has this name yet. Give a password below to create the account.")
        else:
            self._take_new(User(username=name, email=name if "@" in name else ""), password)
        return cleaned

    def _take_existing(self, user: User, password: str) -> None:
        if password:
            self.add_error("password", "This person has an account already. Leave the password empty to add them.")
        self.instance.user = user
        self.takes_existing = True

    def _take_new(self, user: User, password: str) -> None:
        try:
            validate_password(password, user)
        except forms.ValidationError as error:
            self.add_error("password", error)
        user.set_password(password)
        self.instance.user = user

    def _get_validation_exclusions(self) -> set[str]:
        # A new account is saved only after the rest is valid; until then there is no row to compare with.
        return super()._get_validation_exclusions() - ({"user"} if self.takes_existing else set())


def is_last_admin(membership: Membership) -> bool:
    """Whether the MSP would be left without an admin."""
    others = Membership.objects.for_msp(membership.msp).filter(is_admin=True, user__is_active=True)
    return not others.exclude(pk=membership.pk).exists()


@admin.register(Membership)
class MembershipAdmin(AsksAgainMixin, TenantModelAdmin[Membership]):
    """Members look at the team; admins change it."""

    form = MembershipForm
    admins_add = True
    admins_change = True
    admins_delete = True
    list_display = ("person", "email", "role_words", "since")
    list_title = "Team"
    list_display_links = ("person",)
    list_select_related = ("user", "msp")
    readonly_fields = ("person",)
    search_fields = ("user__username", "user__email", "user__last_name")

    def get_form(self, request: HttpRequest, obj: Membership | None = None, change: bool = False, **kwargs: Any) -> Any:
        """A person is named when they are added, and never exchanged for another one."""
        if obj is None:
            kwargs["form"] = NewMemberForm
        return super().get_form(request, obj, change=change, **kwargs)

    def get_fields(self, request: HttpRequest, obj: Membership | None = None) -> tuple[str, ...]:
        """See `get_form`."""
        return ("person", "is_approver", "is_admin") if obj else ("person", "password", "is_approver", "is_admin")

    def get_readonly_fields(self, request: HttpRequest, obj: Membership | None = None) -> tuple[str, ...]:
        """See `get_form`."""
        return ("person",) if obj else ()

    def save_model(self, request: HttpRequest, obj: Membership, form: Any, change: bool) -> None:
        """Create the account where there is none, then the membership, both on record."""
        is_new = not change and not form.takes_existing
        if is_new:
            obj.user.save()
            obj.user = obj.user  # its id is known only now
        form.changed_data = [name for name in form.changed_data if name != "password"]
        super().save_model(request, obj, form, change)
        if is_new:
            self.record(request, obj, "account_created", {"username": obj.user.get_username()})

    def has_delete_permission(self, request: HttpRequest, obj: Membership | None = None) -> bool:
        """Never the last admin."""
        if obj is not None and obj.is_admin and is_last_admin(obj):
            return False
        return super().has_delete_permission(request, obj)

    def delete_model(self, request: HttpRequest, obj: Membership) -> None:
        """Take the person off the team; their account stays."""
        super().delete_model(request, obj)
        messages.info(request, f"{obj.user} is no longer on the team. Their account and what they decided stay.")

    @admin.display(description="Person", ordering="user__username")
    def person(self, membership: Membership) -> str:
        """Name and user name."""
        user = membership.user
        full = user.get_full_name()
        return f"{full} ({user.get_username()})" if full else user.get_username()

    @admin.display(description="E-mail")
    def email(self, membership: Membership) -> str:
        """The address, or a dash."""
        return membership.user.email or "–"

    @admin.display(description="Roles")
    def role_words(self, membership: Membership) -> str:
        """The roles in words."""
        return membership.roles

    @admin.display(description="Member since", ordering="created_at")
    def since(self, membership: Membership) -> str:
        """When they joined."""
        return local_time(membership.created_at)
