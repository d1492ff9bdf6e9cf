"""Filters of queue and history. Their choices are the MSP's own or the product's, never read from rows of others."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest

from approvals.display.queue import reading_as, waiting_among
from approvals.models import Invocation, Status
from integrations.clock import Now
from integrations.models import Agent
from integrations.tenant_admin import acting_member
from tools.registry import TOOLS

Rows = QuerySet[Invocation]


class QueueFilter(SimpleListFilter):
    """What can be decided, or what was. Overdue requests count as decided: nobody can approve them any more."""

    title = "show"
    parameter_name = "show"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Waiting is the default."""
        return [("decided", "Decided"), ("all", "All")]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows:
        """Waiting ones by deadline, the others newest first."""
        match self.value():
            case "decided":
                decided = queryset.exclude(status=Status.PENDING_APPROVAL, expires_at__gt=Now())
                return decided.order_by("-created_at", "-id")
            case "all":
                return queryset.order_by("-created_at", "-id")
        return waiting_among(queryset)


class AgentFilter(SimpleListFilter):
    """One agent of the MSP."""

    title = "agent"
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


class ToolFilter(SimpleListFilter):
    """One tool."""

    title = "tool"
    parameter_name = "tool"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Every tool there is."""
        return [(tool_id, tool_id.partition(":")[2]) for tool_id in TOOLS]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows | None:
        """Calls of it."""
        return queryset.filter(tool=self.value()) if self.value() else None


class StatusFilter(SimpleListFilter):
    """One status, as read now for what is overdue."""

    title = "status"
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Every status of the contract."""
        return [(str(value), str(label)) for value, label in Status.choices]

    def queryset(self, request: HttpRequest, queryset: Rows) -> Rows | None:
        """Rows that read as the status now."""
        return reading_as(queryset, str(self.value())) if self.value() else None
