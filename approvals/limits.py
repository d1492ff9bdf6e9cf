"""How much an agent may ask for: calls and writes a minute, requests that wait, and what people denied thrice."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Any, NamedTuple, cast
from uuid import UUID

from django.db.models import Count, Exists, Q, Subquery
from django.db.models.functions import Coalesce

from approvals import buckets, idempotency
from approvals.buckets import Allowance
from approvals.errors import GateError
from approvals.models import Invocation, Scope, Status
from approvals.models.invocations import InvocationQuerySet
from integrations.agent_keys import Principal
from integrations.clock import Now
from integrations.direct import Rows, Statement
from integrations.models import Agent, Msp
from integrations.models.limits import (
    AGENT_CALLS_PER_MINUTE,
    AGENT_PENDING,
    AGENT_WRITES_PER_MINUTE,
    MSP_CALLS_PER_MINUTE,
    MSP_PENDING,
)
from integrations.prepared import PreparedValues, Slot

DENIALS = 3
DENIED_WITHIN = timedelta(hours=24)
DENIED_FOR = timedelta(hours=1)
# Where only a person can change it: asking again sooner is pointless.
ASK_A_PERSON = timedelta(hours=1)

WORDS = {
    Scope.AGENT_CALLS: "This agent may make {limit} a minute",
    Scope.AGENT_WRITES: "This agent may make {limit} a minute",
    Scope.MSP_CALLS: "All agents of {msp} together may make {limit} a minute",
}
THINGS = {Scope.AGENT_CALLS: "calls", Scope.AGENT_WRITES: "calls that change something", Scope.MSP_CALLS: "calls"}


class Standing(NamedTuple):
    """Whether the very same call waits already, how often people said no to it, and how many requests wait."""

    is_waiting: bool
    denials: int
    of_all: int
    of_agent: int


def calls_take(principal: Principal) -> None:
    """Count a call of the agent and of its MSP. Raises GateError `rate_limited` when there is none left."""
    agent, msp = principal.agent, principal.msp
    _take(
        msp,
        _allowance(Scope.AGENT_CALLS, agent.pk, agent.calls_per_minute, AGENT_CALLS_PER_MINUTE),
        _allowance(Scope.MSP_CALLS, msp.pk, msp.calls_per_minute, MSP_CALLS_PER_MINUTE),
    )


def writes_take(principal: Principal) -> None:
    """Count a call that changes something. Raises GateError `rate_limited` when there is none left."""
    agent = principal.agent
    _take(principal.msp, _allowance(Scope.AGENT_WRITES, agent.pk, agent.writes_per_minute, AGENT_WRITES_PER_MINUTE))


def standing_of(principal: Principal, call_digest: str) -> Standing:
    """What stands against putting this very call before people. Says nothing about a moment later."""
    return Standing(*_STANDING(principal.msp.pk, principal.agent.pk, call_digest)[0])


def pending_check(principal: Principal, of_all: int, of_agent: int) -> None:
    """Raises GateError `too_many_pending` when no more requests may wait than these."""
    agent, msp = principal.agent, principal.msp
    mine = AGENT_PENDING if agent.pending_limit is None else agent.pending_limit
    if of_agent >= mine:
        raise _too_many(_waiting(msp).filter(agent=agent), of_agent, mine, f"of {agent.name}")
    together = MSP_PENDING if msp.pending_limit is None else msp.pending_limit
    if of_all >= together:
        raise _too_many(_waiting(msp), of_all, together, f"of all agents of {msp.name}")


def place_statements(principal: Principal) -> tuple[Statement, Statement]:
    """Those that `place_check` needs, for the transaction that has written the request, and after it.

    Nobody else of the MSP gets past the first one until it ends, and so nobody's commit is left out of the second.
    """
    # SQLite's transactions are IMMEDIATE: they queue up by themselves. NO KEY leaves rows that refer to it alone.
    locked = _LOCKED.statement(principal.msp.pk)
    # A statement of its own: it has to see what those that were waited for have written.
    return locked, _COUNTED.statement(principal.agent.pk, principal.msp.pk)


def place_check(principal: Principal, counted: Rows) -> None:
    """Like `pending_check` for the request of this transaction. `counted` is what the second statement gave."""
    of_all, of_agent = next(iter(counted), (0, 0))
    pending_check(principal, of_all - 1, of_agent - 1)


def denials_check(principal: Principal, call_digest: str, found: int) -> None:
    """Raises GateError `rate_limited` for an hour after people denied the very same call a third time in one day.

    `found`: how often they have at all.
    """
    if found < DENIALS:
        return
    newest = _denied(principal.msp, principal.agent.pk, call_digest).order_by("-decided_at")
    times = cast("list[datetime]", list(newest.values_list("decided_at", flat=True)[:DENIALS]))
    if times[0] - times[-1] > DENIED_WITHIN:
        return
    left = times[0] + DENIED_FOR - principal.now
    if left <= timedelta():
        return
    raise GateError(
        "rate_limited",
        f"Technicians of {principal.msp.name} denied this very call {DENIALS} times within 24 hours, so it was not put "
        "before them again. Nothing was sent. Read their comments on your denied invocations and ask for something "
        f"else, or talk to a person. The same call is taken again in {_words(left)}.",
        retry_after=left.total_seconds(),
    )


def _allowance(scope: Scope, owner: UUID, per_minute: int | None, default: int) -> Allowance:
    return Allowance(scope, owner, default if per_minute is None else per_minute)


def _take(msp: Msp, *allowances: Allowance) -> None:
    for allowance in allowances:
        if allowance.per_minute == 0:
            raise GateError(
                "rate_limited",
                f"{_sentence(allowance, msp)}: none. Nothing was sent. Only an admin can change that; ask one.",
                retry_after=ASK_A_PERSON.total_seconds(),
            )
    empty = buckets.take(msp, allowances)
    if empty is None:
        return
    seconds = max(buckets.waiting_times(msp, allowances))
    raise GateError(
        "rate_limited",
        f"{_sentence(empty, msp)}, and they are used up. Nothing was sent. "
        f"Wait {_words(timedelta(seconds=seconds))}, then call again.",
        retry_after=seconds,
    )


def _sentence(allowance: Allowance, msp: Msp) -> str:
    limit = f"{allowance.per_minute} {THINGS[allowance.scope]}"
    return WORDS[allowance.scope].format(limit=limit, msp=msp.name)


def _waiting(msp: Msp) -> InvocationQuerySet:
    """The requests that still wait for a person; overdue ones do not."""
    return Invocation.objects.for_msp(msp).filter(status=Status.PENDING_APPROVAL, expires_at__gt=Now())


def _denied(msp: Msp, agent_id: UUID, call_digest: str) -> InvocationQuerySet:
    return idempotency.asked(msp, agent_id, call_digest).filter(status=Status.DENIED, decided_at__isnull=False)


def _count(rows: InvocationQuerySet, only: Q | None = None) -> Coalesce:
    """How many of `rows` are so. `only` stands outside of what chooses the index: see _STANDING."""
    found = rows.order_by().values("msp").annotate(found=Count("msp", filter=only)).values("found")
    return Coalesce(Subquery(found), 0)


# What every request for approval pays.
_MSP, _AGENT = Slot(Msp, "id", UUID(int=1)), Slot(Agent, "id", UUID(int=2))
_DIGEST = Slot(Invocation, "call_digest", "~digest~")
_LOCKED = PreparedValues(
    lambda msp: Msp.objects.select_for_update(no_key=True).filter(pk=msp).order_by().values_list("slug"), _MSP
)


_COUNTED = PreparedValues(
    lambda agent, msp: (
        _waiting(Msp(pk=msp))
        .order_by()
        .values("msp")
        .annotate(of_all=Count("*"), of_agent=Count("agent", filter=Q(agent=agent)))
        .values_list("of_all", "of_agent")
    ),
    _AGENT,
    _MSP,
)
# PostgreSQL takes an MSP for one like the others, and chose an index that goes through all that was ever denied there,
# 24 ms where that is much. So denials are counted among the decisions on this very call, and what waits of an agent
# among what waits of its MSP.
_STANDING = PreparedValues(
    lambda msp, agent, digest: (
        Msp.objects.filter(pk=msp)
        .order_by()
        .values_list(
            Exists(idempotency.asked(Msp(pk=msp), agent, digest).filter(status=Status.PENDING_APPROVAL)),
            _count(
                idempotency.asked(Msp(pk=msp), agent, digest).filter(decided_at__isnull=False),
                Q(status=Status.DENIED),
            ),
            _count(_waiting(Msp(pk=msp))),
            _count(_waiting(Msp(pk=msp)), Q(agent=agent)),
        )
    ),
    _MSP,
    _AGENT,
    _DIGEST,
)


def _too_many(waiting: InvocationQuerySet, found: int, limit: int, whose: str) -> GateError:
    """The refusal. At the latest the deadlines of the requests that are too many make room."""
    start = f"At most {limit} requests {whose} may wait for a technician at once"
    if limit == 0:
        return GateError(
            "too_many_pending",
            f"{start}. Nothing was stored or sent. Only an admin can change that; ask one.",
            retry_after=ASK_A_PERSON.total_seconds(),
        )
    rows: Any = waiting.annotate(left_at=Now()).order_by("expires_at").values_list("expires_at", "left_at")
    ends = list(rows[found - limit : found - limit + 1])
    left = ends[0][0] - ends[0][1] if ends else timedelta(seconds=1)
    return GateError(
        "too_many_pending",
        f"{start}, and {found} do. Nothing was stored or sent. There is room when one is decided or withdrawn "
        f"(POST /api/v1/invocations/{{id}}/cancel), at the latest in {_words(left)}.",
        retry_after=left.total_seconds(),
    )


def _words(left: timedelta) -> str:
    seconds = max(1, math.ceil(left.total_seconds()))
    if seconds < 120:
        return f"{seconds} second{'' if seconds == 1 else 's'}"
    return f"{math.ceil(seconds / 60)} minutes"
