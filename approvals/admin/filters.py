"""Filters of queue and history. Their choices are the MSP's own or the product's, never read from rows of others."""

from __future__ import annotations

from typing import Any, cast
from uuid import UUID

from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from approvals.display.choices import choices_by_name
from approvals.display.queue import queue_for, waiting_organizations
from approvals.history.known import known_organizations
from approvals.models import Invocation, Status
from integrations.clock import Now
from integrations.models import Agent, User
from integrations.tenant_admin import acting_member
from tools.registry import TOOLS

Rows = QuerySet[Invocation]


class QueueFilter(SimpleListFilter):
    """What can be decided, or what was. Overdue requests count as decided: nobody can approve them any more."""

    title = gettext_lazy("show")
    parameter_name = "show"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Waiting is the default."""
        return [("decided", _("Decided")), ("all", _("All"))]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        """Waiting ones with those that others just decided, or the others."""
        match self.value():
            case "decided":
                return queryset.exclude(status=Status.PENDING_APPROVAL, expires_at__gt=Now())
            case "all":
                return queryset
        return queue_for(cast(User, request.user), queryset)


class AgentFilter(SimpleListFilter):
    """One agent of the MSP."""

    title = gettext_lazy("agent")
    parameter_name = "agent"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The MSP's own agents."""
        agents = Agent.objects.for_msp(acting_member(request).msp).values_list("pk", "name")
        return [(str(pk), name) for pk, name in agents]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows | None:
        """Its calls; nothing for what is no agent."""
        if not self.value():
            return None
        try:
            return queryset.filter(agent=UUID(str(self.value())))
        except ValueError:
            return queryset.none()


class OrganizationFilter(SimpleListFilter):
    """One organization of the MSP, among those that what is listed can be about."""

    title = gettext_lazy("organization")
    parameter_name = "organization"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """The MSP's own; also the one that is asked for, so that nobody filters unseen."""
        msp = acting_member(request).msp
        found = known_organizations(msp) if "show" in request.GET else waiting_organizations(msp)
        choices = dict(choices_by_name(found, unnamed=_("Organization {}")))
        if (number := self._number()) is not None:
            choices.setdefault(str(number), _("Organization %(number)s") % {"number": number})
        return list(choices.items())

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows | None:
        """Calls about it; nothing for what is no number."""
        if not self.value():
            return None
        number = self._number()
        return queryset.none() if number is None else queryset.filter(organization_id=number)

    def _number(self) -> int | None:
        text = str(self.value() or "")
        return int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else None


class ToolFilter(SimpleListFilter):
    """One tool."""

    title = gettext_lazy("tool")
    parameter_name = "tool"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Every tool there is."""
        return [(tool_id, tool_id.partition(":")[2]) for tool_id in TOOLS]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows | None:
        """Calls of it."""
        return queryset.filter(tool=self.value()) if self.value() else None
