"""Inviting people, and the page behind the link."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.auth import login
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from integrations.access import SESSION_KEY, require_membership
from integrations.models import Invitation, User
from integrations.people.invitations import (
    InvitationError,
    invitation_accept,
    invitation_create,
    invitation_find,
    invitation_mail,
    invitation_withdraw,
    invitations_open,
)
from integrations.step_up import step_up

PASSWORD_BACKEND = "django.contrib.auth.backends.ModelBackend"  # noqa: S105 - the name of a class


class InvitationForm(forms.ModelForm):  # type: ignore[type-arg]
    """Whom, and as what."""

    class Meta:
        model = Invitation
        fields = ("email", "is_approver", "is_admin")


class NewAccountForm(forms.Form):
    """What a person without an account chooses."""

    username = forms.CharField(
        label=gettext_lazy("User name"),
        max_length=150,
        validators=[UnicodeUsernameValidator()],
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
    )
    password = forms.CharField(
        label=gettext_lazy("Password"),
        strip=False,
        help_text=gettext_lazy("At least 12 characters."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean_username(self) -> str:
        """Nobody has it."""
        name: str = self.cleaned_data["username"]
        if User.objects.filter(username__iexact=name).exists():
            raise forms.ValidationError(
                _("Somebody has this name. If it is you, sign in first; else choose another one.")
            )
        return name

    def clean(self) -> dict[str, Any]:
        """A password that is good enough for this name."""
        cleaned = super().clean() or {}
        try:
            validate_password(cleaned.get("password", ""), User(username=cleaned.get("username", "")))
        except forms.ValidationError as error:
            self.add_error("password", error)
        return cleaned


def _invitations(request: HttpRequest) -> HttpResponse:
    membership = require_membership(request, admin=True)
    form = InvitationForm(request.POST or None)
    if request.method == "POST":
        if (ask := step_up(request, back=request.path)) is not None:
            return ask
        if form.is_valid():
            invitation, link = invitation_create(
                msp=membership.msp, invited_by=cast(User, request.user), **form.cleaned_data
            )
            mailed, problem = invitation_mail(invitation, link)
            context: dict[str, Any] = {"invitation": invitation, "link": link, "is_mailed": mailed, "problem": problem}
            return _page(
                request, "invited.html", title=_("Invitation for %(email)s") % {"email": invitation.email}, **context
            )
    rows = invitations_open(membership.msp)
    return _page(request, "invitations.html", title=_("Invitations"), form=form, invitations=rows)


def _withdraw(request: HttpRequest, invitation_id: UUID) -> HttpResponse:
    membership = require_membership(request, admin=True)
    invitation = Invitation.objects.for_msp(membership.msp).select_related("msp").filter(pk=invitation_id).first()
    if invitation is None:
        raise Http404("There is no such page.")
    if invitation_withdraw(invitation=invitation, user=cast(User, request.user)):
        messages.success(
            request,
            _("The invitation of %(email)s is withdrawn. Its link no longer works.") % {"email": invitation.email},
        )
    else:
        messages.info(
            request, _("The invitation of %(email)s was accepted or had ended already.") % {"email": invitation.email}
        )
    return redirect("invitations")


@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def accept(request: HttpRequest, token: str) -> HttpResponse:
    """The page behind a link: a new account, or the one that is signed in. Looking at it changes nothing."""
    invitation = invitation_find(token)
    if invitation is None:
        return _private(_page(request, "no_invitation.html", status=404))
    form = NewAccountForm(request.POST or None)
    problem = ""
    if request.method == "POST":
        try:
            done = _accepted(request, invitation, form)
        except InvitationError as error:
            problem, done = error.message, None
        if done is not None:
            return _private(done)
    context: dict[str, Any] = {
        "invitation": invitation,
        "form": form,
        "problem": problem,
        "login_url": f"{reverse('account_login')}?next={request.path}",
        "services": settings.SIGN_IN_SERVICES,
        "token": token,
    }
    return _private(_page(request, "invitation.html", **context))


def _accepted(request: HttpRequest, invitation: Invitation, form: NewAccountForm) -> HttpResponseRedirect | None:
    if request.user.is_authenticated:
        invitation_accept(invitation=invitation, user=request.user)
    elif form.is_valid():
        user = User(username=form.cleaned_data["username"], email=invitation.email)
        user.set_password(form.cleaned_data["password"])
        invitation_accept(invitation=invitation, user=user)
        login(request, user, backend=PASSWORD_BACKEND)
    else:
        return None
    request.session[SESSION_KEY] = str(invitation.msp_id)
    messages.success(
        request, _("Welcome to %(msp)s. You are %(roles)s there.") % {"msp": invitation.msp, "roles": invitation.roles}
    )
    return redirect("admin:index")


def _page(request: HttpRequest, template: str, *, status: int = 200, **context: Any) -> TemplateResponse:
    return TemplateResponse(
        request, f"people/{template}", {**admin.site.each_context(request), **context}, status=status
    )


def _private(response: HttpResponse) -> HttpResponse:
    """The address is a secret of ours. Not "no-referrer": a browser would then send the form without an origin."""
    response["Referrer-Policy"] = "same-origin"
    response["Cache-Control"] = "no-store"
    return response


invitations = admin.site.admin_view(require_http_methods(["GET", "HEAD", "POST"])(_invitations))
withdraw = admin.site.admin_view(require_POST(_withdraw))
