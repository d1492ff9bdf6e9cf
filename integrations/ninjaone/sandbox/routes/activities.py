from __future__ import annotations

from itertools import islice

from integrations.ninjaone.sandbox.messages import Json, SandboxResponse, json_response
from integrations.ninjaone.sandbox.refusals import bad_request
from integrations.ninjaone.sandbox.routes.devices import devices_selected
from integrations.ninjaone.sandbox.routing import Call, route


@route("GET", "/v2/device/{id}/activities")
def device_activity_list(call: Call) -> SandboxResponse:
    device = call.device()
    world = call.world
    rows = world.device_activities(device.id)
    bounds = call.number("olderThan"), call.number("newerThan")
    page = _page(call, rows, kind=call.text("activityType"), bounds=bounds)
    answer = {"lastActivityId": world.activities[-1]["id"] if world.activities else 0, "activities": page}
    if rows:
        answer["lastNodeActivityId"] = rows[-1]["id"]
    return json_response(answer)


@route("GET", "/v2/activities")
def activity_list(call: Call) -> SandboxResponse:
    rows = call.world.activities
    if call.text("df"):
        ids = {device.id for device in devices_selected(call)}
        rows = [row for row in rows if row.get("deviceId") in ids]
    if (user := call.text("user")) is not None:
        rows = [row for row in rows if str(row.get("userId")) == user]
    bounds = call.long_number("olderThan"), call.long_number("newerThan")
    page = _page(call, rows, kind=call.text("type"), bounds=bounds)
    return json_response({"lastActivityId": rows[-1]["id"] if rows else 0, "activities": page})


def _page(call: Call, rows: list[Json], *, kind: str | None, bounds: tuple[int | None, int | None]) -> list[Json]:
    """Newest first. `olderThan` and `newerThan` are ids: a timestamp silently finds nothing.

    Ids have 64 bits, and so have these parameters where the account is asked; where a device is, they have 32.
    """
    size = call.number("pageSize")
    size = 200 if size is None else size
    if not 10 <= size <= 1000:
        raise bad_request("pageSize must be between 10 and 1000")
    older, newer = bounds
    status, series = call.text("status"), call.text("seriesUid")
    fitting = (
        row
        for row in reversed(rows)
        if (older is None or row["id"] < older)
        and (newer is None or row["id"] > newer)
        and (not kind or row["activityType"] == kind)
        and (not status or status in {row["statusCode"], row["status"]})
        and (not series or row.get("seriesUid") == series)
    )
    return list(islice(fitting, size))


@route("GET", "/v2/device/{id}/jobs")
def device_job_list(call: Call) -> SandboxResponse:
    device = call.device()
    return json_response([run.job() for run in call.world.runs if run.is_job and run.device is device])


@route("GET", "/v2/jobs")
def job_list(call: Call) -> SandboxResponse:
    kind = call.text("jobType")
    ids = {device.id for device in devices_selected(call)}
    jobs = [run.job() for run in call.world.runs if run.is_job and run.device.id in ids]
    return json_response([job for job in jobs if not kind or job["jobType"] == kind])
