from __future__ import annotations

from integrations.ninjaone.sandbox.messages import Json
from integrations.ninjaone.sandbox.world import World

_FIRST_ID = 899_500
_STEP_SECONDS = 3600.0
# What a device does all day, in turn: type, code, message.
_ROUTINE = (
    ("MONITOR", "USER_LOGGED_IN", "User {user} logged in"),
    ("MONITOR", "SOFTWARE_UPDATED", "Software updated: NinjaRMMAgent 9.0.4211"),
    ("PATCH_MANAGEMENT", "PATCH_MANAGEMENT_SCAN_STARTED", "Patch scan started"),
    ("PATCH_MANAGEMENT", "PATCH_MANAGEMENT_SCAN_COMPLETED", "Patch scan completed: 2 patches pending"),
    ("CONDITION", "TRIGGERED", "Condition 'Disk Free Space' triggered: free 9.4 % < 10 %"),
    ("CONDITION", "RESET", "Condition 'Disk Free Space' reset"),
    ("MONITOR", "ADAPTER_STATUS_CHANGED", "Adapter eth0 is up"),
    ("MONITOR", "USER_LOGGED_OUT", "User {user} logged out"),
)


def activities_seed(world: World, *, start: float, busy_device: int, busy_rows: int) -> None:
    """A few hours of routine for everyone, and `busy_rows` for one device, so that its feed has pages."""
    moments: list[tuple[float, int, int]] = []
    for device in world.devices.values():
        rows = busy_rows if device.id == busy_device else 6
        moments += [
            (round(start - _STEP_SECONDS * (rows - number) - device.id, 3), device.id, number) for number in range(rows)
        ]
    for number, (at, device_id, turn) in enumerate(sorted(moments)):
        world.activities.append(_row(world, _FIRST_ID + number, at, device_id, turn))


def _row(world: World, activity_id: int, at: float, device_id: int, turn: int) -> Json:
    device = world.devices[device_id]
    kind, code, message = _ROUTINE[turn % len(_ROUTINE)]
    return {
        "id": activity_id,
        "activityTime": at,
        "deviceId": device_id,
        "severity": "NONE",
        "priority": "NONE",
        "activityType": kind,
        "statusCode": code,
        "status": code.replace("_", " ").title(),
        "subject": device.display_name,
        "message": message.format(user=device.last_user),
        "type": kind.replace("_", " ").title(),
        "data": {"message": {"code": f"{kind}.{code}".lower(), "params": {}}},
    }
