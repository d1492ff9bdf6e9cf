"""The courier's process: jobs come in as lines of JSON, answers go out the same way. It knows neither the database nor
any key of ours, only what a job holds. Started by `integrations.courier.process`."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from ipaddress import ip_network
from typing import Any

from integrations.courier.answers import Answer
from integrations.courier.guard import Refusals, guard_install
from integrations.courier.http import http_restrict, webhook_send
from integrations.courier.services import service_check, service_send

JOBS: dict[str, Callable[[dict[str, Any]], Answer]] = {
    "webhook": webhook_send,
    "service": service_send,
    "check": service_check,
}


def main() -> None:
    """Until the parent closes the line, or dies, which closes it too."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    # What a library prints is no answer.
    os.dup2(2, 1)
    settings = json.loads(sys.stdin.readline())
    opened = [ip_network(text) for text in settings["opened"]]
    # Not the folder that we were imported from: keys and databases may lie beside the code.
    guard_install(opened, [settings["ca_bundle"]] if settings["ca_bundle"] else [])
    http_restrict(opened, settings["ca_bundle"])
    for line in sys.stdin:
        job = json.loads(line)
        Refusals.taken()
        answer = JOBS[job["do"]](job)
        out.write(f"{json.dumps(answer._asdict())}\n")
        out.flush()
