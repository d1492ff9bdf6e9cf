"""What happens and who is to be told: rows of the outbox, in the transaction of the change itself.

Called by whoever changes a state, after the audit entry. Nothing is sent here: see `approvals.notices.delivering`.
Without a destination that wants to know a call costs one query.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q

from approvals import measures
from approvals.models import CHANGED, Delivery, Destination, Event, Invocation, Status
from approvals.wake import NOTICES, ring
from integrations.audit import Actor, audit_append
from integrations.clock import Now
from integrations.direct import Rows, Statement
from integrations.models import Agent, AuditHead, Msp
from integrations.prepared import PreparedQuery, Slot

WATCH = Actor.system("watch")
# What people are told when a request comes to a status.
TOLD = {
    Status.PENDING_APPROVAL: Event.WAITING,
    Status.QUEUED: Event.DECIDED,
    Status.DENIED: Event.DECIDED,
    Status.CANCELLED: Event.DECIDED,
    Status.BLOCKED: Event.DECIDED,
    Status.EXPIRED: Event.EXPIRED,
}


class OutsideTransactionError(Exception):
    """A notice must be written with what it tells of, or it could be lost, or tell of what never was."""


def hearers_of(row: Invocation) -> list[Destination]:
    """Who may hear of the call: its agent's system, and people."""
    return _OF_CALL(row.msp_id, row.agent_id)


def hearers_statement(row: Invocation) -> Statement:
    """The same for `run_together`; `hearers_read` reads what it gives."""
    return _OF_CALL.statement(row.msp_id, row.agent_id)


def hearers_read(rows: Rows) -> list[Destination]:
    """Who is in what `hearers_statement` gave."""
    return _OF_CALL.read(rows)


def invocation_changed(
    row: Invocation, status: Status, *, by: str = "", outcome: str = "", hearers: list[Destination] | None = None
) -> None:
    """An invocation has come to `status`, or has a new `outcome` in the same one.

    `by`: the name of the person who decided that, if one did. `hearers`, where the transaction has looked already.
    Not called for reads that run at once: their agent has the answer already. Raises OutsideTransactionError.
    """
    if not outcome:
        transaction.on_commit(partial(measures.changed, row, status, is_by_people=bool(by)))
    event = _event_of(row, status, by=by, outcome=outcome)
    _check_transaction()
    found = hearers_of(row) if hearers is None else hearers
    data = {"status": status.value, **({"by": by} if by else {}), **({"outcome": outcome} if outcome else {})}
    told = [one for one in found if one.agent_id is None and event is not None and wants(one, event, row)]
    if event in {Event.DECIDED, Event.EXPIRED}:
        told = _who_heard_of_it(told, row)
    is_settled = event is Event.UNKNOWN and status is not Status.UNKNOWN
    if is_settled:
        told = _told_of(told, row, {Event.UNKNOWN})
    rows = [_delivery(one, CHANGED, data, row) for one in found if one.agent_id is not None]
    # What was settled is told once, whatever else becomes known of it.
    key = f"settled:{row.pk}" if is_settled else None
    rows += [_delivery(one, str(event), data, row, key=key) for one in told]
    _store(row.msp_id, rows)


def alarm(*, msp: Msp, what: str, invocation: Invocation | None = None) -> None:
    """Something happened that must not have: on record, and told at once to everybody who wants alarms.

    `what` is a sentence that holds no secret and no script. Raises OutsideTransactionError.
    """
    audit_append(
        msp=msp,
        actor=WATCH,
        action="alarm.raised",
        subject=f"MSP {msp.name}" if invocation is None else f"invocation {invocation.pk}",
        data={"what": what[:1000]},
    )
    _tell(msp.pk, Event.ALARM, {"what": what[:1000]}, invocation)


def request_reported(row: Invocation, *, by: str) -> None:
    """Somebody reported a request as suspicious, and its agent was stopped. Raises OutsideTransactionError."""
    _tell(row.msp_id, Event.SUSPICIOUS, {"by": by}, row)


def consent_lost(*, msp_id: UUID, reason: str) -> None:
    """NinjaOne takes our tokens no longer; a person has to consent again. Raises OutsideTransactionError."""
    _tell(msp_id, Event.CONNECTION, {"reason": reason[:300]}, None)


