"""The suite's tasks (SEP-2663). They live in this process's memory, and how they stand follows from the time."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from approvals.mcp.endpoint import Call
from approvals.mcp.protocol import TASKS, Result
from approvals.mcp.tasks import check_declared, no_such_task
from tests.mcp.conformance.contents import text
from tests.mcp.conformance.inputs import NAME, answers_of, asked, question

JOB_SECONDS = 0.3


@dataclass
class Task:
    """Done `seconds` after its start, unless it was cancelled before or still waits for an answer."""

    seconds: float
    outcome: dict[str, Any]
    questions: dict[str, Any] = field(default_factory=dict)
    is_cancelled: bool = False
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    created_at: str = field(default_factory=lambda: datetime.now(UTC).isoformat())
    started: float = field(default_factory=time.monotonic)

    @property
    def is_done(self) -> bool:
        """Whether its time is over."""
        return not self.questions and time.monotonic() >= self.started + self.seconds

    @property
    def status(self) -> str:
        """As the extension words it."""
        if self.is_cancelled:
            return "cancelled"
        if self.questions:
            return "input_required"
        if not self.is_done:
            return "working"
        return "failed" if "error" in self.outcome else "completed"

    def wire(self) -> Result:
        """What every form of it says."""
        return {
            "taskId": self.id,
            "status": self.status,
            "createdAt": self.created_at,
            "lastUpdatedAt": self.created_at,
            "ttlMs": 60_000,
            "pollIntervalMs": 100,
        }


KEPT: dict[str, Task] = {}


def tasks_get(call: Call) -> Result:
    """The whole task."""
    task = _task(call)
    wire = task.wire()
    if wire["status"] in {"completed", "failed"}:
        return wire | task.outcome
    return wire | ({"inputRequests": dict(task.questions)} if wire["status"] == "input_required" else {})


def tasks_update(call: Call) -> Result:
    """Takes the answers to what was asked, and leaves the rest."""
    task = _task(call)
    for key in call.params.get("inputResponses", {}):
        task.questions.pop(key, None)
    return {}


def tasks_cancel(call: Call) -> Result:
    """Ends what has not ended."""
    task = _task(call)
    task.is_cancelled = task.is_cancelled or not task.is_done
    return {}


def _task(call: Call) -> Task:
    check_declared(call)
    task = KEPT.get(str(call.params.get("taskId")))
    if task is None:
        raise no_such_task()
    return task


def _kept(task: Task) -> Result:
    KEPT[task.id] = task
    return {"resultType": "task", **task.wire()}


def _result(words: str, *, is_error: bool = False) -> dict[str, Any]:
    return {"result": {"resultType": "complete", "content": [text(words)], "isError": is_error}}


def greet(call: Call) -> Result:
    """Never a task."""
    return {"content": [text(f"Hello, {call.params['arguments']['name']}!")]}


def slow_compute(call: Call) -> Result:
    """A task for whoever knows what one is; at once for everybody else, and where there is nothing to wait for."""
    seconds = call.params["arguments"]["seconds"]
    if not seconds or not call.terms.has_extension(TASKS):
        return {"content": [text("Done.")]}
    return _kept(Task(seconds, _result("Done.")))


def failing_job(call: Call) -> Result:
    """Always a task, and its tool goes wrong."""
    check_declared(call)
    return _kept(Task(JOB_SECONDS, _result("It went wrong.", is_error=True)))


def protocol_error_job(call: Call) -> Result:
    """Always a task, and its server goes wrong."""
    check_declared(call)
    return _kept(Task(JOB_SECONDS, {"error": {"code": -32603, "message": "It broke."}}))


def confirm_delete(call: Call) -> Result:
    """A task that asks."""
    check_declared(call)
    return _kept(Task(0, _result("Deleted."), {"confirm": question("Really?", confirm="boolean")}))


def multi_input(call: Call) -> Result:
    """A task that asks twice at the same time."""
    check_declared(call)
    return _kept(Task(0, _result("Done."), {"first": NAME, "second": NAME}))


def asking_first(call: Call) -> Result:
    """Asks first, and is a task only then."""
    check_declared(call)
    answers = answers_of(call, ["user_name"])
    return asked({"user_name": NAME}) if answers is None else _kept(Task(JOB_SECONDS, _result(f"Hello, {answers}!")))


TOOLS = {
    "greet": greet,
    "slow_compute": slow_compute,
    "failing_job": failing_job,
    "protocol_error_job": protocol_error_job,
    "confirm_delete": confirm_delete,
    "multi_input": multi_input,
    "test_tool_with_task": asking_first,
}
