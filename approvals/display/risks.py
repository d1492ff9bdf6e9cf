"""What makes a request risky, in words, before anybody reads the details."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from approvals.display.clock import age
from approvals.display.invisibles import Kind, kind_of
from approvals.display.past import Past
from approvals.display.request import BASH, Script, parsed
from approvals.display.sentence import ROOT, brief
from approvals.models import Invocation

DECEIVING = {Kind.HIDDEN, Kind.LOOKALIKE}
MANY_DEVICES = 5
CHANGED_LATELY_SECONDS = 7 * 86_400


class Risk(NamedTuple):
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
        yield Risk(escape(_("Runs as root")), is_grave=True)
    arguments = parsed(row.arguments)
    run_as = arguments.get("run_as") if isinstance(arguments, dict) else None
    if row.tool_name == "ninja-run-script" and (run_as is None or run_as in ROOT):
        yield Risk(escape(_("Runs as the system account")), is_grave=True)


def _of_device(row: Invocation, facts: Mapping[str, Mapping[str, Any]]) -> Iterator[Risk]:
    device = facts.get("device", {})
    if "SERVER" in str(device.get("node_class", "")):
        yield Risk(escape(_("On a server")), is_grave=True)
    if device.get("offline") is True:
        yield Risk(escape(_("The device was offline: it would run later, whenever that comes back")), is_grave=True)


def _of_bytes(script: Script | None) -> Iterator[Risk]:
    if script is not None and any(kind_of(character) in DECEIVING for character in script.text):
        yield Risk(escape(_("The script holds characters that are not what they seem")), is_grave=True)
    if script is not None and script.reading.hides_something:
        yield Risk(escape(_("Parts of the script cannot be inspected")), is_grave=True)


def _of_script(facts: Mapping[str, Mapping[str, Any]], now: datetime) -> Iterator[Risk]:
    script, seal = facts.get("script", {}), facts.get("runner", {}).get("seal")
    words = _("The script was changed {when} by {person}")
    changes = [(words, script.get("updated_on"), script.get("last_updated_by"))]
    if isinstance(seal, dict):
        words = _("The bash runner was changed {when} by {person}")
        changes.append((words, seal.get("updatedOn"), seal.get("lastUpdatedBy")))
    for words, changed, who in changes:
        if isinstance(changed, (int, float)) and not isinstance(changed, bool):
            seconds = now.timestamp() - changed
            if seconds < CHANGED_LATELY_SECONDS:
                person = brief(str(who)) if who else _("somebody")
                yield Risk(format_html(words, when=age(seconds), person=person), is_grave=True)


def _of_past(row: Invocation, past: Past) -> Iterator[Risk]:
    if past.denials:
        said = {"number": past.denials, "reason": past.last_denial.lower()}
        yield Risk(format_html(_denied_before(past), **said), is_grave=True)
    if past.devices >= MANY_DEVICES:
        words = ngettext(
            "Asked for changes on {number} device within an hour",
            "Asked for changes on {number} devices within an hour",
            past.devices,
        )
        yield Risk(format_html(words, number=past.devices), is_grave=True)
    if not past.has_asked:
        yield Risk(escape(_("The first time that this agent asks for this tool")))
    elif row.device_id is not None and not past.has_asked_here:
        yield Risk(escape(_("The first time that this agent asks for it on this device")))


def _denied_before(past: Past) -> str:
    if past.last_denial:
        return ngettext(
            "The very same was denied once before, last time: {reason}",
            "The very same was denied {number} times before, last time: {reason}",
            past.denials,
        )
    return ngettext(
        "The very same was denied once before", "The very same was denied {number} times before", past.denials
    )
