"""The suite's resources."""

from __future__ import annotations

import json
import re

from approvals.mcp.endpoint import Call
from approvals.mcp.protocol import INVALID_PARAMS, ProtocolError, Result
from tests.mcp.conformance.contents import PNG

TEXT, BINARY, TEMPLATE = "test://static-text", "test://static-binary", "test://template/{id}/data"


def resources_list(call: Call) -> Result:
    """Those with an address of their own."""
    return {
        "resources": [
            {"uri": TEXT, "name": "static-text", "description": "A text.", "mimeType": "text/plain"},
            {"uri": BINARY, "name": "static-binary", "description": "A picture.", "mimeType": "image/png"},
        ]
    }


def resource_templates_list(call: Call) -> Result:
    """Those whose address has a gap."""
    template = {"uriTemplate": TEMPLATE, "name": "data", "description": "A record.", "mimeType": "application/json"}
    return {"resourceTemplates": [template]}


def resources_read(call: Call) -> Result:
    """One of either kind."""
    uri = call.params.get("uri")
    if uri == TEXT:
        text = "This is the content of the static text resource."
        return {"contents": [{"uri": uri, "mimeType": "text/plain", "text": text}]}
    if uri == BINARY:
        return {"contents": [{"uri": uri, "mimeType": "image/png", "blob": PNG}]}
    if isinstance(uri, str) and (found := re.fullmatch(r"test://template/(\w+)/data", uri)):
        record = {"id": found[1], "templateTest": True, "data": f"Data for ID: {found[1]}"}
        return {"contents": [{"uri": uri, "mimeType": "application/json", "text": json.dumps(record)}]}
    raise ProtocolError(INVALID_PARAMS, "Resource not found", data={"uri": uri})
