"""Where the people of an MSP are told what happens: the page “Notices”."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from approvals.admin.webhooks import DestinationActions, page_of
from approvals.display.notices import Sent, sent_of
from approvals.models import Delivery, Destination, Event, Kind
from approvals.notices.destinations import Checked, address_check, destination_enable
from approvals.notices.signing import secret_new
from integrations.list_fields import LinesField, NumbersField
from integrations.step_up import AsksAgainMixin, recently_authenticated
from integrations.tenant_admin import TenantForm, local_time

FIELDS = ("name", "kind", "secret_address", "events", "organizations", "tools", "is_enabled")
HOW = gettext_lazy(
    "<strong>E-mail</strong>: addresses, one a line; with none, whoever may decide a request gets it. "
    "<strong>Slack</strong>: the URL of an incoming webhook. "
    "<strong>Microsoft Teams</strong>: the HTTP URL of a workflow. "
    "<strong>Signed webhook</strong>: any https URL; it gets JSON, signed as Standard Webhooks has it. "
    "<strong>Another service</strong>: its address as "
    '<a href="https://github.com/caronc/apprise/wiki" rel="noreferrer">apprise</a> writes it, such as '
    "<code>tgram://token/chat</code> or <code>mailtos://user:password@example.com</code>."
)


class SecretTextarea(forms.Textarea):
    """Takes a secret and never shows one, not even the one that was just entered wrongly."""

    def format_value(self, value: Any) -> str:
        """Nothing."""
        return ""


class DestinationForm(TenantForm):
    """A destination. Its address is a secret: once stored it is not shown again."""

    checked: Checked | None = None

    # Not the column, which no form has any business with.
    secret_address = forms.CharField(
        label=gettext_lazy("Address"),
        required=False,
        help_text=HOW,
        widget=SecretTextarea(attrs={"rows": 3, "spellcheck": "false", "autocomplete": "off"}),
    )
    events = forms.MultipleChoiceField(
        label=gettext_lazy("Tell of"), choices=Event.choices, widget=forms.CheckboxSelectMultiple, initial=Event.values
    )
    organizations = NumbersField(
        required=False,
        label=gettext_lazy("Only of organizations"),
        help_text=gettext_lazy("NinjaOne organization ids, one a line. Empty: of all. Alarms and reports always come."),
    )
    tools = LinesField(
        required=False,
        label=gettext_lazy("Only of tools"),
        help_text=gettext_lazy("Tool ids, one a line. Empty: of all."),
        widget=forms.Textarea,
    )

    class Meta:
        model = Destination
        fields = ("name", "kind", "events", "organizations", "tools", "is_enabled")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("organizations", "tools"):
            self.fields[name].widget.attrs |= {"rows": 2, "spellcheck": "false"}
        if self.instance.place:
            self.fields["secret_address"].widget.attrs["placeholder"] = _("Stored: %(place)s. Empty: keep it.") % {
                "place": self.instance.place
            }

    def clean(self) -> dict[str, Any]:
        """The address as it was checked before this transaction began; what is kept needs no check."""
        cleaned = super().clean() or {}
        cleaned["secret_address"] = ""
        if not self._is_kept(cleaned) and (self.checked is None or self.checked.error):
            self.add_error("secret_address", self.checked.error if self.checked else _("Enter the address again."))
        return cleaned

    def _is_kept(self, cleaned: dict[str, Any]) -> bool:
        is_stored = bool(self.instance.place) and cleaned.get("kind") == self.initial.get("kind")
        return is_stored and not str(self.data.get("secret_address", "")).strip()


@admin.register(Destination)
class DestinationAdmin(AsksAgainMixin, DestinationActions):
    """For the MSP's admins alone."""

    form = DestinationForm
    fields = FIELDS
    admins_add = True
    admins_change = True
    admins_delete = True
    list_display = ("name", "by", "place", "told", "standing", "waits")
    list_display_links = ("name",)
    list_title = gettext_lazy("Notices")
    list_select_related = ("msp",)
    change_form_template = "admin/approvals/destination/change_form.html"
    change_list_template = "admin/approvals/destination/change_list.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Destination]:
        """People's; webhooks of agents stand on their agents' pages."""
        rows = super().get_queryset(request).filter(agent=None)
        return rows.annotate(waiting=Count("deliveries", filter=Q(deliveries__due_at__isnull=False)))

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Admins."""
        return self._is_admin(request)

    def has_view_permission(self, request: HttpRequest, obj: Destination | None = None) -> bool:
        """Admins."""
        return self._is_admin(request) and super().has_view_permission(request, obj)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """The form. A posted address is checked before Django opens its transaction: that takes a moment."""
        if request.method == "POST" and self._is_admin(request) and recently_authenticated(request):
            checked = address_check(request.POST.get("kind", ""), request.POST.get("secret_address", ""))
            request.checked_address = checked  # type: ignore[attr-defined]
        return super().changeform_view(request, *args, **kwargs)

    def get_form(
        self, request: HttpRequest, obj: Destination | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """The form, with what the check said."""
        form = super().get_form(request, obj, change=change, **kwargs)
        form.checked = getattr(request, "checked_address", None)
        return form

    def save_model(self, request: HttpRequest, obj: Destination, form: Any, change: bool) -> None:
        """Save the columns of the form and no others: somebody may be delivering there at this moment."""
        changed = [name for name in form.changed_data if name != "secret_address"]
        columns = ["name", "kind", "events", "organizations", "tools", "is_enabled"]
        checked: Checked = form.checked
        is_new_address = not change or bool(str(form.data.get("secret_address", "")).strip()) or "kind" in changed
        if is_new_address:
            obj.address, obj.place = obj.sealed("address", checked.address), checked.place
            columns += ["address", "place"]
        if obj.kind == Kind.WEBHOOK and obj.secret is None:
            request.new_secret = secret_new()  # type: ignore[attr-defined]
            obj.secret = obj.sealed("secret", request.new_secret)  # type: ignore[attr-defined]
            columns.append("secret")
        obj.save(**({"update_fields": columns} if change else {"force_insert": True}))
        if obj.is_enabled and ("is_enabled" in changed or is_new_address):
            destination_enable(obj)
        values = {name: form.cleaned_data.get(name) for name in changed}
        place = {"place": obj.place} if is_new_address else {}
        self.record(request, obj, "changed" if change else "created", {"values": values, **place})

    def response_add(
        self, request: HttpRequest, obj: Destination, post_url_continue: str | None = None
    ) -> HttpResponse:
        """A webhook's secret, this once; else the page, where a test can be sent."""
        return self._after(request, obj)

    def response_change(self, request: HttpRequest, obj: Destination) -> HttpResponse:
        """The same: it may have become a webhook."""
        return self._after(request, obj)

    def _after(self, request: HttpRequest, obj: Destination) -> HttpResponse:
        secret = getattr(request, "new_secret", "")
        if secret:
            return self.shown(request, obj, secret, is_new=True)
        self.message_user(request, _("Saved. Send a test to see whether it arrives."))
        return redirect(page_of(obj))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """The destination with how it goes there."""
        row = self.get_object(request, object_id) if self._is_admin(request) else None
        context: dict[str, Any] = {"destination": row, **(extra_context or {})}
        if row is not None:
            rows = Delivery.objects.for_msp(row.msp).filter(destination=row).select_related("invocation")
            sent: list[Sent] = [sent_of(one) for one in rows.order_by("-id")[:10]]
            context |= {"sent": sent, "is_webhook": row.kind == Kind.WEBHOOK}
        return super().change_view(request, object_id, form_url, context)

    @admin.display(description=gettext_lazy("By"), ordering="kind")
    def by(self, row: Destination) -> str:
        """How it is reached."""
        return str(row.get_kind_display())

    @admin.display(description=gettext_lazy("Tells of"))
    def told(self, row: Destination) -> str:
        """How many events."""
        return (
            _("everything")
            if set(row.events) >= set(Event.values)
            else _("%(number)s of %(all)s events") % {"number": len(row.events), "all": len(Event.values)}
        )

    @admin.display(description=gettext_lazy("State"))
    def standing(self, row: Destination) -> str:
        """Whether it works."""
        return standing_of(row)

    @admin.display(description=gettext_lazy("Waiting"))
    def waits(self, row: Destination) -> str:
        """How many messages wait."""
        return _("%(number)s waiting") % {"number": count} if (count := cast(Any, row).waiting) else _("nothing waits")


def standing_of(row: Destination) -> str:
    """In a few words."""
    if not row.is_enabled:
        return _("switched off by Countersign") if row.disabled_because else _("off")
    if row.failing_since is not None:
        return _("fails since %(time)s") % {"time": local_time(row.failing_since)}
    return (
        _("works, last at %(time)s") % {"time": local_time(row.last_delivered_at)}
        if row.last_delivered_at
        else _("nothing sent yet")
    )
