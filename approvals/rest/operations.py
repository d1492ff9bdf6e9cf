"""What the OpenAPI document says of each operation beyond what can be read off its code."""

from __future__ import annotations

from typing import Literal

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema

from approvals.rest.components import Schema, either, ref
from approvals.rest.serializers import InvokeBody, ListQuery, Nothing, ToolQuery, WaitQuery

HEADER: Literal["header"] = "header"
PATH: Literal["path"] = "path"

WHEN = {
    400: "The JSON is malformed.",
    401: "There is no key, or a bad, expired or revoked one.",
    403: "The tool is switched off, or outside the agent's scope.",
    404: "Unknown, or not yours: the same answer.",
    409: "The key was used for another call, or the state does not allow it.",
    413: "The body is over 256 KiB.",
    422: "The input is wrong, or the call is not possible as things are set up.",
    423: "Staff stopped everything.",
    429: "A limit is reached.",
    500: "Countersign failed.",
    502: "NinjaOne said no.",
    503: "NinjaOne is not connected, or not there right now.",
    504: "A write was sent and its outcome is not known. Do not repeat it.",
}


def body(schema: Schema, description: str) -> OpenApiResponse:
    """A response of that body."""
    return OpenApiResponse(response=schema, description=description)


def errors(*statuses: int) -> dict[int, OpenApiResponse]:
    """The error responses; every operation knows 401 and 500."""
    return {status: body(ref("Error"), WHEN[status]) for status in sorted({401, 500, *statuses})}


def failures(*statuses: int) -> dict[int, OpenApiResponse]:
    """Responses that tell of an invocation which did not succeed, or of a call that never became one."""
    return {status: body(either(ref("FailedInvocation"), ref("Error")), WHEN[status]) for status in statuses}


def header(name: str, description: str, *statuses: int) -> OpenApiParameter:
    """A response header."""
    return OpenApiParameter(
        name, OpenApiTypes.STR, HEADER, response=list(statuses), description=description, required=False
    )


TOOL = OpenApiParameter("tool", OpenApiTypes.STR, PATH, description="The full id, or the name after the colon.")
INVOCATION_ID = OpenApiParameter("invocation_id", OpenApiTypes.STR, PATH, description="The invocation's id.")
CHALLENGE = header("WWW-Authenticate", "Bearer", 401)
RETRY_AFTER = header("Retry-After", "Seconds until it makes sense to try or look again.", 202, 429, 503)

tool_list = extend_schema(
    operation_id="tool_list",
    summary="List tools",
    parameters=[ToolQuery, CHALLENGE],
    responses={200: body(ref("ToolList"), "In the order of the product's tool table."), **errors(422)},
)
tool_detail = extend_schema(
    operation_id="tool_get",
    summary="Show a tool",
    parameters=[TOOL, ToolQuery, CHALLENGE],
    responses={
        200: body(either(ref("Tool"), ref("OpenAITool"), ref("AnthropicTool")), "The tool."),
        **errors(404, 422),
    },
)
tool_invoke = extend_schema(
    operation_id="tool_invoke",
    summary="Call a tool",
    parameters=[
        TOOL,
        OpenApiParameter(
            "Idempotency-Key",
            {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]{1,255}$"},
            HEADER,
            description="Kept 7 days. The same call with the same key is the same invocation.",
        ),
        CHALLENGE,
        RETRY_AFTER,
        header("Location", "Where to look for the end.", 202),
        header("Idempotent-Replayed", "true for an earlier invocation.", 200, 202, 502, 503, 504),
    ],
    request={"application/json": InvokeBody},
    responses={
        200: body(ref("Invocation"), "It ran, or it was a dry run, or it ended earlier without being sent."),
        202: body(ref("Invocation"), "It waits for a technician, or has not finished yet."),
        **errors(400, 403, 404, 409, 413, 422, 423, 429),
        **failures(502, 503, 504),
    },
)
invocation_list = extend_schema(
    operation_id="invocation_list",
    summary="List invocations",
    parameters=[ListQuery, CHALLENGE],
    responses={200: body(ref("InvocationList"), "A page."), **errors(422)},
)
invocation_detail = extend_schema(
    operation_id="invocation_get",
    summary="Look at an invocation",
    parameters=[INVOCATION_ID, WaitQuery, CHALLENGE, RETRY_AFTER],
    responses={200: body(ref("Invocation"), "As it stands now."), **errors(404, 422, 429)},
)
invocation_cancel = extend_schema(
    operation_id="invocation_cancel",
    summary="Withdraw an invocation",
    parameters=[INVOCATION_ID, CHALLENGE],
    request={"application/json": Nothing},
    responses={200: body(ref("Invocation"), "Withdrawn."), **errors(400, 404, 409, 413, 422)},
)
me = extend_schema(
    operation_id="me",
    summary="Who am I",
    parameters=[CHALLENGE],
    responses={200: body(ref("Me"), "Who the key is, its scopes, and whether the connection works."), **errors(422)},
)
