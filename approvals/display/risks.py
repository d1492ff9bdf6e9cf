"""What makes a request risky, in words, before anybody reads the details."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from approvals.display.clock import age
from approvals.display.invisibles import Kind, kind_of, marked
from approvals.display.past import Past
from approvals.display.request import BASH, Script, parsed
from approvals.display.sentence import ROOT, shortened
from approvals.models import Invocation

DECEIVING = {Kind.HIDDEN, Kind.LOOKALIKE}
MANY_DEVICES = 5
CHANGED_LATELY_SECONDS = 7 * 86_400


@dataclass(frozen=True, slots=True)
class Risk:
    """One sentence. The grave ones are those that a glance must not miss."""

    words: SafeString
    is_grave: bool = False


def risks_of(
    row: Invocation, facts: Mapping[str, Mapping[str, Any]], past: Past, script: Script | None, now: datetime
) -> list[Risk]:
    """Most grave first. None found does not make a request harmless, and nothing says so."""
    if not row.is_write:
        return []
    risks = [
        *_of_account(row),
        *_of_device(row, facts),
        *_of_bytes(script),
        *_of_script(facts, now),
        *_of_past(row, past),
    ]
    return sorted(risks, key=lambda risk: not risk.is_grave)


def _of_account(row: Invocation) -> Iterator[Risk]:
    if row.tool_name == BASH:
        yield Risk(SafeString("Runs as root"), is_grave=True)
    arguments = parsed(row.arguments)
    run_as = arguments.get("run_as") if isinstance(arguments, dict) else None
    if row.tool_name == "ninja-run-script" and (run_as is None or run_as in ROOT):
        yield Risk(SafeString("Runs as the system account"), is_grave=True)


def _of_device(row: Invocation, facts: Mapping[str, Mapping[str, Any]]) -> Iterator[Risk]:
    device = facts.get("device", {})
    if "SERVER" in str(device.get("node_class", "")):
        yield Risk(SafeString("On a server"), is_grave=True)
    if device.get("offline") is True:
        yield Risk(SafeString("The device was offline: it would run later, whenever that comes back"), is_grave=True)


def _of_bytes(script: Script | None) -> Iterator[Risk]:
    if script is not None and any(kind_of(character) in DECEIVING for character in script.text):
        yield Risk(SafeString("The script holds characters that are not what they seem"), is_grave=True)
    if script is not None and script.reading.hides_something:
        yield Risk(SafeString("Parts of the script cannot be inspected"), is_grave=True)


def _of_script(facts: Mapping[str, Mapping[str, Any]], now: datetime) -> Iterator[Risk]:
    script, seal = facts.get("script", {}), facts.get("runner", {}).get("seal")
    changes = [("The script", script.get("updated_on"), script.get("last_updated_by"))]
    if isinstance(seal, dict):
        changes.append(("The bash runner", seal.get("updatedOn"), seal.get("lastUpdatedBy")))
    for what, changed, who in changes:
        if isinstance(changed, (int, float)) and not isinstance(changed, bool):
            seconds = now.timestamp() - changed
            if seconds < CHANGED_LATELY_SECONDS:
                by = marked(shortened(str(who or "somebody")))
                yield Risk(format_html("{} was changed {} by {}", what, age(seconds), by), is_grave=True)


def _of_past(row: Invocation, past: Past) -> Iterator[Risk]:
    if past.denials:
        times = "once" if past.denials == 1 else f"{past.denials} times"
        last = f", last time: {past.last_denial.lower()}" if past.last_denial else ""
        yield Risk(format_html("The very same was denied {} before{}", times, last), is_grave=True)
    if past.devices >= MANY_DEVICES:
        yield Risk(format_html("Asked for changes on {} devices within an hour", past.devices), is_grave=True)
    if not past.has_asked:
        yield Risk(SafeString("The first time that this agent asks for this tool"))
    elif row.device_id is not None and not past.has_asked_here:
        yield Risk(SafeString("The first time that this agent asks for it on this device"))
