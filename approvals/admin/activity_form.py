"""How people say what they look for in the activity."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from approvals.display.choices import choices_by_name
from approvals.display.clock import zone_of
from approvals.history.filters import Filters
from approvals.history.known import known_deciders, known_devices, known_organizations
from approvals.models import Status
from integrations.models import Agent, Msp
from tools.registry import TOOLS

MOST_DEVICES = 50
ALL = ("", gettext_lazy("All"))
# As browsers send it; people who type may leave the time out.
MOMENTS = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"]

SENSIBLE = [
    MinValueValidator(datetime(2000, 1, 1, tzinfo=UTC), gettext_lazy("Say a year from 2000 on.")),
    MaxValueValidator(datetime(2100, 1, 1, tzinfo=UTC), gettext_lazy("Say a year before 2100.")),
]


class When(models.TextChoices):
    """Stretches of time that people ask for most."""

    HOUR = "hour", gettext_lazy("Last hour")
    TODAY = "today", gettext_lazy("Today")
    YESTERDAY = "yesterday", gettext_lazy("Yesterday")
    WEEK = "week", gettext_lazy("Last 7 days")
    MONTH = "month", gettext_lazy("Last 30 days")

    def bounds(self, now: datetime, zone: str) -> tuple[datetime, datetime | None]:
        """The first moment and the first one after; None for an end that is still to come."""
        place = zone_of(zone)
        today = now.astimezone(place).date()
        midnight = datetime.combine(today, time.min, place)
        match self:
            case When.HOUR:
                return now - timedelta(hours=1), None
            case When.TODAY:
                return midnight, None
            case When.YESTERDAY:
                return datetime.combine(today - timedelta(days=1), time.min, place), midnight
        return now - timedelta(days=7 if self is When.WEEK else 30), None


class ActivityForm(forms.Form):
    """Every field is optional. `filters()` is what a valid one says."""

    q = forms.CharField(label=gettext_lazy("Find"), max_length=200)
    status = forms.ChoiceField(label=gettext_lazy("Outcome"), choices=[ALL, *Status.choices])
    when = forms.ChoiceField(label=gettext_lazy("Asked"), choices=[("", gettext_lazy("Any time")), *When.choices])
    tool = forms.ChoiceField(
        label=gettext_lazy("Tool"), choices=[ALL, *((tool, tool.partition(":")[2]) for tool in TOOLS)]
    )
    agent = forms.ChoiceField(label=gettext_lazy("Agent"))
    organization = forms.ChoiceField(label=gettext_lazy("Organization"))
    device = forms.CharField(label=gettext_lazy("Device"), max_length=255)
    person = forms.ChoiceField(label=gettext_lazy("Decided by"))
    since = forms.DateTimeField(
        label=pgettext_lazy("start of a time", "From"), input_formats=MOMENTS, validators=SENSIBLE
    )
    until = forms.DateTimeField(label=gettext_lazy("Until"), input_formats=MOMENTS, validators=SENSIBLE)

    def __init__(self, data: Mapping[str, Any], *, msp: Msp, now: datetime) -> None:
        # What is not asked for is "All": an address holds only what narrows.
        super().__init__({name: data.get(name, "") for name in self.base_fields})
        self.msp, self.now = msp, now
        for field in self.fields.values():
            field.required = False
        agents = Agent.objects.for_msp(msp).values_list("pk", "name")
        self._offer("agent", agents)
        self._offer("organization", known_organizations(msp), unnamed=_("Organization {}"))
        self._offer("person", known_deciders(msp))
        self.fields["q"].widget = forms.TextInput(attrs={"type": "search", "placeholder": _("Words, ticket or id")})
        self.fields["device"].widget.attrs["placeholder"] = _("Name or number")
        for name in ("since", "until"):
            self.fields[name].widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format=MOMENTS[0])

    @property
    def first_fields(self) -> list[forms.BoundField]:
        """Those that are always in sight."""
        return [self[name] for name in ("q", "status", "when")]

    @property
    def more_fields(self) -> list[forms.BoundField]:
        """Those that a phone has no room for at first."""
        return [self[name] for name in self.fields if name not in {"q", "status", "when"}]

    @property
    def has_more(self) -> bool:
        """Whether one of those is used, so that nobody filters unseen."""
        return any(field.value() for field in self.more_fields)

    @property
    def said(self) -> dict[str, str]:
        """The fields that are filled in, as they were."""
        return {name: self[name].value() for name in self.fields if self[name].value()}

    def clean_device(self) -> tuple[int, ...] | None:
        """The devices of that number, or whose name holds the text."""
        text = self.cleaned_data["device"]
        if not text:
            return None
        if text.isascii() and text.isdigit() and len(text) < 10:
            return (int(text),)
        folded = text.casefold()
        found = tuple(number for number, name in known_devices(self.msp) if folded in name.casefold())
        if not found:
            raise forms.ValidationError(_("No call was about a device of this name."))
        if len(found) > MOST_DEVICES:
            raise forms.ValidationError(
                _("%(number)s devices have this in their name. Say more of it.") % {"number": len(found)}
            )
        return found

    def filters(self) -> Filters:
        """What the fields say together."""
        said = self.cleaned_data
        since, until = said["since"], said["until"]
        if said["when"]:
            start, end = When(said["when"]).bounds(self.now, self.msp.time_zone)
            since = max(start, since or start)
            until = min(end, until or end) if end else until
        words = said["q"]
        wanted = _uuid(words)
        return Filters(
            id=wanted,
            status=Status(said["status"]) if said["status"] else None,
            tool=said["tool"],
            agent=UUID(said["agent"]) if said["agent"] else None,
            organization=int(said["organization"]) if said["organization"] else None,
            devices=said["device"],
            person=UUID(said["person"]) if said["person"] else None,
            since=since,
            until=until,
            words="" if wanted else words,
        )

    def _offer(self, name: str, choices: Any, unnamed: str = "{}") -> None:
        """Choices of the MSP's own."""
        self.fields[name].choices = [ALL, *choices_by_name(choices, unnamed=unnamed)]  # type: ignore[attr-defined]


def _uuid(text: str) -> UUID | None:
    """The id of a call, as pages and agents write it."""
    try:
        value = UUID(text)
    except ValueError:
        return None
    return value if str(value) == text.lower() else None
