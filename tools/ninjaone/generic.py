"""Any route of NinjaOne's API, where no tool of its own fits. The catalogue says what each route may do."""

from __future__ import annotations

from typing import Annotated

from tools.answers import RAW
from tools.calls import JSON, Call, delete, get, patch, post, put
from tools.definitions import tool
from tools.models import Mode
from tools.parameters import Arg
from tools.paths import ApiPath, Body, QueryObject, query_pairs

Path = Annotated[
    str,
    Arg(ApiPath(), "The path from /v2/ on, such as /v2/device/43/jobs, of letters, digits and _ . ~ - alone."),
]
Query = Annotated[
    dict[str, JSON], Arg(QueryObject(), "The query: names with texts, numbers, booleans or lists of them.")
]
RequestBody = Annotated[JSON, Arg(Body(), "The JSON body: an object or a list.")]


@tool("ninja-api-get", Mode.AUTO, group="generic", read_only=True, title="API GET")
def api_get(*, path: Path, query: Query | None = None) -> Call:
    """GET any route of NinjaOne's API v2. Routes that hand out secrets, signed URLs or installers need approval."""
    return get(path, query=query_pairs(query), answer=RAW)


@tool("ninja-api-post", Mode.APPROVAL_NEEDED, group="generic", destructive=True, title="API POST")
def api_post(*, path: Path, query: Query | None = None, body: RequestBody | None = None) -> Call:
    """POST to any route of NinjaOne's API v2."""
    return post(path, query=query_pairs(query), body={} if body is None else body, answer=RAW)


@tool("ninja-api-put", Mode.APPROVAL_NEEDED, group="generic", destructive=True, idempotent=True, title="API PUT")
def api_put(*, path: Path, query: Query | None = None, body: RequestBody | None = None) -> Call:
    """PUT to any route of NinjaOne's API v2."""
    return put(path, query=query_pairs(query), body={} if body is None else body, answer=RAW)


@tool("ninja-api-patch", Mode.APPROVAL_NEEDED, group="generic", destructive=True, title="API PATCH")
def api_patch(*, path: Path, query: Query | None = None, body: RequestBody | None = None) -> Call:
    """PATCH any route of NinjaOne's API v2."""
    return patch(path, query=query_pairs(query), body={} if body is None else body, answer=RAW)


@tool("ninja-api-delete", Mode.APPROVAL_NEEDED, group="generic", destructive=True, idempotent=True, title="API DELETE")
def api_delete(*, path: Path, query: Query | None = None) -> Call:
    """DELETE any route of NinjaOne's API v2, without a body."""
    return delete(path, query=query_pairs(query), answer=RAW)
