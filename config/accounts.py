"""The pages of one's own account. Of django-allauth's pages these exist, and no others: no sign-up, no new address."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Any, cast
from urllib.parse import urlsplit

from allauth.account.views import LoginView, ReauthenticateView
from allauth.mfa.base.views import AuthenticateView, IndexView
from allauth.mfa.base.views import ReauthenticateView as CodeAgainView
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from allauth.mfa.webauthn.views import (
    AddWebAuthnView,
    LoginWebAuthnView,
    ReauthenticateWebAuthnView,
    RemoveWebAuthnView,
)
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.core.serializers.json import DjangoJSONEncoder
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from config import services
from integrations.models import User
from integrations.people import pages
from integrations.people.adapters import AccountAdapter
from integrations.people.lockout import was_locked_out
from integrations.people.recovery_codes import NewCodesView, codes_page
from integrations.people.second_factor import has_second_factor, needs_second_factor
from integrations.step_up import recently_authenticated, step_up

View = Callable[..., HttpResponseBase]


class SignInView(LoginView):  # type: ignore[misc]
    """User name and password, a passkey, or another sign-in service."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Straight on for people who are in."""
        if admin.site.has_permission(request):
            return redirect(self.get_authenticated_redirect_url())
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With the services that sign people in."""
        return {**super().get_context_data(**kwargs), "services": settings.SIGN_IN_SERVICES}

    def form_invalid(self, form: Any) -> HttpResponse:
        """Say so; 429 to somebody who is locked out."""
        response: HttpResponse = super().form_invalid(form)
        if was_locked_out(self.request):
            response.status_code = 429
        return response


sign_in = SignInView.as_view()


def account_page(view: View, *, sensitive: bool = False) -> View:
    """A page for people who are signed in, in the dashboard's frame; a `sensitive` one asks them again first."""

    @never_cache
    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated or not AccountAdapter.may_come_in(request.user):
            return redirect_to_login(request.get_full_path())
        if sensitive and (ask := step_up(request, back=request.path)) is not None:
            return ask
        return _framed(request, view(request, *args, **kwargs))

    return page


def entrance_page(view: View) -> View:
    """A page on the way in."""

    @never_cache
    @wraps(view)
    def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return _framed(request, view(request, *args, **kwargs))

    return page


def _framed(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    if isinstance(response, TemplateResponse):
        own = response.context_data or {}
        response.context_data = {
            **admin.site.each_context(request),
            "title": "",
            # For a data attribute: a page holds no script of its own, not even one that is only data.
            "passkey_options": json.dumps(next(iter(own.get("js_data", {}).values()), None), cls=DjangoJSONEncoder),
            **own,
        }
        if response.context_data.get("form") is not None and was_locked_out(request):
            response.status_code = 429
    return response


@never_cache
@require_GET
def confirm(request: HttpRequest) -> HttpResponseBase:
    """Where somebody confirms that it is them: by a second factor, where they have one."""
    back = request.GET.get("next", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}):
        back = reverse("admin:index")
    if not request.user.is_authenticated:
        return redirect_to_login(back)
    if recently_authenticated(request):
        return redirect(back)
    methods = AccountAdapter(request).get_reauthentication_methods(request.user)
    if not methods:
        return TemplateResponse(request, "account/sign_in_again.html", admin.site.each_context(request))
    query = request.GET.copy()
    query["next"] = back
    return HttpResponseRedirect(f"{methods[0]['url']}?{query.urlencode()}")


def gone(request: HttpRequest, **kwargs: Any) -> HttpResponse:
    """Pages of django-allauth that it has to find an address for, and that nobody opens."""
    raise Http404


class CodeView(AuthenticateView):  # type: ignore[misc]
    """The second step: a code, or a passkey where there is one."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With whether there is one."""
        keys = Authenticator.objects.filter(user=self.stage.login.user, type=Authenticator.Type.WEBAUTHN)
        return {**super().get_context_data(**kwargs), "has_passkey": keys.exists()}


class OverviewView(IndexView):  # type: ignore[misc]
    """One's second factors."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """With whether one is required."""
        user = cast(User, self.request.user)
        context: dict[str, Any] = super().get_context_data(**kwargs)
        linked = set(SocialAccount.objects.filter(user=user).values_list("provider", flat=True))
        return {
            **context,
            "is_missing": needs_second_factor(user) and not has_second_factor(user),
            "passkeys": context["authenticators"].get("webauthn", []),
            "services": [
                {"id": service["provider_id"], "name": service["name"], "is_linked": service["provider_id"] in linked}
                for service in settings.SIGN_IN_SERVICES
            ],
            "passkeys_work": settings.IS_HTTPS or urlsplit(settings.PUBLIC_URL).hostname == "localhost",
        }


urlpatterns: list[URLPattern] = [
    path("login/", sign_in, name="account_login"),
    # Not by way of `admin_view`: who must set up a second factor first may leave instead.
    path("logout/", admin.site.logout, name="account_logout"),
    path("team/invitations/", pages.invitations, name="invitations"),
    path("team/invitations/<uuid:invitation_id>/withdraw/", pages.withdraw, name="invitation-withdraw"),
    path("invitation/<str:token>/", pages.accept, name="invitation"),
    path("account/sign-up/", gone, name="account_signup"),
    path("account/inactive/", gone, name="account_inactive"),
    path("account/confirm/", confirm, name="confirm-identity"),
    path("account/confirm/password/", account_page(ReauthenticateView.as_view()), name="account_reauthenticate"),
    path("account/confirm/code/", account_page(CodeAgainView.as_view()), name="mfa_reauthenticate"),
    path(
        "account/confirm/passkey/",
        account_page(ReauthenticateWebAuthnView.as_view()),
        name="mfa_reauthenticate_webauthn",
    ),
    path("account/service/<slug:provider_id>/login/", services.start, name="openid_connect_login"),
    path("account/service/<slug:provider_id>/login/callback/", services.callback, name="openid_connect_callback"),
    path("account/service/<slug:provider_id>/unlink/", services.unlink, name="service-unlink"),
    path("account/code/", entrance_page(CodeView.as_view()), name="mfa_authenticate"),
    path("account/passkey/", entrance_page(LoginWebAuthnView.as_view()), name="mfa_login_webauthn"),
    path("account/second-factor/", account_page(OverviewView.as_view()), name="mfa_index"),
    path("account/app/", account_page(ActivateTOTPView.as_view(), sensitive=True), name="mfa_activate_totp"),
    path("account/app/remove/", account_page(DeactivateTOTPView.as_view(), sensitive=True), name="mfa_deactivate_totp"),
    path("account/passkeys/", account_page(OverviewView.as_view()), name="mfa_list_webauthn"),
    path("account/passkeys/add/", account_page(AddWebAuthnView.as_view(), sensitive=True), name="mfa_add_webauthn"),
    path(
        "account/passkeys/<int:pk>/remove/",
        account_page(RemoveWebAuthnView.as_view(), sensitive=True),
        name="mfa_remove_webauthn",
    ),
    path("account/recovery-codes/", account_page(codes_page, sensitive=True), name="mfa_view_recovery_codes"),
    path(
        "account/recovery-codes/new/",
        account_page(NewCodesView.as_view(), sensitive=True),
        name="mfa_generate_recovery_codes",
    ),
]