def wants(destination: Destination, event: Event, row: Invocation | None) -> bool:
    """Whether people at this destination want to hear of it. What concerns everybody no narrowing holds back."""
    if event.value not in destination.events:
        return False
    if row is None or event in {Event.ALARM, Event.SUSPICIOUS}:
        return True
    organizations, tools = destination.organizations, destination.tools
    return (organizations is None or row.organization_id in organizations) and (tools is None or row.tool in tools)


def reminders_store(row: Invocation, event: Event, destinations: Iterable[Destination]) -> None:
    """Tell these destinations that the request still waits, each once. Raises OutsideTransactionError."""
    key = f"{event.value}:{row.pk}"
    _store(row.msp_id, [_delivery(one, event.value, {}, row, key=key) for one in destinations])


def _event_of(row: Invocation, status: Status, *, by: str, outcome: str) -> Event | None:
    """What people are told of; None where it is nothing to them."""
    if status in {Status.SUCCEEDED, Status.FAILED}:
        return Event.UNKNOWN  # the end of it, where somebody was told that it is unknown
    if outcome:
        return None  # the status is what it was
    if status is Status.UNKNOWN:
        return Event.UNKNOWN
    # A read that is queued again was not decided again.
    if row.approvals_needed == 0 or (status is Status.QUEUED and not by):
        return None
    return TOLD.get(status)


def _who_heard_of_it(destinations: list[Destination], row: Invocation) -> list[Destination]:
    """Who hears how it ended: those who were told that it waits, and those who want to hear of ends alone."""
    waiting = {event for event in Event if event.is_about_waiting}
    picky = [one for one in destinations if any(event.value in one.events for event in waiting)]
    told = _told_of(picky, row, waiting)
    return [one for one in destinations if one not in picky or one in told]


def _told_of(destinations: list[Destination], row: Invocation, events: set[Event]) -> list[Destination]:
    """Those that were told one of these of this request."""
    if not destinations:
        return []
    told = Delivery.objects.filter(invocation=row, event__in=[event.value for event in events])
    ids = set(told.values_list("destination", flat=True))
    return [one for one in destinations if one.pk in ids]


def _tell(msp_id: UUID, event: Event, data: dict[str, Any], row: Invocation | None) -> None:
    _check_transaction()
    found = Destination.objects.filter(agent=None, msp_id=msp_id, is_enabled=True)
    wanting = [one for one in found.only("agent", "msp", *READ) if wants(one, event, row)]
    _store(msp_id, [_delivery(one, event.value, data, row) for one in wanting])


def _check_transaction() -> None:
    if not connection.in_atomic_block:
        raise OutsideTransactionError("A notice belongs into the transaction of the change that it tells of.")


READ = ("events", "organizations", "tools")
_OF_CALL: PreparedQuery[Destination] = PreparedQuery(
    lambda msp, agent: Destination.objects.filter(
        Q(agent=agent) | Q(agent=None), msp_id=msp, is_enabled=True
    ).order_by(),
    Slot(Msp, "id", UUID(int=1)),
    Slot(Agent, "id", UUID(int=2)),
    later={
        Destination: frozenset(
            {field.attname for field in Destination._meta.concrete_fields} - {"id", "agent_id", "msp_id", *READ}
        )
    },
)


def _delivery(
    destination: Destination, event: str, data: dict[str, Any], row: Invocation | None, key: str | None = None
) -> Delivery:
    return Delivery(
        msp_id=destination.msp_id,
        destination=destination,
        invocation=row,
        event=event,
        data=data,
        key=key,
        created_at=Now(),
        due_at=Now(),
    )


def _store(msp_id: UUID, rows: Sequence[Delivery]) -> None:
    _check_transaction()
    if not rows:
        return
    # Whoever changes something of this MSP waits here or at its audit entry: ids grow in the order of the commits.
    list(AuditHead.objects.select_for_update().filter(msp_id=msp_id).values_list("number"))
    Delivery.objects.bulk_create(rows, ignore_conflicts=any(row.key for row in rows))
    ring(NOTICES)
