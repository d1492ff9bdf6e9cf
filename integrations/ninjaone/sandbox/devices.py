from __future__ import annotations

from dataclasses import dataclass, field

from integrations.ninjaone.sandbox.messages import Json

WINDOWS = frozenset({"WINDOWS_SERVER", "WINDOWS_WORKSTATION"})
LINUX = frozenset({"LINUX_SERVER", "LINUX_WORKSTATION"})
MAC = frozenset({"MAC", "MAC_SERVER"})


@dataclass(kw_only=True)
class Device:
    id: int
    uid: str
    organization_id: int
    location_id: int
    node_class: str
    display_name: str
    system_name: str
    dns_name: str
    node_role_id: int
    policy_id: int
    created: float
    last_contact: float
    last_boot: float
    os: Json
    system: Json
    processors: list[Json]
    ip_addresses: list[str]
    mac_addresses: list[str]
    public_ip: str
    last_user: str
    offline: bool = False
    needs_reboot: bool = False
    approval_status: str = "APPROVED"
    tags: list[str] = field(default_factory=list)
    notes: list[Json] = field(default_factory=list)
    user_data: Json = field(default_factory=dict)
    custom_fields: Json = field(default_factory=dict)
    maintenance: Json | None = None
    disks: list[Json] = field(default_factory=list)
    volumes: list[Json] = field(default_factory=list)  # with bitLockerStatus, which only `include=bl` shows
    software: list[Json] = field(default_factory=list)
    services: list[Json] = field(default_factory=list)
    patches: list[Json] = field(default_factory=list)
    interfaces: list[Json] = field(default_factory=list)

    @property
    def platform(self) -> str:
        """As scripts name it in `operatingSystems`."""
        if self.node_class in WINDOWS:
            return "Windows"
        return "Linux" if self.node_class in LINUX else "Mac"

    def row(self) -> Json:
        """One line of a device list."""
        row: Json = {
            "id": self.id,
            "uid": self.uid,
            "organizationId": self.organization_id,
            "locationId": self.location_id,
            "nodeClass": self.node_class,
            "nodeRoleId": self.node_role_id,
            "rolePolicyId": self.policy_id,
            "approvalStatus": self.approval_status,
            "offline": self.offline,
            "displayName": self.display_name,
            "systemName": self.system_name,
            "dnsName": self.dns_name,
            "created": self.created,
            "lastContact": self.last_contact,
            "lastUpdate": round(self.last_contact - 120.25, 3),
            "tags": self.tags,
        }
        if self.user_data:
            row["userData"] = self.user_data
        if self.maintenance is not None:
            row["maintenance"] = self.maintenance
        return row

    def detailed_row(self) -> Json:
        """One line of devices-detailed."""
        row = {
            **self.row(),
            "ipAddresses": self.ip_addresses,
            "macAddresses": self.mac_addresses,
            "publicIP": self.public_ip,
            "deviceType": "AGENT_DEVICE",
        }
        return {**row, "notes": self.notes} if self.notes else row

    def detail(self) -> Json:
        """GET /v2/device/{id}."""
        return {
            **self.detailed_row(),
            "os": self.os_row(),
            "system": {"name": self.system_name, **self.system},
            "memory": {"capacity": self.system["totalPhysicalMemory"]},
            "processors": self.processors,
            "volumes": self.volume_rows(),
            "lastLoggedInUser": self.last_user,
        }

    def os_row(self) -> Json:
        return {**self.os, "lastBootTime": self.last_boot, "needsReboot": self.needs_reboot}

    def volume_rows(self, *, with_bitlocker: bool = False) -> list[Json]:
        if with_bitlocker:
            return self.volumes
        return [{key: value for key, value in row.items() if key != "bitLockerStatus"} for row in self.volumes]
