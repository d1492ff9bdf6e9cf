"""What one agent asked for lately, for its page."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import NamedTuple

from approvals.display.figures import OUTCOME_OF, OUTCOMES
from approvals.display.rows import UNREAD, Row, row_of
from approvals.models import Invocation, Status
from integrations.clock import likely_now
from integrations.models import Agent

SHOWN = 5
DAYS = 7
# An agent at the limits of an MSP makes more in a day; nobody needs the number to the last digit.
MOST_CALLS = 10_000


class Outcome(NamedTuple):
    """How many calls ended so. `name` is the one of the chart on the home page."""

    name: str
    words: str
    number: int


class AgentCalls(NamedTuple):
    """The newest calls, newest first, and the outcomes of the last days; `is_cut` where some were not counted."""

    agent: Agent
    newest: list[Row]
    outcomes: list[Outcome]
    total: int
    days: int
    is_cut: bool


def agent_calls_of(agent: Agent) -> AgentCalls:
    """The calls of an agent, now. Two queries, both within the index of its newest calls."""
    now = likely_now()
    calls = Invocation.objects.for_msp(agent.msp).filter(agent=agent)
    newest = [
        row_of(row, now, agent.msp.time_zone) for row in calls.select_related("agent", "effect").defer(*UNREAD)[:SHOWN]
    ]
    since = now - timedelta(days=DAYS)
    lately = calls.filter(created_at__gte=since).values_list("status", flat=True)[:MOST_CALLS] if newest else ()
    counts = Counter(OUTCOME_OF[Status(status)] for status in lately)
    return AgentCalls(
        agent=agent,
        newest=newest,
        outcomes=[Outcome(name, str(words), counts[name]) for name, words, _ in OUTCOMES if counts[name]],
        total=counts.total(),
        days=DAYS,
        is_cut=counts.total() >= MOST_CALLS,
    )
