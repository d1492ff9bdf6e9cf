"""Claim, send, settle. The attempt is on record before the socket is opened; a write goes out at most once."""

from __future__ import annotations

import logging
import time
import uuid
from datetime import datetime, timedelta
from functools import partial
from typing import cast

from django.conf import settings
from django.db import transaction
from django.db.models import F

from approvals import release
from approvals.errors import GateError
from approvals.holds import due, hold, let_go
from approvals.keys import key_keep
from approvals.measures import reached
from approvals.models import Attempt, Invocation, Status
from approvals.notices.events import alarm, invocation_changed
from approvals.outcomes.opening import Watch, effect_drop, effect_open, watch_of
from approvals.prepare import call_of
from approvals.stops import going_check, unstopped, unstopped_check
from approvals.upstream import Outcome, perform
from integrations import prepared
from integrations.audit import Actor, audit_append
from integrations.clock import Now, database_now
from integrations.durable import durable
from integrations.log_context import AboutInvocation
from integrations.models import Connection
from integrations.ninjaone.wire import WireRequest
from integrations.rows import insert
from integrations.traces import span
from tools.calls import Call

logger = logging.getLogger(__name__)

DISPATCHER = Actor.system("dispatcher")
# Long enough for a look whether it may still go: where the whole machine was halted its own clock stood still.
LONG_AGO = float("-inf")
# What an auto read has nothing of: it asks nobody, changes nothing, and is over.
OF_OTHERS = frozenset(
    {
        *("ticket_id", "body", "facts", "consent", "digest", "device_name", "organization_name"),
        *("approvals_needed", "approvals_given", "expires_at", "decided_at", "release_by", "lease_until"),
        *("reason_code", "comment", "acceptable", "result_removed_at"),
    }
)


def invocation_run(row: Invocation, *, call: Call, actor: Actor, key: str | None = None) -> None:
    """Send a new auto call and store it. `key`: the Idempotency-Key that stands for it.

    Unsent, raises IntegrityError when it lost a race, and GateError when a write was stopped at the last moment.
    """
    row.attempt_count = 1
    if not row.is_write and key is None:
        # Nothing can be doubled and nobody can ask for it before it has ended: one row, written before its result is
        # handed out. Whoever dies in between has read something and told nobody.
        row.dispatch_started_at = row.created_at
        _copy(row, *_sent(row, call, time.monotonic()))
        insert(row, seldom=OF_OTHERS)
        reached(row.status)
        return
    watch = watch_of(row)
    since = time.monotonic()
    now = database_now() if row.is_write else row.created_at
    row.status = Status.DISPATCHING
    row.dispatch_started_at = now
    row.lease_until = now + timedelta(seconds=settings.DISPATCH_LEASE_SECONDS)
    if row.is_write:
        with durable(), transaction.atomic():
            unstopped_check(row)
            insert(row)
            key_keep(row, key, now=row.created_at)
            _record_attempt(row, actor)
            effect_open(row, watch, now)
    else:
        with transaction.atomic():
            insert(row)
            key_keep(row, key, now=row.created_at)
    settle(row, *_sent(row, call, since))


def dispatch_due(limit: int = 20) -> int:
    """Send what is queued, oldest first, one by one; how many left the queue. Safe to call anywhere, any time."""
    return sum(dispatch_one(row_id) for row_id, _ in due(limit=limit))


def dispatch_one(row_id: uuid.UUID) -> bool:
    """Check one queued invocation against the world as it is now, and send it. False when it waits for NinjaOne.

    True when it left the queue, or somebody else is at it.
    """
    about = str(row_id)
    with AboutInvocation(about), span("dispatch", invocation=about):
        until = hold(row_id)
        if until is None or _dispatched(row_id):
            return True
        let_go(row_id, until)
        return False


def _dispatched(row_id: uuid.UUID) -> bool:
    rows = Invocation.objects.select_related("msp", "agent__msp", "agent_key", "connection__msp")
    row = rows.filter(pk=row_id, status=Status.QUEUED).first()
    if row is None:
        return True
    try:
        changed = release.changes(row)
        call = None if changed else call_of(row)
        watch = None if changed else watch_of(row)
    except GateError as error:
        # NinjaOne cannot be asked right now: it stays queued until its release deadline.
        logger.warning("Invocation %s waits: %s", row.pk, error.message)
        return False
    if call is None:
        return release.block(row, changed)
    return _claim(row, watch) and _send(row, call, LONG_AGO)


def settle(row: Invocation, outcome: Outcome, now: datetime) -> bool:
    """Write the end of the attempt; False when a sweeper was faster and the ledger says something else by now."""
    values = {
        "status": outcome.status,
        "finished_at": now,
        "lease_until": None,
        "result": outcome.result,
        "is_truncated": outcome.is_truncated,
        "note": outcome.note,
        "upstream_status": outcome.upstream_status,
        "error_code": outcome.error_code,
        "error_message": outcome.error_message,
    }
    # A write that a sweeper gave up on as unknown may still be settled by its own, late, answer: that is evidence.
    open_states = [Status.DISPATCHING, Status.UNKNOWN] if row.is_write else [Status.DISPATCHING]
    mine = {"id": row.pk, "status": open_states, "attempt_count": row.attempt_count}
    if row.is_write or row.approvals_needed:
        with transaction.atomic():
            is_settled = bool(prepared.update(Invocation, values, mine))
            if is_settled:
                _finish_attempt(row, outcome)
                invocation_changed(row, outcome.status)
                if outcome.status is Status.FAILED:
                    effect_drop(row)
    else:
        is_settled = bool(prepared.update(Invocation, values, mine))
        if is_settled:
            reached(outcome.status)
    _copy(row, outcome, now) if is_settled else _came_late(row, outcome)
    return is_settled


