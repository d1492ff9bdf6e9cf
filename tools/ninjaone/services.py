"""Windows services. NinjaOne has no services of Linux or macOS."""

from __future__ import annotations

from tools.args import DeviceId, Limit, ServiceAction, ServiceName, ServiceState
from tools.calls import Call, get, post
from tools.definitions import tool
from tools.lists import WholeAnswer
from tools.models import Mode
from tools.queries import query_of


@tool("ninja-get-device-services", Mode.AUTO, group="devices", read_only=True)
def get_device_services(
    *, device_id: DeviceId, name: ServiceName | None = None, state: ServiceState | None = None, limit: Limit = 100
) -> Call:
    """List the Windows services of a device, all or those of a name or in a state."""
    return get(
        "/v2/device/{}/windows-services",
        device_id,
        query=query_of(name=name, state=state),
        answer=WholeAnswer(limit, narrow="Narrow by name or state, or raise limit."),
    )


@tool("ninja-control-service", Mode.APPROVAL_NEEDED, group="devices", destructive=True)
def control_service(*, device_id: DeviceId, service: ServiceName, action: ServiceAction) -> Call:
    """Start, stop or restart a Windows service on a device."""
    return post("/v2/device/{}/windows-service/{}/control", device_id, service, body={"action": action.upper()})
