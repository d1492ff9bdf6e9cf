"""Acme MSP: three customers, servers and workstations of every kind, some of them offline."""

from __future__ import annotations

from collections.abc import Callable

from integrations.ninjaone.sandbox.seeds.activities import activities_seed
from integrations.ninjaone.sandbox.seeds.alerts import alert_seed
from integrations.ninjaone.sandbox.seeds.catalogues import catalogues_seed, organization_seed
from integrations.ninjaone.sandbox.seeds.devices import Line, device_seed
from integrations.ninjaone.sandbox.seeds.people import contact_seed, user_seed
from integrations.ninjaone.sandbox.seeds.scripts import (
    CREDENTIALS,
    actions_seed,
    bridge_seed,
    cleanup_seed,
    shared_seed,
)
from integrations.ninjaone.sandbox.seeds.tickets import ticket_seed
from integrations.ninjaone.sandbox.world import World

_DAY = 86_400.0
_BOREALIS = "borealis.example"
_LIBRARY = "library.example"

_DEVICES = (
    Line(id=41, name="ACME-PRINT01", node_class="WINDOWS_SERVER", organization_id=2, location_id=5,
         last_user="ACME\\svc-print"),
    Line(id=42, name="ACME-KIOSK", node_class="WINDOWS_WORKSTATION", organization_id=2, location_id=5,
         last_user="ACME\\kiosk", offline_seconds=2 * _DAY),
    Line(id=43, name="ACME-WEB01", node_class="LINUX_SERVER", organization_id=2, location_id=5),
    Line(id=44, name="ACME-MBP7", node_class="MAC", organization_id=2, location_id=5, last_user="jordan"),
    Line(id=45, name="ACME-DC01", node_class="WINDOWS_SERVER", organization_id=2, location_id=5,
         last_user="ACME\\Administrator", tags=("critical",)),
    Line(id=46, name="ACME-FRONT1", node_class="WINDOWS_WORKSTATION", organization_id=2, location_id=5,
         last_user="ACME\\reception", software=412),
    Line(id=47, name="ACME-XRAY", node_class="WINDOWS_WORKSTATION", organization_id=2, location_id=6,
         last_user="ACME\\imaging", tags=("medical", "no-reboot")),
    Line(id=61, name="BOR-SQL01", node_class="WINDOWS_SERVER", organization_id=3, location_id=8,
         last_user="BOR\\dba", domain=_BOREALIS, tags=("critical",)),
    Line(id=62, name="BOR-DOCK1", node_class="LINUX_WORKSTATION", organization_id=3, location_id=9,
         last_user="dock", domain=_BOREALIS),
    Line(id=63, name="BOR-EDGE01", node_class="LINUX_SERVER", organization_id=3, location_id=9,
         domain=_BOREALIS, offline_seconds=5400.0),
    Line(id=64, name="BOR-WS14", node_class="WINDOWS_WORKSTATION", organization_id=3, location_id=8,
         last_user="BOR\\m.lind", domain=_BOREALIS),
    Line(id=65, name="BOR-FILE01", node_class="WINDOWS_SERVER", organization_id=3, location_id=8,
         last_user="BOR\\Administrator", domain=_BOREALIS),
    Line(id=66, name="BOR-MINI1", node_class="MAC_SERVER", organization_id=3, location_id=8,
         last_user="build", domain=_BOREALIS),
    Line(id=81, name="LIB-CAT01", node_class="LINUX_SERVER", organization_id=7, location_id=12,
         domain=_LIBRARY),
    Line(id=82, name="LIB-OPAC1", node_class="LINUX_WORKSTATION", organization_id=7, location_id=13,
         last_user="patron", domain=_LIBRARY),
    Line(id=83, name="LIB-DESK2", node_class="WINDOWS_WORKSTATION", organization_id=7, location_id=12,
         last_user="LIB\\desk", domain=_LIBRARY),
    Line(id=84, name="LIB-IMAC3", node_class="MAC", organization_id=7, location_id=12,
         last_user="events", domain=_LIBRARY),
    Line(id=85, name="LIB-NEW1", node_class="WINDOWS_WORKSTATION", organization_id=7, location_id=13,
         last_user="", domain=_LIBRARY, approval_status="PENDING"),
)  # fmt: skip