def _came_late(row: Invocation, outcome: Outcome) -> None:
    """Bring the object in hand up to date. Tell people where NinjaOne's late answer contradicts what was settled."""
    row.refresh_from_db()
    ends = {Status.SUCCEEDED, Status.FAILED}
    if row.is_write and row.status in ends and outcome.status in ends - {Status(row.status)}:
        what = "was carried out" if outcome.status is Status.SUCCEEDED else "was not carried out"
        words = f"A call {what}: so says NinjaOne's late answer, against what was settled before."
        with transaction.atomic():
            alarm(msp=row.msp, what=words, invocation=row)


def _claim(row: Invocation, watch: Watch | None) -> bool:
    """Take the row for this process, unless anything that was approved has changed in between."""
    with durable(), transaction.atomic():
        now = database_now()
        # No joins: Django would move the whole condition into a subquery, which PostgreSQL does not look at again
        # after it waited for another dispatcher's row lock. Then both would claim.
        queued = Invocation.objects.filter(unstopped(row), pk=row.pk, status=Status.QUEUED, release_by__gt=Now())
        if not queued.update(
            status=Status.DISPATCHING,
            dispatch_started_at=now,
            lease_until=now + timedelta(seconds=settings.DISPATCH_LEASE_SECONDS),
            attempt_count=F("attempt_count") + 1,
        ):
            return False
        row.status, row.dispatch_started_at = Status.DISPATCHING, now
        row.attempt_count += 1
        if row.is_write or row.approvals_needed:
            _record_attempt(row, DISPATCHER)
            invocation_changed(row, Status.DISPATCHING)
            effect_open(row, watch, now)
    return True


def _send(row: Invocation, call: Call, since: float) -> bool:
    settle(row, *_sent(row, call, since))
    return True


def _sent(row: Invocation, call: Call, since: float) -> tuple[Outcome, datetime]:
    """Send the bytes that the row holds, which people saw; `call` only knows how to read the answer.

    `since`: before it was claimed, on the monotonic clock. What became of it, and when.
    """
    request = WireRequest(method=row.method, base_url=row.base_url, path=row.path, query=row.query, body=row.body)
    started, about = time.monotonic(), str(row.pk)
    with AboutInvocation(about), span("call", invocation=about, tool=row.tool) as doing:
        outcome = perform(
            connection=cast(Connection, row.connection),
            request=request,
            call=call,
            is_write=row.is_write,
            go_check=partial(going_check, row) if row.is_write else None,
            since=since,
        )
        doing.tell(outcome=outcome.status.value)
    # The database's clock, moved on by how long it took: a read is not worth a query to ask what time it is.
    took = timedelta(seconds=time.monotonic() - started)
    return outcome, cast(datetime, row.dispatch_started_at) + took


def _record_attempt(row: Invocation, actor: Actor) -> None:
    Attempt.objects.create(
        msp_id=row.msp_id,
        invocation=row,
        number=row.attempt_count,
        is_write=row.is_write,
        started_at=cast(datetime, row.dispatch_started_at),
    )
    audit_append(
        msp=row.msp,
        actor=actor,
        action="invocation.dispatched",
        subject=f"invocation {row.pk}",
        data={"tool": row.tool, "method": row.method, "path": row.path, "attempt": row.attempt_count},
    )


def _finish_attempt(row: Invocation, outcome: Outcome) -> None:
    Attempt.objects.filter(invocation=row, number=row.attempt_count).update(
        finished_at=Now(),
        upstream_status=outcome.upstream_status,
        upstream_request_id=outcome.upstream_request_id,
        error_code=outcome.error_code,
    )
    audit_append(
        msp=row.msp,
        actor=DISPATCHER,
        action=f"invocation.{outcome.status.value}",
        subject=f"invocation {row.pk}",
        data={
            "upstream_status": outcome.upstream_status,
            "code": outcome.error_code,
            # By which NinjaOne's support finds it.
            "upstream_request_id": outcome.upstream_request_id,
            "incident": outcome.incident_id,
        },
    )


def _copy(row: Invocation, outcome: Outcome, now: datetime) -> None:
    """The settled columns on the object in hand, so that the answer needs no second query."""
    row.status, row.result, row.is_truncated = outcome.status, outcome.result, outcome.is_truncated
    row.note, row.upstream_status, row.lease_until = outcome.note, outcome.upstream_status, None
    row.error_code, row.error_message = outcome.error_code, outcome.error_message
    row.finished_at = now
