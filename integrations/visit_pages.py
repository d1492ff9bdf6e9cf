"""The page on which an operator gives a reason to look at a tenant, and the button with which they leave."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from integrations.models import Msp
from integrations.platform_admin import is_operator
from integrations.step_up import step_up
from integrations.tenant_admin import member_of
from integrations.visits import visit_begin, visit_end

View = Callable[..., HttpResponse]


class VisitForm(forms.Form):
    """Why the operator looks."""

    reason = forms.CharField(
        label=gettext_lazy("Why do you look?"),
        min_length=10,
        max_length=500,
        widget=forms.Textarea(
            attrs={"rows": 2, "placeholder": gettext_lazy("Support case 4711: their queue stays empty.")}
        ),
    )


def visit(request: HttpRequest, msp_id: UUID) -> HttpResponse:
    """Ask for the reason, then show the tenant as a viewer sees it."""
    if not is_operator(request):
        raise PermissionDenied
    msp = Msp.objects.filter(pk=msp_id).first()
    if msp is None:
        raise Http404("There is no such page.")
    form = VisitForm(request.POST if request.method == "POST" else None, label_suffix="")
    if request.method == "POST":
        if (ask := step_up(request, back=request.path)) is not None:
            return ask
        if form.is_valid():
            visit_begin(request, msp=msp, reason=form.cleaned_data["reason"])
            return redirect("admin:index")
    context = {
        **admin.site.each_context(request),
        "title": _("Look at %(msp)s") % {"msp": msp},
        "form": form,
        "msp": msp,
    }
    return TemplateResponse(request, "admin/visit.html", context)


def leave(request: HttpRequest) -> HttpResponse:
    """Back to the platform."""
    membership = member_of(request)
    if membership is not None and membership.visit_reason:
        visit_end(request, membership)
    return redirect("admin:index")


def visit_urls(view: Callable[[View], View]) -> list[URLPattern]:
    """The addresses, each guarded by `view`."""
    return [
        path("visit/<uuid:msp_id>/", view(visit), name="visit"),
        path("visit/leave/", view(require_POST(leave)), name="visit-leave"),
    ]
