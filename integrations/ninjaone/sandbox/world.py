"""One MSP's NinjaOne, as plain objects that tests may change: `world.devices[41].offline = True`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from integrations.ninjaone.sandbox.devices import Device
from integrations.ninjaone.sandbox.messages import Json
from integrations.ninjaone.sandbox.scripts import BuiltInAction, Script

if TYPE_CHECKING:
    from integrations.ninjaone.sandbox.runs import Run

# Ids of activities that happen while the sandbox runs follow its clock from here, so that a restarted sandbox
# does not hand out ids below those it gave before. Fits the int32 of `newerThan` until 2094.
_ID_EPOCH = 1_760_000_000


@dataclass(kw_only=True)
class Organization:
    id: int
    name: str
    description: str = ""
    node_approval_mode: str = "AUTOMATIC"
    user_data: Json = field(default_factory=dict)
    locations: list[Json] = field(default_factory=list)
    policies: list[Json] = field(default_factory=list)
    custom_fields: Json = field(default_factory=dict)

    def brief(self) -> Json:
        row: Json = {"id": self.id, "name": self.name, "description": self.description}
        if self.user_data:
            row["userData"] = self.user_data
        return {**row, "nodeApprovalMode": self.node_approval_mode}

    def full(self) -> Json:
        return {**self.brief(), "locations": self.locations, "policies": self.policies, "settings": {}}


@dataclass(kw_only=True)
class World:
    name: str
    now: Callable[[], float]
    technician_id: int
    organizations: dict[int, Organization] = field(default_factory=dict)
    devices: dict[int, Device] = field(default_factory=dict)
    scripts: dict[int, Script] = field(default_factory=dict)
    actions: dict[str, BuiltInAction] = field(default_factory=dict)
    credentials: list[Json] = field(default_factory=list)
    alerts: dict[str, Json] = field(default_factory=dict)
    tickets: dict[int, Json] = field(default_factory=dict)
    ticket_logs: dict[int, list[Json]] = field(default_factory=dict)
    ticket_statuses: list[Json] = field(default_factory=list)
    ticket_forms: list[Json] = field(default_factory=list)
    ticket_attributes: list[Json] = field(default_factory=list)
    boards: list[Json] = field(default_factory=list)
    users: list[Json] = field(default_factory=list)
    contacts: list[Json] = field(default_factory=list)
    policies: list[Json] = field(default_factory=list)
    roles: list[Json] = field(default_factory=list)
    groups: list[Json] = field(default_factory=list)
    tasks: list[Json] = field(default_factory=list)
    products: dict[int, Json] = field(default_factory=dict)
    activities: list[Json] = field(default_factory=list)  # oldest first
    runs: list[Run] = field(default_factory=list)  # what is not finished yet
    is_ticketing_licensed: bool = True
    script_start_seconds: float = 1.0
    script_finish_seconds: float = 3.0
    reboot_seconds: float = 20.0

    def clock(self) -> float:
        return round(self.now(), 3)

    def activity_id_next(self) -> int:
        last: int = self.activities[-1]["id"] if self.activities else 0
        return max(last + 1, int(self.now()) - _ID_EPOCH)

    def device_activities(self, device_id: int) -> list[Json]:
        return [row for row in self.activities if row.get("deviceId") == device_id]

    def activity_add(
        self,
        *,
        kind: str,
        code: str,
        message: str,
        device: Device | None = None,
        at: float | None = None,
        source: str | None = None,
        series: str | None = None,
        result: str | None = None,
        data: Json | None = None,
        user_id: int | None = None,
    ) -> Json:
        optional: Json = {
            "deviceId": device.id if device else None,
            "seriesUid": series,
            "sourceName": source,
            "subject": device.display_name if device else None,
            "userId": user_id,
            "activityResult": result,
        }
        row: Json = {
            "id": self.activity_id_next(),
            "activityTime": self.clock() if at is None else round(at, 3),
            "severity": "NONE",
            "priority": "NONE",
            "activityType": kind,
            "statusCode": code,
            "status": code.replace("_", " ").title(),
            "type": kind.replace("_", " ").title(),
            "message": message,
            "data": {"message": {"code": f"{kind}.{code}".lower(), "params": {}}} if data is None else data,
            **{key: value for key, value in optional.items() if value is not None},
        }
        self.activities.append(row)
        return row
