"""The part about its webhook on an agent's page, which belongs to a room that knows no invocations."""

from __future__ import annotations

from typing import Any

from django import template

from approvals.display.notices import Sent, sent_of
from approvals.models import Delivery, Destination
from integrations.models import Agent

register = template.Library()
MOST = 20


@register.inclusion_tag("admin/integrations/agent/_webhook.html", takes_context=True)
def agent_webhook(context: template.RequestContext, agent: Agent) -> dict[str, Any]:
    """Where the agent is told of changes, how that goes, and what was given up."""
    row = Destination.objects.for_msp(agent.msp).filter(agent=agent).first()
    dead: list[Sent] = []
    waiting = 0
    if row is not None:
        own = Delivery.objects.for_msp(agent.msp).filter(destination=row)
        letters = own.filter(dead_at__isnull=False).select_related("invocation").order_by("-id")
        dead = [sent_of(letter) for letter in letters[: MOST + 1]]
        waiting = own.filter(due_at__isnull=False)[:1000].count()
    return {
        "agent": agent,
        "webhook": row,
        "waiting": waiting,
        "dead": dead[:MOST],
        "has_more": len(dead) > MOST,
        "may_change": bool(context.get("has_change_permission")),
        "csrf_token": context.get("csrf_token"),
    }
