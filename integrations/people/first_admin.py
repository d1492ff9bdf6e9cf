"""The operator lets an MSP's first admin in: while it has none, and for nobody after."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.models import Membership, Msp, User
from integrations.people.invitations import invitation_create, invitation_mail
from integrations.platform_admin import is_operator
from integrations.step_up import step_up


class FirstAdminForm(forms.Form):
    """Whom."""

    email = forms.EmailField(
        label=gettext_lazy("E-mail"),
        help_text=gettext_lazy("Where the person is reached. It becomes the address of a new account."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )


def has_admin(msp: Msp) -> bool:
    """Whether anybody is an admin of the MSP, with an account that is switched on or off."""
    return Membership.objects.for_msp(msp).filter(is_admin=True).exists()


def first_admin(request: HttpRequest, msp_id: UUID) -> HttpResponse:
    """Ask for an address, then show the link, this once. An MSP that has an admin looks after itself."""
    if not is_operator(request):
        raise PermissionDenied
    msp = Msp.objects.filter(pk=msp_id).first()
    if msp is None:
        raise Http404("There is no such page.")
    if has_admin(msp):
        messages.error(
            request,
            _("Nobody was invited: %(msp)s has an admin, who invites everybody else under Team.") % {"msp": msp},
        )
        return redirect("admin:integrations_msp_change", msp.pk)
    form = FirstAdminForm(request.POST if request.method == "POST" else None, label_suffix="")
    if request.method == "POST":
        if (ask := step_up(request, back=reverse("admin:msp-first-admin", args=[msp.pk]))) is not None:
            return ask
        if form.is_valid():
            return _invited(request, msp, form.cleaned_data["email"])
    return _page(request, msp, title=_("First admin of %(msp)s") % {"msp": msp}, form=form)


def _invited(request: HttpRequest, msp: Msp, email: str) -> HttpResponse:
    invitation, link = invitation_create(
        msp=msp, invited_by=cast(User, request.user), email=email, is_approver=False, is_admin=True
    )
    is_mailed, problem = invitation_mail(invitation, link)
    return _page(
        request,
        msp,
        title=_("Invitation for %(email)s") % {"email": email},
        invitation=invitation,
        link=link,
        is_mailed=is_mailed,
        problem=problem,
    )


def _page(request: HttpRequest, msp: Msp, **context: Any) -> TemplateResponse:
    response = TemplateResponse(
        request, "people/first_admin.html", {**admin.site.each_context(request), "msp": msp, **context}
    )
    response["Cache-Control"] = "no-store"
    return response
