"""What a device is made of: disks, volumes, software, services and the like."""

from __future__ import annotations

from integrations.ninjaone.sandbox.messages import SandboxResponse, json_response
from integrations.ninjaone.sandbox.routing import Call, route


@route("GET", "/v2/device/{id}/disks")
def disk_list(call: Call) -> SandboxResponse:
    return json_response(call.device().disks)


@route("GET", "/v2/device/{id}/volumes")
def volume_list(call: Call) -> SandboxResponse:
    with_bitlocker = "bl" in call.query.get("include", [])
    return json_response(call.device().volume_rows(with_bitlocker=with_bitlocker))


@route("GET", "/v2/device/{id}/software")
def software_list(call: Call) -> SandboxResponse:
    return json_response(call.device().software)


@route("GET", "/v2/device/{id}/windows-services")
def service_list(call: Call) -> SandboxResponse:
    name, state = call.text("name"), call.text("state")
    return json_response(
        [
            row
            for row in call.device().services
            if (not name or row["name"].lower() == name.lower()) and (not state or row["state"] == state)
        ]
    )


@route("GET", "/v2/device/{id}/processors")
def processor_list(call: Call) -> SandboxResponse:
    return json_response(call.device().processors)


@route("GET", "/v2/device/{id}/network-interfaces")
def interface_list(call: Call) -> SandboxResponse:
    return json_response(call.device().interfaces)


@route("GET", "/v2/device/{id}/os-patches")
def patch_list(call: Call) -> SandboxResponse:
    return json_response(call.device().patches)


@route("GET", "/v2/device/{id}/last-logged-on-user")
def last_user_get(call: Call) -> SandboxResponse:
    device = call.device()
    return json_response({"userName": device.last_user, "logonTime": device.last_boot})


@route("GET", "/v2/device/{id}/policy/overrides")
def override_list(call: Call) -> SandboxResponse:
    call.device()
    return json_response({"overrides": []})


@route("GET", "/v2/device/{id}/dashboard-url")
def dashboard_url_get(call: Call) -> SandboxResponse:
    device = call.device()
    return json_response(
        {
            "url": f"https://sandbox.invalid/#/deviceDashboard/{device.id}/overview?session=sandbox-session",
            "expires": round(call.world.now() + 300, 3),
        }
    )
