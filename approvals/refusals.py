"""Refusals by limits, on record without a row for each: an agent that hammers a limit must not fill the audit.

The first of its kind is an entry at once. Those of the following minute are counted, and the next entry, or the
sweeper's, says how many they were: the entries' numbers add up to all of them.
"""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import F

from approvals.models import Refused
from integrations.agent_keys import Principal
from integrations.audit import Actor, audit_append
from integrations.clock import Now, database_now
from integrations.models import Agent

QUIET = timedelta(minutes=1)
BATCH = 200
LONG_AGO = timedelta(days=1)


def refusal_count(*, principal: Principal, code: str, tool: str) -> None:
    """Record one refusal: as an entry, or in the count of the next one."""
    agent = principal.agent
    mine = Refused.objects.for_msp(principal.msp).filter(agent=agent, code=code)
    if mine.filter(noted_at__gt=Now() - QUIET).update(count=F("count") + 1):
        return
    long_ago = database_now() - LONG_AGO
    first = Refused(msp=principal.msp, agent=agent, code=code, noted_at=long_ago, count=0)
    with transaction.atomic():
        Refused.objects.bulk_create([first], ignore_conflicts=True)
        mine.update(count=F("count") + 1)
        _note(agent, code, tool)


def refusals_note() -> None:
    """What was counted and has no entry yet, once its minute is over."""
    left = Refused.objects.filter(count__gt=0, noted_at__lte=Now() - QUIET)
    for row in left.select_related("agent__msp")[:BATCH]:
        with transaction.atomic():
            _note(row.agent, row.code, "")


def _note(agent: Agent, code: str, tool: str) -> None:
    """An entry for all that was counted, unless somebody else wrote one within the minute."""
    # The lock on the row is what makes the second of two wait, and then find nothing to do.
    rows = Refused.objects.filter(agent=agent, code=code)
    counts = list(rows.select_for_update().values_list("count", flat=True))
    if not rows.filter(count__gt=0, noted_at__lte=Now() - QUIET).update(count=0, noted_at=Now()):
        return
    audit_append(
        msp=agent.msp,
        actor=Actor.agent(agent),
        action="call.limited",
        subject=f"agent {agent.name}",
        data={"code": code, "tool": tool, "refusals": counts[0]},
    )
