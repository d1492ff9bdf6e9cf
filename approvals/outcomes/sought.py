"""By what the outcome of a call will be known, read off the frozen request: whichever tool made it.

Routes, `sourceName` and codes of activities are NinjaOne's; what is known of them stands in its OpenAPI document and
in reports of people who use it. A run's activities are called "Run <name of the script>".
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from typing import Any, NamedTuple
from urllib.parse import unquote

from approvals.models import EffectKind, Invocation
from tools.bash_wrapper import bash_unwrapped

_DEVICE = r"/v2/device/0*([0-9]{1,10})"
_SCRIPT = re.compile(rf"{_DEVICE}/script/run", re.IGNORECASE)
_REBOOT = re.compile(rf"{_DEVICE}/reboot/[a-z]+", re.IGNORECASE)
_SERVICE = re.compile(rf"{_DEVICE}/windows-service/([^/]+)/control", re.IGNORECASE)
_ALERT = re.compile(r"/v2/alert/([0-9a-f-]{36})(/reset)?", re.IGNORECASE)
_TICKET = re.compile(r"/v2/ticketing/ticket/0*([0-9]{1,10})", re.IGNORECASE)
_STATES = {"START": "RUNNING", "RESTART": "RUNNING", "STOP": "STOPPED", "PAUSE": "PAUSED"}
LONGEST_NAME = 300


class Sought(NamedTuple):
    """What to look for, and where. `wanted` is a SHA-256, an action and state, a uid or a version, by kind."""

    kind: EffectKind
    place: str
    source_name: str = ""
    wanted: str = ""
    nonce: str = ""

    @property
    def device_id(self) -> int | None:
        """The device whose activities tell; None where something else does."""
        kind, _, number = self.place.partition("/")
        return int(number) if kind == "device" else None


def sought_of(row: Invocation) -> Sought | None:
    """What to look for after this call; None for reads, and for writes that leave nothing to look for."""
    if not row.is_write:
        return None
    body = _object(row.body)
    match row.method:
        case "POST" if found := _SCRIPT.fullmatch(row.path):
            return _script(row, int(found[1]), body)
        case "POST" if found := _REBOOT.fullmatch(row.path):
            return Sought(EffectKind.REBOOT, f"device/{int(found[1])}")
        case "POST" if found := _SERVICE.fullmatch(row.path):
            name, action = unquote(found[2])[:150], str(body.get("action"))
            place = f"service/{int(found[1])}/{name.lower()}"
            return Sought(EffectKind.SERVICE, place, name, f"{action} {_STATES.get(action, '')}")
        case "DELETE" | "POST" if (found := _ALERT.fullmatch(row.path)) and (row.method == "POST") == bool(found[2]):
            return Sought(EffectKind.ALERT, "alerts", wanted=found[1].lower())
        case "PUT" if found := _TICKET.fullmatch(row.path):
            version = body.get("version")
            return (
                Sought(EffectKind.TICKET, f"ticket/{int(found[1])}", wanted=str(version)) if _is_int(version) else None
            )
    return None


def _script(row: Invocation, device_id: int, body: dict[str, Any]) -> Sought:
    facts, place = _object(row.facts), f"device/{device_id}"
    mark, runner = _object(facts.get("mark")), _object(facts.get("runner"))
    if mark and runner:
        name = _object(runner.get("seal")).get("name", "")
        return Sought(EffectKind.BASH, place, _source(name), _sha256(row), str(mark.get("nonce", "")))
    named = _object(facts.get("script") or facts.get("action"))
    return Sought(EffectKind.SCRIPT, place, _source(named.get("name", "")))


def _source(name: object) -> str:
    """What NinjaOne calls the run; "" where the name is not known."""
    return f"Run {name}"[:LONGEST_NAME] if name else ""


def _sha256(row: Invocation) -> str:
    """Of the bytes that were approved, taken from what is sent."""
    try:
        raw = base64.b64decode(str(_object(row.body).get("parameters")), validate=True)
    except binascii.Error:
        return ""
    inside = bash_unwrapped(raw)
    return "" if inside is None else hashlib.sha256(inside.script).hexdigest()


def _object(value: object) -> dict[str, Any]:
    try:
        found = json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _is_int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
