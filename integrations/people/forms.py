"""What people type to come in."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import LoginForm
from allauth.core import context
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.people.adapters import AccountAdapter, MfaAdapter
from integrations.people.app_codes import step_claim
from integrations.people.lockout import failure_record, is_locked_out


class SignInForm(LoginForm):  # type: ignore[misc]
    """User name and password of somebody whom the dashboard has something to show to; one refusal for all others."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("User name")
        self.fields["login"].widget.attrs.update({"autocapitalize": "none", "autofocus": True})
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)

    def add_prefix(self, field_name: str) -> str:
        """The name in the page: what password managers know."""
        return str(super().add_prefix("username" if field_name == "login" else field_name))

    def clean(self) -> dict[str, Any]:
        """Membership lets a person in."""
        cleaned: dict[str, Any] = super().clean()
        if self.user is not None and not AccountAdapter.may_come_in(self.user):
            raise AccountAdapter(self.request).validation_error("username_password_mismatch")
        return cleaned


class CodeMixin:
    """A code of the app, or a recovery code: counted, and taken once."""

    user: Any
    authenticator: Any

    def clean_code(self) -> str:
        """Raises ValidationError for a wrong or used code, and for everyone while the account is locked."""
        request = context.request
        if is_locked_out(request, self.user):
            raise MfaAdapter().validation_error("incorrect_code")
        code: str = super().clean_code()  # type: ignore[misc]
        if self.authenticator.type == Authenticator.Type.TOTP and not step_claim(self.authenticator, code):
            raise MfaAdapter().validation_error("used_code")
        return code

    def _emit_authentication_failed(self, authenticator: Any) -> None:
        super()._emit_authentication_failed(authenticator)  # type: ignore[misc]
        failure_record(context.request, self.user, factor="code")


class CodeForm(CodeMixin, AuthenticateForm):  # type: ignore[misc]
    """The second step of signing in."""


class CodeAgainForm(CodeMixin, ReauthenticateForm):  # type: ignore[misc]
    """The same, before something that matters."""


class NewAppForm(ActivateTOTPForm):  # type: ignore[misc]
    """The first code of a new app."""

    code = forms.CharField(
        label=gettext_lazy("Code"),
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric"}),
    )


class NewPasskeyForm(AddWebAuthnForm):  # type: ignore[misc]
    """A new passkey, and what its owner calls it."""

    name = forms.CharField(label=gettext_lazy("Name"), required=False)
