from __future__ import annotations

from functools import cache

from integrations.ninjaone.sandbox.devices import LINUX, WINDOWS
from integrations.ninjaone.sandbox.messages import Json

_WINDOWS = (
    ("Google Chrome", "Google LLC", "142.0.7444.60"),
    ("Microsoft Edge", "Microsoft Corporation", "142.0.3595.53"),
    ("7-Zip 24.09 (x64)", "Igor Pavlov", "24.09"),
    ("Microsoft 365 Apps for business", "Microsoft Corporation", "16.0.19328.20190"),
    ("NinjaRMMAgent", "NinjaRMM LLC", "9.0.4211"),
    ("Adobe Acrobat (64-bit)", "Adobe", "25.001.20756"),
    ("Zoom Workplace", "Zoom", "6.6.0"),
    ("Dentrix G7", "Henry Schein", "7.8.1"),
)
_MAC = (
    ("Google Chrome", "Google LLC", "142.0.7444.60"),
    ("Firefox", "Mozilla", "145.0"),
    ("Microsoft Word", "Microsoft Corporation", "16.103"),
    ("NinjaRMMAgent", "NinjaRMM LLC", "9.0.4211"),
)
_LINUX = (
    ("openssh-server", "Ubuntu Developers", "1:9.6p1-3ubuntu13.14"),
    ("nginx", "Ubuntu Developers", "1.24.0-2ubuntu7.5"),
    ("postgresql-16", "Ubuntu Developers", "16.10-0ubuntu0.24.04.1"),
    ("ninjarmm-agent", "NinjaRMM LLC", "9.0.4211"),
    ("curl", "Ubuntu Developers", "8.5.0-2ubuntu10.6"),
)
_SERVICES = (
    ("Spooler", "Print Spooler", "AUTO_START", "LocalSystem", "RUNNING"),
    ("W32Time", "Windows Time", "DEMAND_START", "NT AUTHORITY\\LocalService", "RUNNING"),
    ("wuauserv", "Windows Update", "DEMAND_START", "LocalSystem", "STOPPED"),
    ("BITS", "Background Intelligent Transfer Service", "AUTO_START_DELAYED", "LocalSystem", "RUNNING"),
    ("Dnscache", "DNS Client", "AUTO_START", "NT AUTHORITY\\NetworkService", "RUNNING"),
    ("LanmanServer", "Server", "AUTO_START", "LocalSystem", "RUNNING"),
    ("LanmanWorkstation", "Workstation", "AUTO_START", "NT AUTHORITY\\NetworkService", "RUNNING"),
    ("MpsSvc", "Windows Defender Firewall", "AUTO_START", "NT AUTHORITY\\LocalService", "RUNNING"),
    ("RemoteRegistry", "Remote Registry", "DISABLED", "NT AUTHORITY\\LocalService", "STOPPED"),
    ("Schedule", "Task Scheduler", "AUTO_START", "LocalSystem", "RUNNING"),
    ("TermService", "Remote Desktop Services", "DEMAND_START", "NT AUTHORITY\\NetworkService", "RUNNING"),
    ("WinDefend", "Microsoft Defender Antivirus Service", "AUTO_START", "LocalSystem", "RUNNING"),
    ("NinjaRMMAgent", "NinjaRMM Agent", "AUTO_START", "LocalSystem", "RUNNING"),
)


def software_seed(node_class: str, count: int) -> list[Json]:
    """The programs usual for the class, then redistributables until there are `count`."""
    return [{**row} for row in _rows(node_class, count)]


@cache
def _rows(node_class: str, count: int) -> tuple[Json, ...]:
    """Made once; every sandbox gets copies that it may change."""
    usual = _WINDOWS if node_class in WINDOWS else _LINUX if node_class in LINUX else _MAC
    rows = [
        _software(name, publisher, version, number) for number, (name, publisher, version) in enumerate(usual[:count])
    ]
    rows += [
        _software(f"Component Pack {number:03d} Redistributable", "Contoso Ltd", f"14.{number}.0", number)
        for number in range(len(rows), count if node_class in WINDOWS else 0)
    ]
    return tuple(rows)


def _software(name: str, publisher: str, version: str, number: int) -> Json:
    return {
        "name": name,
        "publisher": publisher,
        "version": version,
        "installDate": f"2026-{number % 10 + 1:02d}-{number % 27 + 1:02d}",
        "location": "",
        "size": number * 1_048_576,
        "isSystemComponent": False,
    }


def services_seed() -> list[Json]:
    return [
        {
            "name": name,
            "displayName": display_name,
            "description": "",
            "startType": start_type,
            "userName": user_name,
            "state": state,
        }
        for name, display_name, start_type, user_name, state in _SERVICES
    ]
