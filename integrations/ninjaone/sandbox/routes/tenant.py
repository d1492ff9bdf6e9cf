"""The instance itself: people, roles, policies, groups, webhook."""

from __future__ import annotations

from integrations.ninjaone.sandbox.messages import SandboxResponse, json_response
from integrations.ninjaone.sandbox.refusals import forbidden
from integrations.ninjaone.sandbox.routing import WRITE, Call, route


@route("GET", "/v2/users")
def user_list(call: Call) -> SandboxResponse:
    kind = call.text("userType")
    return json_response([row for row in call.world.users if not kind or row["userType"] == kind])


@route("GET", "/v2/user/technicians")
def technician_list(call: Call) -> SandboxResponse:
    unlisted = {"permitAllClients", "organizationId"}
    return json_response(
        [
            {key: value for key, value in row.items() if key not in unlisted}
            for row in call.world.users
            if row["userType"] == "TECHNICIAN"
        ]
    )


@route("GET", "/v2/contacts")
def contact_list(call: Call) -> SandboxResponse:
    return json_response(call.world.contacts)


@route("GET", "/v2/policies")
def policy_list(call: Call) -> SandboxResponse:
    return json_response(call.world.policies)


@route("GET", "/v2/roles")
def role_list(call: Call) -> SandboxResponse:
    return json_response(call.world.roles)


@route("GET", "/v2/groups")
def group_list(call: Call) -> SandboxResponse:
    return json_response(call.world.groups)


@route("GET", "/v2/tasks")
def task_list(call: Call) -> SandboxResponse:
    return json_response(call.world.tasks)


@route("GET", "/v2/tag")
def tag_list(call: Call) -> SandboxResponse:
    names = sorted({tag for device in call.world.devices.values() for tag in device.tags})
    return json_response({"tags": [{"id": number, "name": name} for number, name in enumerate(names, 1)]})


@route("GET", "/v2/notification-channels")
def channel_list(call: Call) -> SandboxResponse:
    return json_response([{"id": 1, "name": "Helpdesk mail", "description": "", "enabled": True, "type": "EMAIL"}])


@route("GET", "/v2/software-products")
def product_list(call: Call) -> SandboxResponse:
    return json_response([])


@route("PUT", "/v2/webhook", WRITE)
def webhook_set(call: Call) -> SandboxResponse:
    raise forbidden("Webhook configuration is not permitted for this client app")


@route("DELETE", "/v2/webhook", WRITE)
def webhook_delete(call: Call) -> SandboxResponse:
    raise forbidden("Webhook configuration is not permitted for this client app")
