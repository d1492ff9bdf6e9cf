"""Builds devices from a line each; what is inside follows from the class and the id."""

from __future__ import annotations

from dataclasses import dataclass

from integrations.ninjaone.sandbox.devices import MAC, WINDOWS, Device
from integrations.ninjaone.sandbox.messages import Json
from integrations.ninjaone.sandbox.seeds.software import services_seed, software_seed

CREATED = 1754900000.512
ROLES = {
    "WINDOWS_WORKSTATION": (101, 58),
    "WINDOWS_SERVER": (102, 59),
    "LINUX_SERVER": (103, 60),
    "LINUX_WORKSTATION": (104, 61),
    "MAC": (105, 62),
    "MAC_SERVER": (106, 63),
}
_OS = {
    "WINDOWS_WORKSTATION": ("Windows 11 Professional Edition", "64-bit", "26100"),
    "WINDOWS_SERVER": ("Windows Server 2022 Standard Edition", "64-bit", "20348"),
    "LINUX_SERVER": ("Ubuntu 24.04.2 LTS", "x86_64", "6.8.0-60-generic"),
    "LINUX_WORKSTATION": ("Debian GNU/Linux 12 (bookworm)", "x86_64", "6.1.0-37-amd64"),
    "MAC": ("macOS 15.6", "arm64", "24G84"),
    "MAC_SERVER": ("macOS 14.7", "arm64", "23H124"),
}
_HARDWARE = {
    "WINDOWS_WORKSTATION": ("Dell Inc.", "OptiPlex 7010", False),
    "WINDOWS_SERVER": ("VMware, Inc.", "VMware Virtual Platform", True),
    "LINUX_SERVER": ("QEMU", "Standard PC", True),
    "LINUX_WORKSTATION": ("LENOVO", "ThinkCentre M70q", False),
    "MAC": ("Apple Inc.", "MacBookPro18,3", False),
    "MAC_SERVER": ("Apple Inc.", "Macmini9,1", False),
}


@dataclass(frozen=True, kw_only=True)
class Line:
    id: int
    name: str
    node_class: str
    organization_id: int
    location_id: int
    last_user: str = "root"
    domain: str = "acme.local"
    offline_seconds: float = 0.0  # how long ago an offline device was last seen
    software: int = 8
    tags: tuple[str, ...] = ()
    approval_status: str = "APPROVED"


def device_seed(line: Line, *, start: float, network: int, uid_prefix: str) -> Device:
    """`network` is the second octet of the addresses; `uid_prefix` keeps the uids of two worlds apart."""
    role, policy = ROLES[line.node_class]
    name, architecture, build = _OS[line.node_class]
    volumes = _volumes(line)
    return Device(
        id=line.id,
        uid=f"{uid_prefix}-0a7b-4d1a-9d0a-{line.id:012d}",
        organization_id=line.organization_id,
        location_id=line.location_id,
        node_class=line.node_class,
        display_name=line.name,
        system_name=line.name,
        dns_name=f"{line.name.lower()}.{line.domain}",
        node_role_id=role,
        policy_id=policy,
        created=CREATED,
        last_contact=round(start - line.offline_seconds, 3),
        last_boot=round(start - line.offline_seconds - 86_400 * (3 + line.id % 20), 3),
        os={"name": name, "architecture": architecture, "buildNumber": build},
        system=_system(line),
        processors=[_processor(line)],
        ip_addresses=[f"10.{network}.0.{line.id}"],
        mac_addresses=[f"00:15:5D:01:{network:02X}:{line.id:02X}"],
        public_ip=f"203.0.113.{line.id}",
        last_user=line.last_user,
        offline=line.offline_seconds > 0,
        needs_reboot=line.id % 5 == 0,
        approval_status=line.approval_status,
        tags=list(line.tags),
        custom_fields={"assetOwner": line.last_user, "warrantyMonths": 12 + line.id % 24},
        disks=[_disk(line)],
        volumes=volumes,
        software=software_seed(line.node_class, line.software),
        services=services_seed() if line.node_class in WINDOWS else [],
        patches=_patches(line),
        interfaces=[_interface(line, network)],
    )


