"""The reports under /v2/queries: one row per device and thing, paged by a cursor."""

from __future__ import annotations

from collections.abc import Callable

from integrations.ninjaone.sandbox.devices import Device
from integrations.ninjaone.sandbox.messages import Json, SandboxResponse, json_response
from integrations.ninjaone.sandbox.refusals import bad_request
from integrations.ninjaone.sandbox.routes.devices import devices_selected
from integrations.ninjaone.sandbox.routing import Call, route
from integrations.ninjaone.sandbox.world import World

Report = Callable[[World, Device], list[Json]]
_PAGE = 1000


def _health(world: World, device: Device) -> list[Json]:
    alerts = sum(alert["deviceId"] == device.id for alert in world.alerts.values())
    jobs = sum(run.device is device for run in world.runs)
    return [
        {
            "alertCount": alerts,
            "activeJobCount": jobs,
            "pendingOSPatchesCount": len(device.patches),
            "failedOSPatchesCount": 0,
            "activeThreatsCount": 0,
            "offline": device.offline,
            "healthStatus": "NEEDS_ATTENTION" if alerts or device.offline else "HEALTHY",
        }
    ]


_REPORTS: dict[str, Report] = {
    "disks": lambda _, device: device.disks,
    "volumes": lambda _, device: device.volume_rows(),
    "software": lambda _, device: device.software,
    "windows-services": lambda _, device: device.services,
    "os-patches": lambda _, device: device.patches,
    "processors": lambda _, device: device.processors,
    "network-interfaces": lambda _, device: device.interfaces,
    "operating-systems": lambda _, device: [device.os_row()],
    "computer-systems": lambda _, device: [{"name": device.system_name, **device.system}],
    "logged-on-users": lambda _, device: [{"userName": device.last_user, "logonTime": device.last_boot}],
    "device-health": _health,
}
_WITHOUT_TIMESTAMP = {"logged-on-users", "device-health"}


def _answer(name: str, report: Report) -> Callable[[Call], SandboxResponse]:
    def answer(call: Call) -> SandboxResponse:
        now = call.world.clock()
        stamp = {} if name in _WITHOUT_TIMESTAMP else {"timestamp": now}
        rows = [
            {**row, "deviceId": device.id, **stamp}
            for device in devices_selected(call)
            for row in report(call.world, device)
        ]
        return json_response(_cursor_page(call, rows, name=name))

    return answer


def _cursor_page(call: Call, rows: list[Json], *, name: str) -> Json:
    """The cursor's name carries the offset; the last page has no cursor."""
    size = call.number("pageSize") or _PAGE
    cursor = call.text("cursor") or f"{name}:0"
    prefix, _, offset_text = cursor.rpartition(":")
    if prefix != name or not offset_text.isdecimal():
        raise bad_request("Unknown cursor")
    offset = int(offset_text)
    page: Json = {"results": rows[offset : offset + size]}
    if offset + size < len(rows):
        page["cursor"] = {
            "name": f"{name}:{offset + size}",
            "offset": offset + size,
            "count": len(rows),
            "expires": round(call.world.now() + 3600, 3),
        }
    return page


for _name, _report in _REPORTS.items():
    route("GET", f"/v2/queries/{_name}")(_answer(_name, _report))
