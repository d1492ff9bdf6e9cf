"""Power of devices."""

from __future__ import annotations

from tools.args import DeviceId, RebootMode, RebootReason
from tools.calls import Call, post
from tools.definitions import tool
from tools.models import Mode


@tool("ninja-reboot-device", Mode.APPROVAL_NEEDED, group="devices", destructive=True)
def reboot_device(*, device_id: DeviceId, mode: RebootMode = "NORMAL", reason: RebootReason | None = None) -> Call:
    """Reboot a managed device."""
    return post("/v2/device/{}/reboot/{}", device_id, mode, body={} if reason is None else {"reason": reason})
