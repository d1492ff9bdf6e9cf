"""What an MSP decides about itself: whether owners may decide their own agents' requests, and its time zone."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.audit import Actor, audit_append
from integrations.models import Msp, User
from integrations.step_up import step_up
from integrations.tenant_admin import acting_member
from integrations.time_zones import time_zone_choices


class RulesForm(forms.ModelForm):  # type: ignore[type-arg]
    """The two rules."""

    time_zone = forms.ChoiceField(label=gettext_lazy("Time zone"), choices=time_zone_choices)

    class Meta:
        model = Msp
        fields = ("own_requests_allowed", "time_zone")


def rules(request: HttpRequest) -> HttpResponse:
    """Show and change them."""
    msp = acting_member(request).msp
    if not acting_member(request).is_admin:
        raise PermissionDenied
    before = {name: getattr(msp, name) for name in RulesForm.Meta.fields}
    form = RulesForm(request.POST if request.method == "POST" else None, instance=msp, label_suffix="")
    if request.method == "POST":
        if (ask := step_up(request, back=request.path)) is not None:
            return ask
        if form.is_valid():
            _save(request, form, before)
            messages.success(request, _("Saved."))
            return redirect("admin:msp-rules")
    context = {**admin.site.each_context(request), "title": _("Settings of %(msp)s") % {"msp": msp}, "form": form}
    return TemplateResponse(request, "admin/rules.html", context)


def rules_urls(view: Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]) -> list[URLPattern]:
    """The address, guarded by `view`."""
    return [path("rules/", view(rules), name="msp-rules")]


def _save(request: HttpRequest, form: RulesForm, before: dict[str, object]) -> None:
    values = {name: form.cleaned_data[name] for name in form.changed_data}
    with transaction.atomic():
        Msp.objects.filter(pk=form.instance.pk).update(**values)
        audit_append(
            msp=form.instance,
            actor=Actor.user(cast(User, request.user)),
            action="msp.rules_changed",
            subject=f"MSP {form.instance.name}",
            data={"values": values, "before": {name: before[name] for name in values}},
        )
