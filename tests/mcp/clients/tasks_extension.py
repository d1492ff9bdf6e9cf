"""The tasks extension as a client implements it (SEP-2663): asks until the task is over, and gives back its result.

Its shapes forbid what they do not name, so that a word too many fails here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Literal

import anyio
from mcp.client.extension import ClaimContext, ClientExtension, ResultClaim
from mcp.types import CallToolResult, Request, RequestParams, Result
from pydantic import ConfigDict

from approvals.mcp.protocol import TASKS


class Task(Result):
    """What every form of a task says."""

    model_config = ConfigDict(extra="forbid")

    task_id: str
    status: Literal["working", "input_required", "completed", "cancelled", "failed"]
    status_message: str
    created_at: datetime
    last_updated_at: datetime
    ttl_ms: int | None
    poll_interval_ms: int | None = None


class CreatedTask(Task):
    """The answer to a call that waits."""

    result_type: Literal["task"]


class DetailedTask(Task):
    """The answer to tasks/get."""

    result_type: Literal["complete"]
    result: dict[str, Any] | None = None


class Acknowledged(Result):
    """The answer to tasks/update and tasks/cancel."""

    model_config = ConfigDict(extra="forbid")

    result_type: Literal["complete"]


class TaskParams(RequestParams):
    """Which task."""

    task_id: str


class GetTask(Request[TaskParams, Literal["tasks/get"]]):
    """How does it stand?"""

    name_param: ClassVar[str | None] = "taskId"
    method: Literal["tasks/get"] = "tasks/get"
    params: TaskParams


class CancelTask(Request[TaskParams, Literal["tasks/cancel"]]):
    """Never mind."""

    name_param: ClassVar[str | None] = "taskId"
    method: Literal["tasks/cancel"] = "tasks/cancel"
    params: TaskParams


@dataclass
class TasksExtension(ClientExtension):
    """Waits for each task, and keeps the states that it saw; `created` tells others when there is one."""

    identifier = TASKS
    seen: list[str] = field(default_factory=list)
    created: anyio.Event = field(default_factory=anyio.Event)
    task_id: str = ""

    def claims(self) -> Sequence[ResultClaim[Any]]:
        """Results that are tasks."""
        return [ResultClaim(result_type="task", model=CreatedTask, resolve=self.wait)]

    async def wait(self, task: CreatedTask, context: ClaimContext) -> CallToolResult:
        """The result, once there is one."""
        self.task_id = task.task_id
        self.seen.append(task.status)
        self.created.set()
        while True:
            now = await self.get(context)
            if now.status != "working":
                self.seen.append(now.status)
                return CallToolResult.model_validate(now.result)
            await anyio.sleep(0.2)

    async def get(self, context: ClaimContext) -> DetailedTask:
        """The task as it is."""
        return await context.session.send_request(GetTask(params=TaskParams(task_id=self.task_id)), DetailedTask)
