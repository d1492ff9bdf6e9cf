"""The person at NinjaOne's consent page."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit

from integrations.ninjaone.sandbox import Sandbox, SandboxRequest


@dataclass(frozen=True)
class Returned:
    """What NinjaOne sends the browser back with."""

    state: str
    code: str = field(default="", repr=False)
    error: str = ""


def consent(sandbox: Sandbox, url: str, *, decision: str = "allow") -> Returned:
    """Press a button on the consent page of `url`."""
    parts = urlsplit(url)
    page = sandbox.handle(SandboxRequest(method="GET", path=parts.path, query=parts.query))
    if page.status == 200:
        body = f"{parts.query}&decision={decision}".encode()
        page = sandbox.handle(SandboxRequest(method="POST", path="/ws/oauth/consent", body=body))
    assert page.status == 302, json.dumps(page.body.decode())
    return Returned(**dict(parse_qsl(urlsplit(page.headers["Location"]).query)))
