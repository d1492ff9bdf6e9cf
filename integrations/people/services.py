"""Other services that sign people in (OpenID Connect): they open accounts that were linked to them, and make none.

A link is the service's own id of a person, made by the account's owner while signed in, or by somebody who holds an
invitation. What the service says about e-mail addresses links nothing: in some of them anybody can claim any address.
"""

from __future__ import annotations

import re
from typing import Any, NoReturn

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.signals import social_account_added
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.models import Invitation, User
from integrations.people.invitations import InvitationError, invitation_accept, invitation_find
from integrations.step_up import step_up

INVITATION_KEY = "invitation"
NOT_LINKED = gettext_lazy(
    "This account of %(service)s is not linked to anybody here. Sign in as you did before and link it under Second "
    "factor, or open your invitation and choose %(service)s there."
)


class ServiceAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Linked accounts come in; for others an invitation in this browser makes the account and the link."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        """Never."""
        return False

    def get_connect_redirect_url(self, request: HttpRequest, socialaccount: Any) -> str:
        """Where the links of an account stand."""
        return reverse("mfa_index")

    def pre_social_login(self, request: HttpRequest, sociallogin: Any) -> None:
        """Before allauth decides: take the invitation, or turn away whom nobody linked."""
        token = request.session.pop(INVITATION_KEY, "")
        if sociallogin.state.get("process") == "connect":
            _ask_again(request)
            return
        if sociallogin.is_existing:
            return
        invitation = invitation_find(token) if token else None
        if invitation is None:
            name = service_name(sociallogin.account.provider)
            _turn_away(request, NOT_LINKED % {"service": name})
        claims = (sociallogin.account.extra_data or {}).get("id_token") or {}
        user = User(username=_free_name(invitation, claims), email=invitation.email)
        user.set_unusable_password()
        try:
            invitation_accept(invitation=invitation, user=user)
        except InvitationError as error:
            _turn_away(request, error.message)
        sociallogin.connect(request, user)
        social_account_added.send(sender=type(sociallogin), request=request, sociallogin=sociallogin)

    def on_authentication_error(
        self, request: HttpRequest, provider: Any, error: Any = None, exception: Any = None, extra_context: Any = None
    ) -> None:
        """Back to the sign-in page, with what happened and without what the service said."""
        _turn_away(
            request,
            _("%(name)s did not sign you in. Nothing was changed. Try again, or take another way.")
            % {"name": provider.name},
        )


def service_name(service_id: str) -> str:
    """What people call it."""
    return next((str(s["name"]) for s in settings.SIGN_IN_SERVICES if s["provider_id"] == service_id), service_id)


def _ask_again(request: HttpRequest) -> None:
    """Only whoever has just confirmed that it is them links an account.

    django-allauth would keep the link in the session, and make it when somebody confirms anything else.
    """
    if (ask := step_up(request, back=reverse("mfa_index"))) is not None:
        messages.warning(request, _("Nothing was done yet. Confirm that it is you, then press the button again."))
        raise ImmediateHttpResponse(ask)


def _turn_away(request: HttpRequest, sentence: str) -> NoReturn:
    messages.warning(request, sentence)
    raise ImmediateHttpResponse(redirect("account_login"))


def _free_name(invitation: Invitation, claims: dict[str, Any]) -> str:
    """A user name that nobody has: what the service calls them, else the address, with a number where it is taken."""
    wanted = re.sub(r"[^\w.@+-]", "", str(claims.get("preferred_username") or invitation.email))[:140]
    name, number = wanted, 1
    while User.objects.filter(username__iexact=name).exists():
        number += 1
        name = f"{wanted}-{number}"
    return name
