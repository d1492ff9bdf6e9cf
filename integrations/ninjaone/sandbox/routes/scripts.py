from __future__ import annotations

from integrations.ninjaone.sandbox.devices import LINUX, WINDOWS, Device
from integrations.ninjaone.sandbox.messages import SandboxResponse, json_response
from integrations.ninjaone.sandbox.routing import Call, route


@route("GET", "/v2/automation/scripts")
def script_list(call: Call) -> SandboxResponse:
    return json_response([script.row() for script in call.world.scripts.values()])


@route("GET", "/v2/device/{id}/scripting/options")
def scripting_options(call: Call) -> SandboxResponse:
    device = call.device()
    scripts = [
        script.option()
        for script in call.world.scripts.values()
        if script.active and device.platform in script.operating_systems
    ]
    actions = [action.option() for action in call.world.actions.values() if device.platform in action.platforms]
    return json_response(
        {
            "categories": [{"id": 1, "name": "Uncategorized", "internal": True}],
            "scripts": scripts + actions,
            "credentials": {"roles": roles_of(device), "credentials": call.world.credentials},
        }
    )


def roles_of(device: Device) -> list[str]:
    """The values of runAs that this device knows, credentials aside."""
    if device.node_class in WINDOWS:
        return ["system", "loggedonuser", "SR_LOCAL_ADMINISTRATOR", "SR_DOMAIN_ADMINISTRATOR"]
    return ["system", "SR_LINUX_SCRIPT" if device.node_class in LINUX else "SR_MAC_SCRIPT"]
