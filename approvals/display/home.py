"""The home page: what waits, whether the connection works, what happened."""

from __future__ import annotations

from typing import NamedTuple

from approvals.display.alarms import Alarming, alarms_of
from approvals.display.charts import Chart, chart_of_days, chart_of_tools
from approvals.display.clock import duration
from approvals.display.figures import DAYS, Figures, figures_of
from approvals.display.health import Health, health_of
from approvals.display.queue import Waiting, waiting_of
from approvals.display.rows import UNREAD, Row, row_of
from approvals.models import Invocation
from integrations.clock import likely_now
from integrations.models import Agent, Msp

SHOWN = 5


class Home(NamedTuple):
    """Everything the page shows. `days` is how many of them the figures and charts are about."""

    waiting: list[Row]
    waiting_longest: str
    unknown: int
    alarms: list[Alarming]
    recent: list[Row]
    health: Health
    has_agents: bool
    days: int
    figures: Figures
    chart_of_days: Chart
    chart_of_tools: Chart


def home_of(msp: Msp, waiting: Waiting) -> Home:
    """The home page of an MSP, now; `waiting` counts what waits."""
    # What it decides nothing by may be a moment off.
    now = likely_now()
    urgent = waiting_of(msp).select_related("agent").order_by("expires_at")[:SHOWN] if waiting.count else ()
    history = Invocation.objects.for_msp(msp)
    figures, health = figures_of(msp, now), health_of(msp, now)
    recent = [
        row_of(row, now, msp.time_zone) for row in history.select_related("agent", "effect").defer(*UNREAD)[:SHOWN]
    ]
    return Home(
        waiting=[row_of(row, now, msp.time_zone, in_words=True) for row in urgent],
        waiting_longest=duration((now - waiting.oldest).total_seconds()) if waiting.oldest else "",
        unknown=figures.unknown,
        alarms=alarms_of(msp, now) if health.has_alarms else [],
        recent=recent,
        health=health,
        has_agents=bool(recent) or Agent.objects.for_msp(msp).exists(),
        days=DAYS,
        figures=figures,
        chart_of_days=chart_of_days(figures),
        chart_of_tools=chart_of_tools(figures),
    )
