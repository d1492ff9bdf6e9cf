from __future__ import annotations

from integrations.ninjaone.sandbox.bodies import body_read, is_int32, is_number, is_object, is_text
from integrations.ninjaone.sandbox.device_filter import devices_filter
from integrations.ninjaone.sandbox.devices import Device
from integrations.ninjaone.sandbox.messages import NO_CONTENT, SandboxResponse, json_response
from integrations.ninjaone.sandbox.refusals import bad_request
from integrations.ninjaone.sandbox.routing import WRITE, Call, route


def devices_selected(call: Call) -> list[Device]:
    """In the order of their ids; every route with a `df` sees devices through this."""
    devices = [call.world.devices[key] for key in sorted(call.world.devices)]
    return devices_filter(devices, call.text("df"))


def _paged(call: Call, devices: list[Device]) -> list[Device]:
    after, size = call.number("after"), call.number("pageSize")
    if size is not None and size < 1:
        raise bad_request("pageSize must be positive")
    if after is not None:
        devices = [device for device in devices if device.id > after]
    return devices if size is None else devices[:size]


@route("GET", "/v2/devices")
def device_list(call: Call) -> SandboxResponse:
    return json_response([device.row() for device in _paged(call, devices_selected(call))])


@route("GET", "/v2/devices-detailed")
def device_list_detailed(call: Call) -> SandboxResponse:
    return json_response([device.detailed_row() for device in _paged(call, devices_selected(call))])


@route("GET", "/v2/organization/{id}/devices")
def organization_device_list(call: Call) -> SandboxResponse:
    organization = call.organization()
    approved = devices_filter([call.world.devices[key] for key in sorted(call.world.devices)], None)
    devices = [device for device in approved if device.organization_id == organization.id]
    return json_response([device.row() for device in _paged(call, devices)])


@route("GET", "/v2/devices/search")
def device_search(call: Call) -> SandboxResponse:
    words = call.text("q") or ""
    limit = call.number("limit") or 50
    found = [
        {**device.row(), "score": 1, "matchAttr": "systemName", "matchAttrValue": device.system_name}
        for device in devices_filter(list(call.world.devices.values()), None)
        if words.lower() in f"{device.system_name} {device.display_name} {device.dns_name}".lower()
    ]
    return json_response({"query": words, "devices": found[:limit]})


@route("GET", "/v2/device/{id}")
def device_get(call: Call) -> SandboxResponse:
    return json_response(call.device().detail())


@route("PATCH", "/v2/device/{id}", WRITE)
def device_update(call: Call) -> SandboxResponse:
    device = call.device()
    data = body_read(
        call.request,
        {
            "displayName": is_text,
            "userData": is_object,
            "nodeRoleId": is_int32,
            "policyId": is_int32,
            "organizationId": is_int32,
            "locationId": is_int32,
            "warranty": is_object,
        },
    )
    if data.get("organizationId", device.organization_id) not in call.world.organizations:
        raise bad_request("Organization not found")
    device.display_name = data.get("displayName", device.display_name)
    device.user_data = data.get("userData", device.user_data)
    device.node_role_id = data.get("nodeRoleId", device.node_role_id)
    device.policy_id = data.get("policyId", device.policy_id)
    device.organization_id = data.get("organizationId", device.organization_id)
    device.location_id = data.get("locationId", device.location_id)
    return NO_CONTENT


@route("GET", "/v2/device/{id}/custom-fields")
def device_fields_get(call: Call) -> SandboxResponse:
    return json_response(call.device().custom_fields)


@route("PATCH", "/v2/device/{id}/custom-fields", WRITE)
def device_fields_set(call: Call) -> SandboxResponse:
    call.device().custom_fields.update(body_read(call.request, None))
    return NO_CONTENT


@route("PUT", "/v2/device/{id}/maintenance", WRITE)
def maintenance_set(call: Call) -> SandboxResponse:
    device = call.device()
    data = body_read(
        call.request,
        {
            "disabledFeatures": lambda value: (
                isinstance(value, list) and set(map(str, value)) <= {"ALERTS", "PATCHING", "AVSCANS", "TASKS"}
            ),
            "start": is_number,
            "end": is_number,
            "reasonMessage": is_text,
        },
        required=("end",),
    )
    start = data.get("start", call.world.clock())
    device.maintenance = {
        "status": "IN_MAINTENANCE" if start <= call.world.now() else "PENDING",
        "start": start,
        "end": data["end"],
        "reasonMessage": data.get("reasonMessage", ""),
    }
    return NO_CONTENT


@route("DELETE", "/v2/device/{id}/maintenance", WRITE)
def maintenance_end(call: Call) -> SandboxResponse:
    call.device().maintenance = None
    return SandboxResponse(status=200)
