"""The list of first steps: an admin puts it away, and gets it back."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from integrations.clock import Now
from integrations.models import Membership
from integrations.tenant_admin import acting_member


def first_steps(request: HttpRequest) -> HttpResponse:
    """Hide the list from this admin alone, or show it again with `show=yes`."""
    membership = acting_member(request)
    if not membership.is_admin:
        raise PermissionDenied
    is_back = request.POST.get("show") == "yes"
    Membership.objects.filter(pk=membership.pk).update(steps_hidden_at=None if is_back else Now())
    if is_back:
        messages.success(request, _("What is left of the first steps stands on this page again."))
    else:
        messages.info(request, _("The first steps are put away. You find them again under Integrations."))
    return redirect("admin:index")


def first_steps_urls(view: Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]) -> list[URLPattern]:
    """The address, guarded by `view`."""
    return [path("first-steps/", view(require_POST(first_steps)), name="first-steps")]
