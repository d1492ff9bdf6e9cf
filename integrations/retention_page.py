"""The page on which an MSP's admins say how long results, calls and audit entries are kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.audit import Actor
from integrations.models import Retention, User
from integrations.models.retention import (
    LEAST_AUDIT_DAYS,
    LEAST_INVOCATIONS_DAYS,
    LEAST_RESULTS_DAYS,
    LONGEST_DAYS,
    PERIODS,
)
from integrations.retention import retention_change, shorter_holds_from
from integrations.step_up import step_up
from integrations.tenant_admin import acting_member


class RetentionForm(forms.Form):
    """The three periods."""

    results_days = forms.IntegerField(
        label=gettext_lazy("Results of calls, in days"),
        min_value=LEAST_RESULTS_DAYS,
        max_value=LONGEST_DAYS,
        help_text=gettext_lazy(
            "What NinjaOne answered, and what scripts printed. At least 7: an Idempotency-Key repeats it as long."
        ),
    )
    invocations_days = forms.IntegerField(
        label=gettext_lazy("Calls, in days"),
        min_value=LEAST_INVOCATIONS_DAYS,
        max_value=LONGEST_DAYS,
        help_text=gettext_lazy(
            "What was asked, decided and sent, with outcomes, votes and alarms. At least 90, so that an intrusion can "
            "be looked into. Writes whose outcome is unknown stay until somebody settles them."
        ),
    )
    audit_days = forms.IntegerField(
        label=gettext_lazy("Audit entries, in days"),
        min_value=LEAST_AUDIT_DAYS,
        max_value=LONGEST_DAYS,
        help_text=gettext_lazy(
            "At least 180, and never shorter than calls. A sealed tombstone stands for what is gone."
        ),
    )

    def clean(self) -> dict[str, Any]:
        """Nothing is kept longer than what tells of it."""
        days = {name: self.cleaned_data.get(name) for name in PERIODS}
        results, calls, audit = days.values()
        if results and calls and results > calls:
            self.add_error("results_days", _("Results cannot be kept longer than the calls that they belong to."))
        if calls and audit and calls > audit:
            self.add_error("audit_days", _("The audit cannot be kept shorter than calls."))
        return self.cleaned_data


def retention(request: HttpRequest) -> HttpResponse:
    """Show and change them. What is to be kept shorter is shown first, and comes into force a week later."""
    membership = acting_member(request)
    if not membership.is_admin:
        raise PermissionDenied
    row = Retention.objects.get(msp=membership.msp)
    form = RetentionForm(request.POST if request.method == "POST" else None, initial=row.wanted, label_suffix="")
    if request.method != "POST":
        return _page(request, row, form)
    if (ask := step_up(request, back=request.path)) is not None:
        return ask
    if not form.is_valid():
        return _page(request, row, form)
    wanted = {name: form.cleaned_data[name] for name in PERIODS}
    is_shorter = any(wanted[name] < row.wanted[name] for name in PERIODS)
    # Somebody else may have changed them since the page was read.
    if is_shorter and request.POST.get("read") != _text(row):
        return _confirmation(request, row, form)
    _change(request, row, wanted)
    return redirect("admin:msp-retention")


def retention_urls(view: Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]) -> list[URLPattern]:
    """The address, guarded by `view`."""
    return [path("rules/retention/", view(retention), name="msp-retention")]


def _change(request: HttpRequest, row: Retention, wanted: dict[str, int]) -> None:
    changed = retention_change(msp=row.msp, actor=Actor.user(cast(User, request.user)), wanted=wanted)
    if changed.shortens_at is None:
        messages.success(request, _("Saved."))
    else:
        messages.warning(request, _("Announced. Until it comes into force, any admin can take it back here."))


def _page(request: HttpRequest, row: Retention, form: RetentionForm) -> HttpResponse:
    return _shown(request, "admin/retention.html", row, form)


def _confirmation(request: HttpRequest, row: Retention, form: RetentionForm) -> HttpResponse:
    """What exactly becomes shorter, and when; sent again with `read`, it is done."""
    changes = [
        {"field": form.fields[name].label, "before": row.wanted[name], "after": form.cleaned_data[name]}
        for name in PERIODS
        if row.wanted[name] != form.cleaned_data[name]
    ]
    more = {"changes": changes, "read": _text(row), "shortens_at": shorter_holds_from()}
    return _shown(request, "admin/retention_confirm.html", row, form, **more)


def _shown(request: HttpRequest, template: str, row: Retention, form: RetentionForm, **more: Any) -> HttpResponse:
    title = _("What %(msp)s keeps") % {"msp": row.msp}
    context = {**admin.site.each_context(request), "title": title, "form": form, "row": row, **more}
    return TemplateResponse(request, template, context)


def _text(row: Retention) -> str:
    """The periods that somebody has read, for the page to send back."""
    return ",".join(str(days) for days in row.wanted.values())
