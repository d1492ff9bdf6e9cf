"""What takes time: scripts, reboots, service control. Activities come into being when somebody looks."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from integrations.ninjaone.sandbox.devices import Device
from integrations.ninjaone.sandbox.messages import Json
from integrations.ninjaone.sandbox.playback import script_play
from integrations.ninjaone.sandbox.scripts import BuiltInAction, Script
from integrations.ninjaone.sandbox.world import World

Effect = Callable[["World", "Run", float], None]


@dataclass(kw_only=True)
class Run:
    """`steps` are (seconds after the start, effect), in order; an offline device holds the start back."""

    device: Device
    name: str
    requested_at: float
    starts_at: float | None
    steps: list[tuple[float, Effect]]
    user_id: int
    uid: str = field(default_factory=lambda: str(uuid.uuid4()))
    status: str = "START_REQUESTED"
    updated_at: float = 0.0
    output: str = ""
    result: str = "SUCCESS"
    is_job: bool = True

    def due_at(self, now: float) -> float | None:
        """When the next step happens; None while the device is offline and nothing has started."""
        if self.status == "START_REQUESTED" and self.device.offline:
            self.starts_at = None
            return None
        if self.starts_at is None:
            self.starts_at = now
        return self.starts_at + self.steps[0][0]

    def job(self) -> Json:
        word = self.status.replace("_", " ").lower()
        return {
            "uid": self.uid,
            "deviceId": self.device.id,
            "message": f"Action {word}: {self.name}",
            "createTime": self.requested_at,
            "updateTime": self.updated_at or self.requested_at,
            "sourceName": self.name,
            "subject": self.device.display_name,
            "userId": self.user_id,
            "jobStatus": self.status,
            "jobType": "ACTION",
        }


def world_settle(world: World) -> None:
    """Lets everything happen that was due by now, in the order in which it was due."""
    now = world.now()
    while world.runs:
        due = [(at, index) for index, run in enumerate(world.runs) if (at := run.due_at(now)) is not None]
        if not due or min(due)[0] > now:
            return
        at, index = min(due)
        run = world.runs[index]
        _, effect = run.steps.pop(0)
        effect(world, run, at)
        if not run.steps:
            world.runs.remove(run)


def script_start(*, world: World, device: Device, script: Script, parameters: str) -> Run:
    output, result = script_play(script=script, parameters=parameters, device=device)
    return _action_start(world=world, device=device, name=f"Run {script.name}", output=output, result=result)


def built_in_start(*, world: World, device: Device, action: BuiltInAction) -> Run:
    return _action_start(world=world, device=device, name=f"Run {action.name}", output="", result="SUCCESS")


def _action_start(*, world: World, device: Device, name: str, output: str, result: str) -> Run:
    run = _run_add(
        world=world,
        device=device,
        name=name,
        steps=[(world.script_start_seconds, _started), (world.script_finish_seconds, _completed)],
    )
    run.output, run.result = output, result
    _tell(world, run, "START_REQUESTED", f"Action start requested: {name}", run.requested_at)
    return run


def reboot_start(*, world: World, device: Device, mode: str, reason: str) -> Run:
    name = "Reboot" if mode == "NORMAL" else "Force Reboot"
    run = _run_add(
        world=world,
        device=device,
        name=name,
        steps=[(world.script_start_seconds, _started), (world.reboot_seconds, _rebooted)],
    )
    suffix = f" Reason: {reason}" if reason else ""
    _tell(world, run, "START_REQUESTED", f"Action start requested: {name}{suffix}", run.requested_at)
    return run


def service_control_start(*, world: World, device: Device, service: Json, action: str) -> Run:
    name = str(service["displayName"])

    def apply(world: World, run: Run, at: float) -> None:
        service["state"] = {"STOP": "STOPPED", "PAUSE": "PAUSED"}.get(action, "RUNNING")
        if action != "PAUSE":  # NinjaOne has no activity for a pause
            code = f"REMOTE_TOOLS_{action}_SERVICE_SUCCESS"
            verb = {"START": "started", "STOP": "stopped", "RESTART": "restarted"}[action]
            _tell(world, run, code, f"Service {name} {verb}", at, kind="REMOTE_TOOLS")

    run = _run_add(world=world, device=device, name=name, steps=[(0.0, apply)])
    run.is_job = False
    code = "REMOTE_TOOLS_SERVICE_CONTROL_INITIATED"
    _tell(world, run, code, f"Service control initiated: {action} {name}", run.requested_at, kind="REMOTE_TOOLS")
    world_settle(world)
    return run


def _run_add(*, world: World, device: Device, name: str, steps: list[tuple[float, Effect]]) -> Run:
    now = world.clock()
    run = Run(
        device=device,
        name=name,
        requested_at=now,
        starts_at=None if device.offline else now,
        steps=steps,
        user_id=world.technician_id,
    )
    world.runs.append(run)
    return run


def _tell(world: World, run: Run, code: str, message: str, at: float, *, kind: str = "ACTION") -> Json:
    run.updated_at = round(at, 3)
    return world.activity_add(
        kind=kind,
        code=code,
        message=message,
        device=run.device,
        at=at,
        source=run.name,
        series=run.uid,
        user_id=run.user_id,
    )


def _started(world: World, run: Run, at: float) -> None:
    run.status = "STARTED"
    _tell(world, run, "STARTED", f"Action started: {run.name}", at)


def _completed(world: World, run: Run, at: float) -> None:
    run.status = "COMPLETED"
    verdict = "Success" if run.result == "SUCCESS" else "Failed"
    message = (
        f"Action completed: {run.name} Result: {run.result} Output: Action: {run.name}, Result: {verdict}\n{run.output}"
    )
    _tell(world, run, "COMPLETED", message, at)["activityResult"] = run.result


def _rebooted(world: World, run: Run, at: float) -> None:
    run.status = "COMPLETED"
    message = f"Action completed: {run.name} Result: SUCCESS"
    _tell(world, run, "COMPLETED", message, at)["activityResult"] = "SUCCESS"
    run.device.last_boot = round(at, 3)
    run.device.needs_reboot = False
    world.activity_add(kind="MONITOR", code="SYSTEM_REBOOTED", message="System rebooted", device=run.device, at=at)
