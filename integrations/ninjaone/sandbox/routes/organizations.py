from __future__ import annotations

from integrations.ninjaone.sandbox.bodies import (
    body_json,
    body_read,
    fields_check,
    is_int32,
    is_object,
    is_text,
    list_of,
    one_of,
)
from integrations.ninjaone.sandbox.messages import NO_CONTENT, Json, SandboxResponse, json_response
from integrations.ninjaone.sandbox.refusals import bad_request
from integrations.ninjaone.sandbox.routing import WRITE, Call, route
from integrations.ninjaone.sandbox.world import Organization

_FIELDS = {
    "name": is_text,
    "description": is_text,
    "userData": is_object,
    "nodeApprovalMode": one_of("AUTOMATIC", "MANUAL", "REJECT"),
}
_LOCATION = {"name": is_text, "address": is_text, "description": is_text, "userData": is_object}


@route("GET", "/v2/organizations")
def organization_list(call: Call) -> SandboxResponse:
    return json_response(call.page([call.world.organizations[key].brief() for key in sorted(call.world.organizations)]))


@route("GET", "/v2/organizations-detailed")
def organization_list_detailed(call: Call) -> SandboxResponse:
    return json_response(call.page([call.world.organizations[key].full() for key in sorted(call.world.organizations)]))


@route("GET", "/v2/organization/{id}")
def organization_get(call: Call) -> SandboxResponse:
    return json_response(call.organization().full())


@route("POST", "/v2/organizations", WRITE)
def organization_create(call: Call) -> SandboxResponse:
    data = body_read(
        call.request,
        {**_FIELDS, "locations": list_of(is_object), "policies": list_of(is_object)},
        required=("name",),
    )
    world = call.world
    organization = Organization(
        id=max(world.organizations, default=0) + 1,
        name=data["name"],
        description=data.get("description", ""),
        node_approval_mode=data.get("nodeApprovalMode", "AUTOMATIC"),
        user_data=data.get("userData", {}),
        policies=data.get("policies", []),
    )
    world.organizations[organization.id] = organization
    for location in data.get("locations", [{"name": "Main Office"}]):
        _location_add(call, organization, location)
    return json_response(organization.full())


@route("PATCH", "/v2/organization/{id}", WRITE)
def organization_update(call: Call) -> SandboxResponse:
    organization = call.organization()
    data = body_read(call.request, _FIELDS)
    organization.name = data.get("name", organization.name)
    organization.description = data.get("description", organization.description)
    organization.node_approval_mode = data.get("nodeApprovalMode", organization.node_approval_mode)
    organization.user_data = data.get("userData", organization.user_data)
    return NO_CONTENT


@route("GET", "/v2/locations")
def location_list(call: Call) -> SandboxResponse:
    rows = [
        {**location, "organizationId": organization.id}
        for organization in call.world.organizations.values()
        for location in organization.locations
    ]
    return json_response(call.page(sorted(rows, key=lambda row: int(row["id"]))))


@route("GET", "/v2/organization/{id}/locations")
def organization_location_list(call: Call) -> SandboxResponse:
    return json_response(call.organization().locations)


@route("POST", "/v2/organization/{id}/locations", WRITE)
def location_create(call: Call) -> SandboxResponse:
    organization = call.organization()
    return json_response(_location_add(call, organization, body_read(call.request, None)))


def _location_add(call: Call, organization: Organization, data: Json) -> Json:
    fields_check(data, _LOCATION, required=("name",))
    used = [row["id"] for other in call.world.organizations.values() for row in other.locations]
    location = {
        "id": max(used, default=0) + 1,
        "name": data["name"],
        "address": "",
        "description": "",
        **data,
    }
    organization.locations.append(location)
    return location


@route("PUT", "/v2/organization/{id}/policies", WRITE)
def organization_policies_set(call: Call) -> SandboxResponse:
    organization = call.organization()
    rows = body_json(call.request)
    if not isinstance(rows, list):
        raise bad_request("Cannot deserialize value of type array")
    for row in rows:
        fields_check(row, {"nodeRoleId": is_int32, "policyId": is_int32})
    organization.policies = rows
    return NO_CONTENT


@route("GET", "/v2/organization/{id}/custom-fields")
def organization_fields_get(call: Call) -> SandboxResponse:
    return json_response(call.organization().custom_fields)


@route("PATCH", "/v2/organization/{id}/custom-fields", WRITE)
def organization_fields_set(call: Call) -> SandboxResponse:
    call.organization().custom_fields.update(body_read(call.request, None))
    return NO_CONTENT


@route("GET", "/v2/organization/{id}/end-users")
def organization_end_users(call: Call) -> SandboxResponse:
    organization = call.organization()
    return json_response([user for user in call.world.users if user.get("organizationId") == organization.id])
