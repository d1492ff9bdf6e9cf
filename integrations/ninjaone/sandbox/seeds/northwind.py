"""Northwind IT: another MSP. Organization 2, devices 41-44, scripts 26, 146 and ticket 1014 exist here too."""

from __future__ import annotations

from collections.abc import Callable

from integrations.ninjaone.sandbox.scripts import Script
from integrations.ninjaone.sandbox.seeds.activities import activities_seed
from integrations.ninjaone.sandbox.seeds.alerts import alert_seed
from integrations.ninjaone.sandbox.seeds.catalogues import catalogues_seed, organization_seed
from integrations.ninjaone.sandbox.seeds.devices import Line, device_seed
from integrations.ninjaone.sandbox.seeds.people import user_seed
from integrations.ninjaone.sandbox.seeds.scripts import actions_seed, bridge_seed, cleanup_seed, shared_seed
from integrations.ninjaone.sandbox.seeds.tickets import ticket_seed
from integrations.ninjaone.sandbox.world import World

_TAILSPIN = "tailspin.example"
_DEVICES = (
    Line(id=41, name="FAB-DC01", node_class="WINDOWS_SERVER", organization_id=2, location_id=5,
         last_user="FAB\\Administrator", domain="fabrikam.example", tags=("critical",)),
    Line(id=42, name="FAB-NB09", node_class="WINDOWS_WORKSTATION", organization_id=2, location_id=5,
         last_user="FAB\\k.owens", domain="fabrikam.example"),
    Line(id=43, name="FAB-DOCS01", node_class="LINUX_SERVER", organization_id=2, location_id=5,
         domain="fabrikam.example", offline_seconds=7200.0),
    Line(id=44, name="TAIL-LAB01", node_class="LINUX_WORKSTATION", organization_id=4, location_id=7,
         last_user="lab", domain=_TAILSPIN),
    Line(id=101, name="TAIL-SQL01", node_class="WINDOWS_SERVER", organization_id=4, location_id=7,
         last_user="TAIL\\dba", domain=_TAILSPIN),
    Line(id=102, name="TAIL-WEB02", node_class="LINUX_SERVER", organization_id=4, location_id=7,
         domain=_TAILSPIN),
    Line(id=103, name="TAIL-MAC01", node_class="MAC", organization_id=4, location_id=7, last_user="irene",
         domain=_TAILSPIN),
)  # fmt: skip


def northwind_world(now: Callable[[], float]) -> World:
    start = round(now(), 3)
    world = World(name="Northwind IT", now=now, technician_id=8)
    uid = "77d3b1c4-1d5a-4f1d-8f0a-0000000000"
    world.users = [user_seed(8, uid + "08", "Priya", "Nair", "priya.nair@northwind-it.example")]
    world.organizations = {
        2: organization_seed(2, "Fabrikam Law", (5, "Chambers")),
        4: organization_seed(4, "Tailspin Clinics", (7, "Day clinic")),
    }
    catalogues_seed(world)
    for line in _DEVICES:
        world.devices[line.id] = device_seed(line, start=start, network=30, uid_prefix="a90c44d7")
    world.scripts = {script.id: script for script in _library()}
    world.actions = actions_seed("c4407e19")
    activities_seed(world, start=start, busy_device=101, busy_rows=40)
    alert_seed(
        world,
        "e7d20b6a-52f1-4a49-9f0a-8d5f3f0b0001",
        at=round(start - 4000, 3),
        device_id=43,
        source_type="AGENT_OFFLINE",
        name="Device Down",
        message="Device FAB-DOCS01 has been offline for 2 hours",
    )
    ticket_seed(
        world,
        1014,
        at=round(start - 4000, 3),
        client_id=2,
        node_id=43,
        status_id=1000,
        subject="Document server is down",
        description="Nobody can open case files.",
    )
    return world


def _library() -> list[Script]:
    return [
        cleanup_seed(name="Temp Files Sweep", author="Priya Nair"),
        *shared_seed("Priya Nair"),
        Script(
            id=146,
            name="Rotate Local Admin Password",
            language="powershell",
            operating_systems=["Windows"],
            created_by="Priya Nair",
            last_updated_by="Priya Nair",
            created_on=1758000000.5,
            updated_on=1758100000.5,
            output="Password rotated.\n",
        ),
        bridge_seed(script_id=151, name="Shell Bridge", author="Priya Nair"),
    ]
