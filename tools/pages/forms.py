"""What the forms of the integration page accept. Whether NinjaOne agrees is found out afterwards."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from integrations.models import Connection
from integrations.ninjaone.hosts import region_choices

LARGEST_ID = 2**31 - 1


class ConnectionForm(forms.Form):
    """Region and app of the connection. The secret goes in and never comes out again."""

    region = forms.ChoiceField(
        label=gettext_lazy("Region"),
        help_text=gettext_lazy(
            "Where your NinjaOne lives. The address you sign in at tells, for example eu.ninjarmm.com."
        ),
    )
    client_id = forms.CharField(
        label=gettext_lazy("Client ID"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    client_secret = forms.CharField(
        label=gettext_lazy("Client secret"),
        max_length=500,
        required=False,
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, data: Any = None, *, connection: Connection | None) -> None:
        shown = {"region": connection.region, "client_id": connection.client_id} if connection else {}
        super().__init__(data, initial=shown, label_suffix="")
        self.fields["region"] = forms.ChoiceField(
            label=self.fields["region"].label,
            choices=[("", _("Choose a region")), *region_choices()],
            help_text=self.fields["region"].help_text,
        )
        has_secret = connection is not None and connection.client_secret is not None
        self.fields["client_secret"].required = not has_secret
        self.fields["client_secret"].help_text = (
            _("One is stored and is never shown. Leave empty to keep it.")
            if has_secret
            else _("NinjaOne shows it once, when the app is created. It is stored encrypted and never shown again.")
        )


class RunnerForm(forms.Form):
    """The number of the bridge script."""

    script_id = forms.IntegerField(
        label=gettext_lazy("Script ID"),
        min_value=1,
        max_value=LARGEST_ID,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )

    def __init__(self, data: Any = None, *, connection: Connection | None) -> None:
        shown = {"script_id": connection.runner_script_id} if connection else {}
        super().__init__(data, initial=shown, label_suffix="")


def error_place(form: forms.Form, field: str | None, message: str) -> None:
    """Puts what somebody else found wrong at its field, or on top where the form has no such field."""
    form.add_error(field if field in form.fields else None, message)
