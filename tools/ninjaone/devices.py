"""Devices: what they are and what NinjaOne knows of them."""

from __future__ import annotations

from tools.args import (
    ActivityId,
    ActivityWord,
    After,
    DeviceFilter,
    DeviceId,
    IncludeBitlocker,
    Limit,
    NamePart,
    Offset,
    OrganizationId,
)
from tools.calls import Call, get
from tools.definitions import tool
from tools.lists import SMALLEST_ACTIVITY_PAGE, ActivitiesAnswer, Filter, PagedAnswer, WholeAnswer
from tools.models import Mode
from tools.queries import filter_of, query_of


@tool("ninja-list-devices", Mode.AUTO, group="devices", read_only=True)
def list_devices(
    *,
    organization_id: OrganizationId | None = None,
    filter: DeviceFilter | None = None,  # noqa: A002 - the name that agents know it by
    limit: Limit = 100,
    after: After | None = None,
) -> Call:
    """List devices, of all organizations or of one, in the order of their ids."""
    # NinjaOne answers with everything when it does not know a clause, so the scope is checked on the rows again.
    scope = () if organization_id is None else (Filter(("organizationId",), organization_id),)
    return get(
        "/v2/devices",
        query=query_of(df=filter_of(organization_id, filter), pageSize=limit, after=after),
        answer=PagedAnswer(
            limit, filters=scope, narrow="Ask for the rest with next, or narrow by organization_id or filter."
        ),
    )


@tool("ninja-get-device", Mode.AUTO, group="devices", read_only=True)
def get_device(*, device_id: DeviceId) -> Call:
    """Get one device: names, class, system, addresses, whether it is offline."""
    return get("/v2/device/{}", device_id)


@tool("ninja-get-device-activities", Mode.AUTO, group="devices", read_only=True)
def get_device_activities(
    *,
    device_id: DeviceId,
    activity_type: ActivityWord | None = None,
    status: ActivityWord | None = None,
    older_than: ActivityId | None = None,
    newer_than: ActivityId | None = None,
    limit: Limit = 100,
) -> Call:
    """List what happened on a device, newest first. Finished script runs stand here with their output, as
    activity_type ACTION.
    """
    return get(
        "/v2/device/{}/activities",
        device_id,
        query=query_of(
            activityType=activity_type,
            status=status,
            olderThan=older_than,
            newerThan=newer_than,
            pageSize=max(limit, SMALLEST_ACTIVITY_PAGE),
        ),
        answer=ActivitiesAnswer(limit),
    )


@tool("ninja-get-device-disks", Mode.AUTO, group="devices", read_only=True)
def get_device_disks(*, device_id: DeviceId, limit: Limit = 100) -> Call:
    """List the physical disks of a device with their health."""
    return get("/v2/device/{}/disks", device_id, answer=WholeAnswer(limit, narrow="Raise limit to see more."))


@tool("ninja-get-device-volumes", Mode.AUTO, group="devices", read_only=True)
def get_device_volumes(*, device_id: DeviceId, include_bitlocker: IncludeBitlocker = False, limit: Limit = 100) -> Call:
    """List the volumes of a device with capacity and free space in bytes."""
    return get(
        "/v2/device/{}/volumes",
        device_id,
        query=query_of(include="bl" if include_bitlocker else None),
        answer=WholeAnswer(limit, narrow="Raise limit to see more."),
    )


@tool("ninja-get-device-software", Mode.AUTO, group="devices", read_only=True)
def get_device_software(
    *, device_id: DeviceId, name: NamePart | None = None, limit: Limit = 100, offset: Offset = 0
) -> Call:
    """List the software that is installed on a device."""
    return get(
        "/v2/device/{}/software",
        device_id,
        answer=WholeAnswer(
            limit,
            offset,
            filters=() if name is None else (Filter(("name",), name, contains=True),),
            narrow="Ask for the rest with next, or narrow by name.",
        ),
    )


@tool("ninja-get-device-alerts", Mode.AUTO, group="devices", read_only=True)
def get_device_alerts(*, device_id: DeviceId, limit: Limit = 100) -> Call:
    """List the alerts that stand on a device."""
    return get("/v2/device/{}/alerts", device_id, answer=WholeAnswer(limit, narrow="Raise limit to see more."))
