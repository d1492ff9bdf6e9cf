"""A call that waits for a human as a task of the extension io.modelcontextprotocol/tasks (SEP-2663).

The task is the invocation, and has its id. A client can look at it and withdraw it; nothing that it sends decides.
"""

from __future__ import annotations

from datetime import datetime

from approvals.envelope import LOOK_AGAIN, envelope
from approvals.mcp.endpoint import Call, no_such_method
from approvals.mcp.protocol import INVALID_PARAMS, TASKS, ProtocolError, Result, missing_capability
from approvals.models import Invocation, Status
from approvals.outcomes.telling import SOON, effect_of, prints_later
from approvals.reading import status_now
from approvals.timestamps import timestamp


def check_declared(call: Call) -> None:
    """Raises ProtocolError for a client that did not declare the extension on this very request."""
    if not call.terms.is_modern:
        raise no_such_method(call)
    if not call.terms.has_extension(TASKS):
        raise missing_capability(
            {"extensions": {TASKS: {}}}, f"This needs the extension {TASKS} in your clientCapabilities."
        )


def created_task(invocation: Invocation, *, now: datetime, msp_name: str) -> Result:
    """The answer to a call that waits."""
    return {"resultType": "task", **_task(invocation, now=now, msp_name=msp_name)}


def task_now(invocation: Invocation, answer: Result, *, now: datetime, msp_name: str) -> Result:
    """The whole task; `answer` is what the call would be answered with now, which a task that is over holds."""
    task = _task(invocation, now=now, msp_name=msp_name)
    if task["status"] == "completed":
        task["result"] = {"resultType": "complete", **answer}
    return task


def _task(invocation: Invocation, *, now: datetime, msp_name: str) -> Result:
    status = status_now(invocation, now)
    is_working = status.is_open or prints_later(invocation)
    task: Result = {
        "taskId": str(invocation.pk),
        "status": _word(status, is_working=is_working),
        "statusMessage": envelope(invocation, now=now, msp_name=msp_name)["message"],
        "createdAt": timestamp(invocation.created_at),
        "lastUpdatedAt": timestamp(_last_change(invocation)),
        # The ledger keeps everything.
        "ttlMs": None,
    }
    if is_working:
        task["pollIntervalMs"] = LOOK_AGAIN.get(status, SOON) * 1000
    return task


def _word(status: Status, *, is_working: bool) -> str:
    """`failed` is for errors of the protocol alone: what was denied or went wrong is completed, with isError."""
    if is_working:
        return "working"
    return "cancelled" if status is Status.CANCELLED else "completed"


def _last_change(invocation: Invocation) -> datetime:
    effect = effect_of(invocation)
    found = (effect.started_at, effect.closed_at) if effect else ()
    moments = (*found, invocation.finished_at, invocation.dispatch_started_at, invocation.decided_at)
    return max((each for each in moments if each is not None), default=invocation.created_at)


def no_such_task() -> ProtocolError:
    """The same for an id that does not exist and one that is not yours."""
    return ProtocolError(INVALID_PARAMS, "There is no such task of yours.")