def _system(line: Line) -> Json:
    manufacturer, model, is_virtual = _HARDWARE[line.node_class]
    return {
        "manufacturer": manufacturer,
        "model": model,
        "virtualMachine": is_virtual,
        "totalPhysicalMemory": 8331317248 * (2 if line.node_class in WINDOWS else 1),
        "numberOfProcessors": 1,
        "chassisType": "LAPTOP" if line.node_class == "MAC" else "UNKNOWN",
    }


def _processor(line: Line) -> Json:
    is_apple = line.node_class in MAC
    return {
        "architecture": "arm64" if is_apple else "x64",
        "name": "Apple M1" if is_apple else "AMD EPYC",
        "numCores": 4,
        "numLogicalCores": 4,
        "clockSpeed": 2445000000,
        "maxClockSpeed": 2445000000,
    }


def _disk(line: Line) -> Json:
    if line.node_class in WINDOWS:
        return {
            "bytesPerSector": 512,
            "description": "Disk drive",
            "interfaceType": "SCSI",
            "manufacturer": "(Standard disk drives)",
            "mediaType": "Fixed hard disk media",
            "model": "VMware Virtual disk SCSI Disk Device",
            "name": "\\\\.\\PHYSICALDRIVE0",
            "partitionCount": 3,
            "serialNumber": f"6000c{line.id}",
            "size": 128842162176,
            "smartCapable": False,
            "status": "OK",
        }
    is_apple = line.node_class in MAC
    return {
        "interfaceType": "NVMe" if is_apple else "SCSI",
        "model": "APPLE SSD AP0512Q" if is_apple else "QEMU HARDDISK",
        "name": "/dev/disk0" if is_apple else "/dev/sda",
        "partitionCount": 2,
        "serialNumber": f"QM{line.id:05d}",
        "size": 500277792768 if is_apple else 68719476736,
        "smartCapable": is_apple,
        "status": "OK",
    }


def _volumes(line: Line) -> list[Json]:
    if line.node_class not in WINDOWS:
        root: Json = {"name": "/", "label": "", "deviceType": "Local Disk", "capacity": 63278391296}
        return [{**root, "fileSystem": "apfs" if line.node_class in MAC else "ext4", "freeSpace": 21474836480}]
    drives = [("C:", "OS", 127775272960, 9126805504)]
    if line.node_class == "WINDOWS_SERVER":
        drives.append(("D:", "Data", 536870912000, 301465600000))
    return [
        {
            "name": name,
            "driveLetter": name,
            "label": label,
            "deviceType": "Local Disk",
            "fileSystem": "NTFS",
            "autoMount": True,
            "compressed": False,
            "capacity": capacity,
            "freeSpace": free,
            "serialNumber": f"7C1F-{line.id:02X}{number:02X}",
            "bitLockerStatus": {
                "conversionStatus": "FULLY_ENCRYPTED" if name == "C:" else "FULLY_DECRYPTED",
                "encryptionMethod": "XTS_AES_256" if name == "C:" else "NONE",
                "protectionStatus": "PROTECTED" if name == "C:" else "UNPROTECTED",
                "lockStatus": "UNLOCKED",
                "initializedForProtection": name == "C:",
            },
        }
        for number, (name, label, capacity, free) in enumerate(drives)
    ]


def _patches(line: Line) -> list[Json]:
    if line.node_class not in WINDOWS:
        return []
    return [
        {
            "id": f"3c6f2d10-0000-4000-8000-{line.id:04d}{number:08d}",
            "name": f"2026-11 Cumulative Update (KB50{number}{line.id:03d})",
            "severity": "CRITICAL" if number == 1 else "IMPORTANT",
            "status": "APPROVED" if number == 1 else "MANUAL",
            "type": "SECURITY_UPDATES",
            "kbNumber": f"KB50{number}{line.id:03d}",
        }
        for number in (1, 2)
    ]


def _interface(line: Line, network: int) -> Json:
    return {
        "adapterName": "Ethernet",
        "defaultGateway": f"10.{network}.0.1",
        "interfaceType": "ETHERNET",
        "interfaceName": "eth0",
        "ipAddress": [f"10.{network}.0.{line.id}"],
        "macAddress": [f"00:15:5D:01:{network:02X}:{line.id:02X}"],
        "linkSpeed": "1000000000",
        "mtu": "1500",
        "status": "UP",
        "subnetMask": "255.255.255.0",
    }
