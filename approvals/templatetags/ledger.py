"""What the ledger adds to pages of the rooms below, which know nothing of it."""

from __future__ import annotations

from typing import Any

from django import template
from django.template.context import RequestContext

from approvals.display.agent_calls import AgentCalls, agent_calls_of
from approvals.display.first_steps import first_steps_of
from integrations.models import Agent

register = template.Library()


@register.inclusion_tag("admin/parts/agent_calls.html")
def agent_calls(agent: Agent) -> dict[str, AgentCalls]:
    """An agent's newest calls, and what became of those of the last days."""
    return {"calls": agent_calls_of(agent)}


@register.inclusion_tag("admin/parts/first_steps.html", takes_context=True)
def first_steps(context: RequestContext, *, briefly: bool = False) -> dict[str, Any]:
    """The way to the first approved call, for an admin who has not gone it to its end or put it away.

    `briefly` names the next step alone, on the pages where the steps are gone.
    """
    membership = context.get("membership")
    steps = first_steps_of(membership) if membership is not None and membership.is_admin else None
    return {"steps": steps, "briefly": briefly, "csrf_token": context.get("csrf_token")}
