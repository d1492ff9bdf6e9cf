from __future__ import annotations

from integrations.ninjaone.sandbox.bodies import body_read
from integrations.ninjaone.sandbox.messages import NO_CONTENT, Json, SandboxResponse, json_response
from integrations.ninjaone.sandbox.refusals import bad_request, not_found
from integrations.ninjaone.sandbox.routes.devices import devices_selected
from integrations.ninjaone.sandbox.routing import WRITE, Call, route


@route("GET", "/v2/alerts")
def alert_list(call: Call) -> SandboxResponse:
    source = call.text("sourceType")
    ids = {device.id for device in devices_selected(call)}
    return json_response(
        [
            alert
            for alert in call.world.alerts.values()
            if alert["deviceId"] in ids and (not source or alert["sourceType"] == source)
        ]
    )


@route("GET", "/v2/device/{id}/alerts")
def device_alert_list(call: Call) -> SandboxResponse:
    device = call.device()
    return json_response([alert for alert in call.world.alerts.values() if alert["deviceId"] == device.id])


@route("DELETE", "/v2/alert/{uid}", WRITE)
def alert_dismiss(call: Call) -> SandboxResponse:
    if call.request.body:
        raise bad_request("Unexpected request body")
    _reset(call, {})
    return NO_CONTENT


@route("POST", "/v2/alert/{uid}/reset", WRITE)
def alert_reset(call: Call) -> SandboxResponse:
    _reset(call, body_read(call.request, None))
    return NO_CONTENT


def _reset(call: Call, data: Json) -> None:
    world = call.world
    alert = world.alerts.pop(call.parts[0].lower(), None)
    if alert is None:
        raise not_found("Alert not found")
    world.activity_add(
        kind="CONDITION",
        code="RESET",
        message=f"Condition '{alert['sourceName']}' reset",
        device=world.devices[alert["deviceId"]],
        source=alert["sourceName"],
        series=alert["uid"],
        data=data or None,
        user_id=world.technician_id,
    )
