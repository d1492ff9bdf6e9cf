"""What every instance has alike: roles, policies, groups, ticket statuses, forms and boards."""

from __future__ import annotations

from integrations.ninjaone.sandbox.messages import Json
from integrations.ninjaone.sandbox.seeds.devices import ROLES
from integrations.ninjaone.sandbox.world import Organization, World

_UPDATED = 1756000000.0


def organization_seed(organization_id: int, name: str, *locations: tuple[int, str]) -> Organization:
    return Organization(
        id=organization_id,
        name=name,
        locations=[
            {"id": location_id, "name": title, "address": "", "description": ""} for location_id, title in locations
        ],
        policies=[{"nodeRoleId": role, "policyId": policy} for role, policy in ROLES.values()],
        custom_fields={"contractTier": "standard"},
    )


def catalogues_seed(world: World) -> None:
    world.roles = [
        {"id": role, "name": _title(node_class), "description": "", "nodeClass": node_class, "custom": False}
        for node_class, (role, _) in ROLES.items()
    ]
    world.policies = [
        {
            "id": policy,
            "name": f"{_title(node_class)} policy",
            "description": "",
            "nodeClass": node_class,
            "updated": _UPDATED,
            "nodeClassDefault": True,
        }
        for node_class, (_, policy) in ROLES.items()
    ]
    world.groups = [
        {"id": 1, "name": "Offline servers", "description": "", "shared": True, "deviceCount": 1},
        {"id": 2, "name": "Needs reboot", "description": "", "shared": True, "deviceCount": 3},
    ]
    world.tasks = [{"id": 1, "name": "Nightly cleanup", "description": "", "enabled": True, "runCount": 212}]
    world.products = {
        12: {
            "id": 12,
            "name": "Managed workstation",
            "description": "Monitoring and patching of one workstation",
            "price": {"amount": 45.0, "currency": "EUR"},
            "taxable": True,
        }
    }
    world.ticket_statuses = [
        _status("NEW", 1000, 1000),
        _status("OPEN", 2000, 2000),
        _status("WAITING", 3000, 3000),
        _status("WAITING_ON_VENDOR", 3000, 3001),
        _status("CLOSED", 6000, 6000),
    ]
    world.ticket_forms = [_form(1, "Default", is_default=True), _form(2, "New employee", is_default=False)]
    world.ticket_attributes = [_attribute(11, "Cost centre"), _attribute(12, "Rack")]
    world.boards = [
        {
            "id": 2,
            "uid": "6d1c5a80-0000-4000-8000-000000000002",
            "name": "All tickets",
            "description": "",
            "conditions": {"any": [], "all": []},
            "system": True,
            "columns": ["id", "summary", "status"],
        }
    ]


def _title(text: str) -> str:
    return text.replace("_", " ").capitalize()


def _status(name: str, parent: int, status_id: int) -> Json:
    return {"name": name, "displayName": _title(name), "parentId": parent, "statusId": status_id}


def _form(form_id: int, name: str, *, is_default: bool) -> Json:
    return {
        "id": form_id,
        "name": name,
        "description": "",
        "endUserTitle": name,
        "content": {"fields": [11], "timerSettings": {"enabled": False, "mode": "MANUAL"}},
        "active": True,
        "createTime": _UPDATED,
        "updateTime": _UPDATED,
        "fields": [],
        "default": is_default,
    }


def _attribute(attribute_id: int, name: str) -> Json:
    return {
        "id": attribute_id,
        "attributeType": "TEXT",
        "name": name,
        "description": "",
        "endUserOption": "HIDDEN",
        "technicianOption": "OPTIONAL",
        "content": {"required": False},
        "system": False,
        "active": True,
        "createTime": _UPDATED,
        "updateTime": _UPDATED,
    }
