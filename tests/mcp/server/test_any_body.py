"""Whatever is posted, the answer is one of the protocol: never a failure of ours, never something done unasked."""

from __future__ import annotations

import base64
import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from approvals.mcp.protocol import CAPABILITIES_KEY, LEGACY, MODERN, VERSION_KEY
from integrations.ninjaone.sandbox import Sandbox
from tests.approvals.rest.one_transaction import acme
from tests.cast import Tenant, lift_limits
from tests.mcp.server.calling import NAMES, TASKS_DECLARED, McpClient
from tools.registry import TOOLS

__all__ = ["acme"]

STATUSES = {200, 202, 400, 404}
METHODS = [
    "initialize", "ping", "server/discover", "tools/list", "tools/call", "tasks/get", "tasks/update", "tasks/cancel",
    "notifications/initialized", "tasks/list", "x",
]  # fmt: skip
WORDS = [
    "name", "arguments", "taskId", "inputResponses", "cursor", "_meta", "device_id", "path", "/v2/devices",
    "get-invocation", "invocation_id", "countersign/reason", "countersign/dry_run", "claudecode/toolUseId",
    "protocolVersion", *TOOLS, *(tool.name for tool in TOOLS.values()),
]  # fmt: skip
texts = st.one_of(st.sampled_from(WORDS), st.text(max_size=20))
scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), texts)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=4)),
    max_leaves=8,
)
objects = st.dictionaries(texts, values, max_size=5)
# Bodies that get far: a good frame around anything. Nothing is asked of NinjaOne: no call of these is a real one.
metas = st.fixed_dictionaries(
    {}, optional={VERSION_KEY: st.sampled_from([MODERN, LEGACY[0], "x"]), CAPABILITIES_KEY: st.just(TASKS_DECLARED)}
)
params = st.one_of(
    values,
    st.fixed_dictionaries(
        {},
        optional={"name": texts, "arguments": values, "taskId": scalars, "inputResponses": values, "_meta": values},
    ),
    st.tuples(objects, metas).map(lambda parts: {**parts[0], "_meta": parts[1]}),
)
frames = st.fixed_dictionaries(
    {"jsonrpc": st.sampled_from(["2.0", "2.0", "2.0", "1.0"]), "method": st.one_of(st.sampled_from(METHODS), values)},
    optional={"id": scalars, "params": params},
)
headers = st.fixed_dictionaries(
    {},
    optional={
        "MCP_Protocol_Version": st.sampled_from([MODERN, *LEGACY, "x", ""]),
        "Mcp_Method": st.sampled_from(METHODS),
        "Mcp_Name": st.sampled_from([*WORDS, "=?base64?eA==?=", "=?base64?*?="]),
        "Origin": st.just("http://testserver"),
    },
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=st.one_of(frames, values), sent=headers)
def test_any_json_is_answered(acme: Tenant, ninjaone: Sandbox, body: Any, sent: dict[str, str]) -> None:
    raw = json.dumps(body).encode()
    holds(McpClient(acme.key_text).post(raw, **sent))


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(raw=st.binary(max_size=60), kind=st.sampled_from(["application/json", "text/plain", "", "multipart/form-data"]))
def test_any_bytes_are_answered(acme: Tenant, raw: bytes, kind: str) -> None:
    holds(McpClient(acme.key_text).post(raw, content_type=kind))


@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(method=st.sampled_from(METHODS), given_params=params, tasks=st.booleans())
def test_any_parameters_of_a_well_formed_request_are_answered(
    acme: Tenant, method: str, given_params: Any, *, tasks: bool
) -> None:
    lift_limits(acme)
    client = McpClient(acme.key_text, capabilities=TASKS_DECLARED if tasks else {})
    asked = given_params if isinstance(given_params, dict) and isinstance(given_params.get("_meta", {}), dict) else {}
    if method == "tools/call":
        # Without arguments that are right nothing runs.
        asked = {**asked, "arguments": {"no such": True}}
    holds(client.ask(method, asked, Mcp_Name=_encoded(asked, method)))


def holds(answer: Any) -> None:
    """What every answer is."""
    assert answer.status in STATUSES, answer
    if answer.status == 202:
        assert answer.response.content == b""
        return
    body = answer.body
    assert body["jsonrpc"] == "2.0"
    assert ("result" in body) != ("error" in body)
    if "error" in body:
        assert isinstance(body["error"]["code"], int)
        assert body["error"]["message"]


def _encoded(asked: dict[str, Any], method: str) -> str:
    name = str(asked.get(NAMES.get(method, ""), ""))
    return f"=?base64?{base64.b64encode(name.encode()).decode()}?="
