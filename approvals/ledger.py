"""What an agent may look up: its own invocations, one, many, or one until it has ended."""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet

from approvals.cursors import Cursor, cursor_read
from approvals.errors import GateError
from approvals.models import Invocation, Status
from approvals.outcomes.telling import effect_of, is_awaited, prints_later
from approvals.reading import status_condition, status_now
from approvals.waiting import WAITS, mark_of
from integrations.agent_keys import Principal
from integrations.clock import database_now
from integrations.models import Agent, Msp
from integrations.pooled import connection_release
from integrations.prepared import PreparedQuery, Slot
from integrations.stopping import is_stopping

LONGEST_WAIT = 55
LARGEST_PAGE = 100
# What most ask for; so many statements are prepared for pages, and as many for those behind a cursor.
COMMON_LIMITS = frozenset({1, 10, 20, 50, LARGEST_PAGE})

# What no envelope shows; scripts and consents can be long.
UNSEEN = ("facts", "consent", "base_url", "path", "query", "body")


class Until(StrEnum):
    """What somebody waits for."""

    STATUS = "status"
    OUTCOME = "outcome"


class Page(NamedTuple):
    """Invocations, newest first, and the cursor of the page after; None on the last one."""

    invocations: list[Invocation]
    next_cursor: str | None


def invocation_get(*, principal: Principal, invocation_id: str | uuid.UUID) -> Invocation:
    """One of the agent's own. Raises GateError, the same for foreign, unknown and malformed ids."""
    wanted = _id_of(invocation_id)
    row = None if wanted is None else _OWN.first(principal.msp.pk, principal.agent.pk, wanted)
    if row is None:
        raise GateError("not_found", "There is no such invocation of yours. GET /api/v1/invocations lists them.")
    return row


def invocation_wait(
    *,
    principal: Principal,
    invocation_id: str | uuid.UUID,
    seconds: float,
    until: Until | None = None,
) -> tuple[Invocation, datetime]:
    """The invocation once it is not open any more, or after `seconds` (55 at most; sooner where this server stops), and
    the database's time then.

    `until` None waits for the outcome of what prints something, and for the status of everything else. No transaction
    is open meanwhile. Raises GateError like invocation_get, and `wait_saturated` where too many wait.
    """
    stop_at = time.monotonic() + min(seconds, LONGEST_WAIT)
    now = principal.now
    row = invocation_get(principal=principal, invocation_id=invocation_id)
    if seconds <= 0 or not _is_awaited(row, until, now):
        return row, now
    with WAITS.place(principal.agent.pk):
        while (left := stop_at - time.monotonic()) > 0 and _is_awaited(row, until, now):
            connection_release()
            WAITS.until_changed(row.pk, mark_of(effect_of(row), status_now(row, now)), left)
            now = database_now()
            row = invocation_get(principal=principal, invocation_id=row.pk)
            if is_stopping():
                break  # whoever asks again waits at a process that stays
    return row, now


def invocation_list(
    *,
    principal: Principal,
    status: Status | None = None,
    tool: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Page:
    """A page of the agent's own. `status` is the one that a reader sees now. Raises GateError for a bad cursor."""
    last = None if cursor is None else _cursor_read(cursor)
    longest = min(limit, LARGEST_PAGE)
    # One more row tells whether there is another page.
    if status is None and tool is None and longest in COMMON_LIMITS:
        found = _newest(principal, last, longest + 1)
    else:
        found = list(_filtered(principal, status, tool, last)[: longest + 1])
    page = found[:longest]
    return Page(page, str(Cursor(page[-1].created_at, page[-1].pk)) if len(found) > len(page) else None)


def _filtered(
    principal: Principal, status: Status | None, tool: str | None, last: Cursor | None
) -> QuerySet[Invocation]:
    """Planned by the database for these very values: what is rare is found by other indexes than what is not."""
    rows = _own(principal.msp.pk, principal.agent.pk, last).defer(*UNSEEN)
    if status is not None:
        rows = rows.filter(status_condition(status, principal.now))
    return rows if tool is None else rows.filter(tool=tool)


def _newest(principal: Principal, last: Cursor | None, count: int) -> list[Invocation]:
    """What agents ask for most."""
    slots = [Slot(Msp, "id", uuid.UUID(int=1)), Slot(Agent, "id", uuid.UUID(int=2))]
    values: list[uuid.UUID | datetime] = [principal.msp.pk, principal.agent.pk]
    if last is not None:
        slots += [
            Slot(Invocation, "created_at", datetime.max.replace(tzinfo=UTC)),
            Slot(Invocation, "id", uuid.UUID(int=3)),
        ]
        values += [last.at, last.id]
    return _page_query(count, *slots)(*values)


@cache
def _page_query(count: int, *slots: Slot) -> PreparedQuery[Invocation]:
    def build(msp: uuid.UUID, agent: uuid.UUID, *last: Any) -> QuerySet[Invocation]:
        return _own(msp, agent, Cursor(*last) if last else None)[:count]

    return PreparedQuery(build, *slots, later={Invocation: frozenset(UNSEEN)})


def _is_awaited(row: Invocation, until: Until | None, now: datetime) -> bool:
    if status_now(row, now).is_open:
        return True
    if until is None:
        return prints_later(row)
    effect = effect_of(row)
    return until is Until.OUTCOME and effect is not None and is_awaited(effect)


def _own(msp: uuid.UUID, agent: uuid.UUID, last: Cursor | None) -> QuerySet[Invocation]:
    """The agent's, newest first, behind the row `last` of the page before."""
    rows = Invocation.objects.for_msp(Msp(pk=msp)).filter(agent=agent).select_related("effect")
    if last is not None:
        # The first condition is what an index can use; the second skips what the page before showed.
        rows = rows.filter(created_at__lte=last.at).filter(Q(created_at__lt=last.at) | Q(pk__lt=last.id))
    return rows.order_by("-created_at", "-id")


# Agents look at what they wait for again and again.
_OWN: PreparedQuery[Invocation] = PreparedQuery(
    lambda msp, agent, invocation: (
        Invocation.objects.for_msp(Msp(pk=msp)).filter(agent=agent, pk=invocation).select_related("effect").order_by()
    ),
    Slot(Msp, "id", uuid.UUID(int=1)),
    Slot(Agent, "id", uuid.UUID(int=2)),
    Slot(Invocation, "id", uuid.UUID(int=3)),
    later={Invocation: frozenset(UNSEEN)},
)


def _id_of(text: str | uuid.UUID) -> uuid.UUID | None:
    """The id as we write it; the other spellings that Python takes are not ids."""
    try:
        value = uuid.UUID(str(text))
    except ValueError:
        return None
    return value if str(value) == str(text).lower() else None


def _cursor_read(text: str) -> Cursor:
    cursor = cursor_read(text)
    if cursor is None:
        raise GateError(
            "invalid_arguments",
            "The cursor is not one that was given out here. Start again without it.",
            errors=[{"field": "cursor", "code": "invalid", "message": "Not a cursor of this list."}],
        )
    return cursor