def acme_world(now: Callable[[], float]) -> World:
    start = round(now(), 3)
    world = World(name="Acme MSP", now=now, technician_id=12)
    uid = "1fa74a18-a329-40d8-b5b7-0a22624f78"
    world.users = [
        user_seed(12, uid + "00", "Dana", "Fields", "dana.fields@acme-msp.example"),
        user_seed(13, uid + "01", "Rui", "Sato", "rui.sato@acme-msp.example"),
        user_seed(40, uid + "40", "Mia", "Lind", "m.lind@borealis.example", organization_id=3),
    ]
    world.contacts = [
        contact_seed(501, "c2a40000-0000-4000-8000-000000000501", "Ana", "Boyd", "ana@acme-dental.example", 2)
    ]
    world.organizations = {
        2: organization_seed(2, "Acme Dental", (5, "Main Office"), (6, "Annex Clinic")),
        3: organization_seed(3, "Borealis Logistics", (8, "Headquarters"), (9, "Warehouse")),
        7: organization_seed(7, "City Library", (12, "Central"), (13, "Harbour branch")),
    }
    catalogues_seed(world)
    for line in _DEVICES:
        world.devices[line.id] = device_seed(line, start=start, network=20, uid_prefix="5f1f6a51")
    world.devices[41].services[0]["state"] = "STOPPED"
    library = [
        cleanup_seed(name="Disk Cleanup", author="Dana Fields"),
        *shared_seed("Rui Sato"),
        bridge_seed(script_id=146, name="Bash Runner", author="Dana Fields"),
    ]
    world.scripts = {script.id: script for script in library}
    world.actions = actions_seed("8b8ad7a5")
    world.credentials = [*CREDENTIALS]
    activities_seed(world, start=start, busy_device=43, busy_rows=340)
    _alerts(world, start)
    _tickets(world, start)
    return world


def _alerts(world: World, start: float) -> None:
    uid = "b1c0a0de-52f1-4a49-9f0a-8d5f3f0a000"
    alert_seed(world, uid + "1", at=round(start - 3600, 3), device_id=41, name="Disk Free Space",
               source_type="CONDITION_AGENT_DISK_FREE_SPACE",
               message="Condition 'Disk Free Space' triggered: C: free 7.1 % < 10 %")  # fmt: skip
    alert_seed(world, uid + "2", at=round(start - 5400, 3), device_id=63, name="Device Down",
               source_type="AGENT_OFFLINE", severity="CRITICAL", priority="HIGH",
               message="Device BOR-EDGE01 has been offline for 90 minutes")  # fmt: skip
    alert_seed(world, uid + "3", at=round(start - 900, 3), device_id=41, name="Print Spooler",
               source_type="CONDITION_WINDOWS_SERVICE_STATE_CHANGED",
               message="Service Spooler is STOPPED")  # fmt: skip
    alert_seed(world, uid + "4", at=round(start - 300, 3), device_id=81, name="CPU",
               source_type="CONDITION_AGENT_CPU", severity="MINOR", priority="LOW",
               message="CPU above 95 % for 10 minutes")  # fmt: skip


def _tickets(world: World, start: float) -> None:
    ticket_seed(world, 1014, at=round(start - 7200, 3), client_id=2, node_id=41, status_id=2000, version=3,
                subject="Print server spooler keeps stopping", tags=("printing",),
                description="The spooler stops several times a day.",
                comments=("Restarted it this morning; stopped again at noon.",))  # fmt: skip
    ticket_seed(world, 1015, at=round(start - 5000, 3), client_id=3, node_id=63, status_id=3000, version=2,
                subject="Warehouse edge router box does not answer", priority="HIGH", severity="MAJOR",
                description="Power work in the warehouse today.")  # fmt: skip
    ticket_seed(world, 1016, at=round(start - 600, 3), client_id=7, status_id=1000,
                subject="Account for the new librarian", priority="LOW", severity="NONE",
                description="Starts Monday: mail, badge, catalogue.")  # fmt: skip
    ticket_seed(world, 1017, at=round(start - 9 * _DAY, 3), client_id=2, node_id=46, status_id=6000,
                version=5, subject="Dentrix is slow at the front desk",
                description="Every screen takes ten seconds.")  # fmt: skip
