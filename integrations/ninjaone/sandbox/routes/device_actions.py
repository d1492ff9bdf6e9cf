"""What acts on a device: scripts, reboots, services."""

from __future__ import annotations

from integrations.ninjaone.sandbox.bodies import body_read, is_int32, is_text, is_uuid, one_of
from integrations.ninjaone.sandbox.devices import WINDOWS, Device
from integrations.ninjaone.sandbox.messages import NO_CONTENT, Json, SandboxResponse
from integrations.ninjaone.sandbox.refusals import bad_request, forbidden, not_found
from integrations.ninjaone.sandbox.routes.scripts import roles_of
from integrations.ninjaone.sandbox.routing import WRITE, Call, route
from integrations.ninjaone.sandbox.runs import (
    built_in_start,
    reboot_start,
    script_start,
    service_control_start,
)

_START_TYPES = ("AUTO_START", "AUTO_START_DELAYED", "BOOT_START", "DEMAND_START", "DISABLED", "SYSTEM_START")


@route("POST", "/v2/device/{id}/script/run", WRITE)
def script_run(call: Call) -> SandboxResponse:
    device = call.device()
    data = body_read(
        call.request,
        {
            "type": one_of("SCRIPT", "ACTION"),
            "id": lambda value: is_int32(value) and value > 0,
            "uid": is_uuid,
            "parameters": is_text,
            "runAs": is_text,
        },
        required=("type",),
    )
    _run_as_check(call, device, data.get("runAs", "system"))
    if data["type"] == "SCRIPT":
        _library_script_run(call, device, data)
    else:
        _built_in_run(call, device, data)
    return NO_CONTENT


def _run_as_check(call: Call, device: Device, run_as: str) -> None:
    """NinjaOne's run-as values are case-sensitive: `SYSTEM` is denied."""
    known = {str(credential["id"]) for credential in call.world.credentials}
    if run_as not in {*roles_of(device), *known}:
        raise forbidden("Access denied")


def _library_script_run(call: Call, device: Device, data: Json) -> None:
    if "id" not in data:
        raise bad_request("id must not be null")
    script = call.world.scripts.get(data["id"])
    if script is None:
        raise not_found("Script not found")
    if not script.active:
        raise bad_request("Script is not active")
    if device.platform not in script.operating_systems:
        raise bad_request("Script is not applicable for device")
    script_start(world=call.world, device=device, script=script, parameters=data.get("parameters", ""))


def _built_in_run(call: Call, device: Device, data: Json) -> None:
    if "uid" not in data:
        raise bad_request("uid must not be null")
    action = call.world.actions.get(data["uid"].lower())
    if action is None:
        raise not_found("Action not found")
    if device.platform not in action.platforms:
        raise bad_request("Action is not applicable for device")
    built_in_start(world=call.world, device=device, action=action)


@route("POST", "/v2/device/{id}/reboot/{mode}", WRITE)
def reboot(call: Call) -> SandboxResponse:
    device = call.device()
    mode = call.parts[1]
    if mode not in {"NORMAL", "FORCED"}:
        raise not_found()
    reason = body_read(call.request, {"reason": is_text}).get("reason", "")
    reboot_start(world=call.world, device=device, mode=mode, reason=reason)
    return NO_CONTENT


def _service(call: Call) -> tuple[Device, Json]:
    device = call.device()
    if device.node_class not in WINDOWS:
        raise bad_request("Device is not applicable for windows services.")
    wanted = call.parts[1].lower()
    service = next((row for row in device.services if row["name"].lower() == wanted), None)
    if service is None:
        raise not_found("Service not found")
    return device, service


@route("POST", "/v2/device/{id}/windows-service/{serviceId}/control", WRITE)
def service_control(call: Call) -> SandboxResponse:
    device, service = _service(call)
    data = body_read(call.request, {"action": one_of("START", "PAUSE", "STOP", "RESTART")}, required=("action",))
    service_control_start(world=call.world, device=device, service=service, action=data["action"])
    return NO_CONTENT


@route("POST", "/v2/device/{id}/windows-service/{serviceId}/configure", WRITE)
def service_configure(call: Call) -> SandboxResponse:
    _, service = _service(call)
    service.update(body_read(call.request, {"startType": one_of(*_START_TYPES), "userName": is_text}))
    return NO_CONTENT


@route("POST", "/v2/device/{id}/patch/os/scan", WRITE)
def patch_scan(call: Call) -> SandboxResponse:
    device = call.device()
    call.world.activity_add(
        kind="PATCH_MANAGEMENT",
        code="PATCH_MANAGEMENT_SCAN_STARTED",
        message="Patch scan started",
        device=device,
        user_id=call.world.technician_id,
    )
    return NO_CONTENT


@route("POST", "/v2/device/{id}/patch/os/apply", WRITE)
def patch_apply(call: Call) -> SandboxResponse:
    device = call.device()
    if device.node_class not in WINDOWS:
        raise bad_request("Device is not applicable for os apply.")
    call.world.activity_add(
        kind="PATCH_MANAGEMENT",
        code="PATCH_MANAGEMENT_APPLY_PATCH_STARTED",
        message="Patch apply started",
        device=device,
        user_id=call.world.technician_id,
    )
    return NO_CONTENT
