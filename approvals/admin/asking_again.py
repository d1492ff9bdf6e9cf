"""Decisions that somebody with an open browser must not make: scripts, and writes whose route the agent chose."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse

from approvals.models import Invocation
from integrations.step_up import recently_authenticated, step_up
from integrations.tenant_admin import acting_member
from tools.registry import TOOLS

GROUPS = {"scripts", "generic"}


def must_confirm(request: HttpRequest, row: Invocation) -> bool:
    """Whether this person has to confirm that it is them before they decide this request."""
    return is_grave(row.tool) and not recently_authenticated(request)


def ask_again(request: HttpRequest, invocation_id: UUID) -> HttpResponseRedirect | None:
    """The way to confirm it, where it is asked; None where a decision may go on, and for ids that are not theirs."""
    rows = Invocation.objects.for_msp(acting_member(request).msp).filter(pk=invocation_id)
    if not any(is_grave(tool) for tool in rows.values_list("tool", flat=True)):
        return None
    return step_up(request, back=reverse("admin:approvals_approvalrequest_page", args=[invocation_id]))


def is_grave(tool_id: str) -> bool:
    """Whether a decision about this tool asks who decides."""
    tool = TOOLS.get(tool_id)
    # A tool that this version no longer has cannot be judged, so it is grave.
    return tool is None or (tool.is_write and tool.group in GROUPS)
