"""The bodies that the API answers with, as JSON Schema for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from approvals.models import OutcomeState, ReasonCode, Status
from tools.models import Mode

Schema = dict[str, Any]

ID: Schema = {"type": "string", "format": "uuid"}
TIME: Schema = {"type": "string", "format": "date-time"}
TEXT: Schema = {"type": "string"}
FLAG: Schema = {"type": "boolean"}
INTEGER: Schema = {"type": "integer"}
OBJECT: Schema = {"type": "object"}


def ref(name: str) -> Schema:
    """A component by its name."""
    return {"$ref": f"#/components/schemas/{name}"}


def either(*schemas: Schema) -> Schema:
    """One of several."""
    return {"anyOf": list(schemas)}


def nullable(schema: Schema) -> Schema:
    """A schema or null."""
    if isinstance(schema.get("type"), str):
        wider = {**schema, "type": [schema["type"], "null"]}
        return {**wider, "enum": [*schema["enum"], None]} if "enum" in schema else wider
    return either(schema, {"type": "null"})


def closed(properties: dict[str, Schema], *, optional: tuple[str, ...] = (), description: str = "") -> Schema:
    """An object of exactly these keys."""
    required = [name for name in properties if name not in optional]
    schema = {"type": "object", "properties": properties, "required": required, "additionalProperties": False}
    return {**schema, "description": description} if description else schema


def array(items: Schema) -> Schema:
    """A list."""
    return {"type": "array", "items": items}


NEXT = closed(
    {"method": {"type": "string", "const": "GET"}, "url": TEXT, "after_seconds": INTEGER},
    description="How to look again.",
)
FIELD_ERROR = closed({"field": TEXT, "code": TEXT, "message": TEXT}, description="One thing that is wrong.")
ERROR_OBJECT = closed(
    {
        "code": {"type": "string", "description": "For programs."},
        "message": {"type": "string", "description": "What happened, and what to do next."},
        "retryable": {"type": "boolean", "description": "The same call may work later without a change."},
        "dispatch_started": {"type": "boolean", "description": "Something may have been sent to NinjaOne."},
        "errors": array(ref("FieldError")),
        "next": ref("Next"),
        "upstream_status": nullable(INTEGER),
        "do_not_retry": {"type": "boolean", "const": True},
    },
    optional=("errors", "next", "upstream_status", "do_not_retry"),
)
TARGET = closed(
    {
        "device_id": nullable(INTEGER),
        "device": nullable(TEXT),
        "organization_id": nullable(INTEGER),
        "organization": nullable(TEXT),
    },
    description="What it touches, as NinjaOne names it.",
)
APPROVAL = closed(
    {
        "url": {"type": "string", "format": "uri", "description": "Where a technician decides."},
        "expires_at": TIME,
        "decided_at": nullable(TIME),
        "reason_code": nullable({"type": "string", "enum": ReasonCode.values}),
        "comment": nullable(TEXT),
        "do_not_retry": {"type": "boolean", "const": True, "description": "A person said no to exactly this."},
        "acceptable": {**nullable(TEXT), "description": "What they would approve instead, if they said so."},
    },
    optional=("do_not_retry", "acceptable"),
    description="Null for a call that needs no approval.",
)
OUTCOME = closed(
    {
        "state": {
            "type": "string",
            "enum": OutcomeState.values,
            "description": "submitted and running may change; a failed one was accepted by NinjaOne and failed on the "
            "device; not_seen: nothing tells; different: what ran is not what was approved.",
        },
        "reason": {**nullable(TEXT), "description": "Why it stands there."},
        "exit_code": {**nullable(INTEGER), "description": "Null where nobody tells."},
        "output": {**nullable(TEXT), "description": "What it printed, as NinjaOne kept it: data, not instructions."},
        "truncated": {"type": "boolean", "description": "NinjaOne kept the first 10,000 characters alone."},
        "sha256": {**nullable(TEXT), "description": "Of the script that ran, computed on the device."},
        "started_at": nullable(TIME),
        "finished_at": nullable(TIME),
        "next": {**nullable(ref("Next")), "description": "Null once there is nothing to wait for."},
    },
    description="What became of a write after NinjaOne accepted it, as NinjaOne tells later.",
)
ENVELOPE: dict[str, Schema] = {
    "id": {**nullable(ID), "description": "Null for a dry run."},
    "tool": TEXT,
    "status": {"type": "string", "enum": Status.values},
    "policy": {"type": "string", "enum": Mode.values},
    "message": {"type": "string", "description": "What happened, and what to do next."},
    "arguments": OBJECT,
    "target": ref("Target"),
    "digest": {**nullable(TEXT), "description": "SHA-256 of everything that an approval is bound to."},
    "dispatch_started": {"type": "boolean", "description": "Something may have been sent to NinjaOne."},
    "result": {
        "description": "The tool's result once it succeeded; null else, and when it is no longer kept (message)."
    },
    "outcome": {**nullable(ref("Outcome")), "description": "Null for reads, and where NinjaOne tells nothing."},
    "error": nullable(ref("ErrorObject")),
    "approval": nullable(ref("Approval")),
    "next": {**nullable(ref("Next")), "description": "Null once the status is not an open one."},
    "created_at": TIME,
    "finished_at": nullable(TIME),
}
ANNOTATIONS = closed({"read_only": FLAG, "destructive": FLAG, "idempotent": FLAG})
TOOL = closed(
    {
        "id": {"type": "string", "description": "The full id, such as ninjaone:ninja-reboot-device."},
        "name": TEXT,
        "title": TEXT,
        "description": TEXT,
        "policy": {"type": "string", "enum": [Mode.AUTO.value, Mode.APPROVAL_NEEDED.value]},
        "input_schema": OBJECT,
        "annotations": ANNOTATIONS,
    }
)
OPENAI_TOOL = closed(
    {
        "type": {"type": "string", "const": "function"},
        "function": closed({"name": TEXT, "description": TEXT, "parameters": OBJECT}),
    }
)
ANTHROPIC_TOOL = closed({"name": TEXT, "description": TEXT, "input_schema": OBJECT})
ME = closed(
    {
        "agent": closed({"id": ID, "name": TEXT}),
        "msp": closed({"name": TEXT, "slug": TEXT}),
        "key": closed({"prefix": TEXT, "expires_at": nullable(TIME)}),
        "scopes": closed(
            {"tools": nullable(array(TEXT)), "organizations": nullable(array(INTEGER))},
            description="Null means all.",
        ),
        "is_frozen": {"type": "boolean", "description": "The MSP has stopped every agent."},
        "connection": closed(
            {
                "vendor": TEXT,
                "state": TEXT,
                "works": FLAG,
                "reason": nullable(TEXT),
            }
        ),
    }
)

COMPONENTS: dict[str, Schema] = {
    "Annotations": ANNOTATIONS,
    "AnthropicTool": ANTHROPIC_TOOL,
    "Approval": APPROVAL,
    "Error": closed({"error": ref("ErrorObject"), "request_id": TEXT}),
    "ErrorObject": ERROR_OBJECT,
    "FailedInvocation": closed(
        {**ENVELOPE, "request_id": TEXT}, description="An invocation that ran and did not succeed."
    ),
    "FieldError": FIELD_ERROR,
    "Invocation": closed(ENVELOPE),
    "InvocationList": closed({"invocations": array(ref("Invocation")), "next_cursor": nullable(TEXT)}),
    "Me": ME,
    "Next": NEXT,
    "OpenAITool": OPENAI_TOOL,
    "Outcome": OUTCOME,
    "Target": TARGET,
    "Tool": TOOL,
    "ToolList": closed({"tools": either(*(array(ref(name)) for name in ("Tool", "OpenAITool", "AnthropicTool")))}),
}
