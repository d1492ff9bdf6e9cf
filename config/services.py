"""The way to another sign-in service and back.

A form that is answered with a redirect to another host would be stopped by `form-action 'self'`, which browsers apply
to the redirect too. So the POST answers a page that goes on by itself.
"""

from __future__ import annotations

import logging
from urllib.parse import urlsplit

from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib import admin, messages
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from integrations.people.services import INVITATION_KEY, service_name
from integrations.sign_ins import link_record
from integrations.step_up import step_up

logger = logging.getLogger(__name__)


@never_cache
@require_POST
def start(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Out to the service: to sign in, to take an invitation, or, confirmed and signed in, to link an account."""
    _known(provider_id)
    # Only where services are named: django-allauth's application for them has loaded most of it by now.
    from allauth.socialaccount.providers.openid_connect import views  # noqa: PLC0415
    from requests import RequestException  # noqa: PLC0415

    process = request.POST.get("process", "login")
    # What the form does not say, django-allauth looks for in the address, `process` among it.
    if process not in {"login", "connect"} or request.GET:
        raise Http404
    if process == "connect":
        if not request.user.is_authenticated:
            return redirect("account_login")
        if (ask := step_up(request, back=reverse("mfa_index"))) is not None:
            return ask
    request.session[INVITATION_KEY] = request.POST.get("invitation", "")[:100]
    try:
        response = views.login(request, provider_id)
    except (RequestException, KeyError):
        logger.exception("The sign-in service %s did not say where its pages are", provider_id)
        messages.warning(
            request,
            _("%(service)s does not answer. Try again later, or take another way.")
            % {"service": service_name(provider_id)},
        )
        return redirect("account_login")
    target = response.headers.get("Location", "")
    if not urlsplit(target).netloc:
        return _private(response)
    context = {**admin.site.each_context(request), "target": target, "name": service_name(provider_id)}
    return _private(TemplateResponse(request, "account/forward.html", context))


@never_cache
@require_GET
def callback(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Where the service sends the browser back to."""
    _known(provider_id)
    from allauth.socialaccount.providers.openid_connect import views  # noqa: PLC0415 - as above

    return _private(views.callback(request, provider_id))


@require_POST
def unlink(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """The service signs this person in no more."""
    if not request.user.is_authenticated:
        return redirect("account_login")
    if (ask := step_up(request, back=reverse("mfa_index"))) is not None:
        return ask
    user = request.user
    if not user.has_usable_password():
        messages.error(
            request, _("Nothing was changed: it is your only way to sign in. Ask your operator for a password.")
        )
    elif SocialAccount.objects.filter(user=user, provider=provider_id).delete()[0]:
        link_record("unlinked", request=request, user=user, service=provider_id)
        messages.success(request, _("%(service)s signs you in no more.") % {"service": service_name(provider_id)})
    return redirect("mfa_index")


def _known(provider_id: str) -> None:
    if provider_id not in {service["provider_id"] for service in settings.SIGN_IN_SERVICES}:
        raise Http404


def _private(response: HttpResponseBase) -> HttpResponseBase:
    response["Referrer-Policy"] = "no-referrer"
    response["Cache-Control"] = "no-store"
    return response
