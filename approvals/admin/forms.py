"""What people post when they decide."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from approvals.models import ReasonCode


class ApproveForm(forms.Form):
    """The digest of what was read."""

    digest = forms.CharField(max_length=71, widget=forms.HiddenInput)


class DenyForm(ApproveForm):
    """Why not, in words that teach the agent."""

    # "Suspicious" is a button of its own: it stops the agent, too.
    reason_code = forms.ChoiceField(
        label=_("Reason"),
        choices=[("", _("Choose a reason")), *(c for c in ReasonCode.choices if c[0] != ReasonCode.SUSPICIOUS)],
    )
    comment = forms.CharField(
        label=_("Comment for the agent"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2, "placeholder": _("What is wrong with it?")}),
    )
    acceptable = forms.CharField(
        label=_("What would you approve instead?"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 2, "placeholder": _("The same after 18:00, with a ticket")}),
    )


class DenyManyForm(DenyForm):
    """The same for several; what was read of each comes with its box."""

    digest = None  # type: ignore[assignment]


class SettleForm(forms.Form):
    """What really happened, and how one knows."""

    happened = forms.ChoiceField(
        label=_("Did it happen?"),
        choices=[("yes", _("Yes, it happened")), ("no", _("No, it did not happen"))],
        widget=forms.RadioSelect,
    )
    note = forms.CharField(
        label=_("How do you know?"),
        max_length=900,
        widget=forms.Textarea(attrs={"rows": 2, "placeholder": _("Seen in NinjaOne's activity feed at 02:14")}),
    )
