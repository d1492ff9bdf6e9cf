"""What an approval is bound to: one exhaustive list, one digest, one comparison."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields
from json.encoder import encode_basestring
from typing import Any

from integrations.audit import canonical

HEADER = b"countersign consent 1\n"
# Facts that change all the time and say nothing about what was approved.
VOLATILE = {
    "device": {"offline", "last_contact", "os_name"},
    "alert": {"message"},
    # The ticket as it was is inside the request's body, version included.
    "ticket": {"ticket"},
    "present": {"unsent"},
}
# Shown, and no part of what was approved.
UNPINNED = {"alerts"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """Everything that an approval holds for. A field that a call gains must appear here too (a test insists)."""

    # The request's bytes.
    method: str
    base_url: str
    path: str
    query: str
    body: str | None
    # Whose, and through which credentials.
    msp: str
    connection: str
    epoch: int
    region: str
    client_id: str
    # Who asked for what.
    agent: str
    tool: str
    tool_version: str
    arguments: str
    # What NinjaOne said of the things it touches: device, organization, script, runner, ticket, alert, and what stands
    # now where a generic call would change it.
    facts: dict[str, dict[str, Any]]
    # Under which policy, until when.
    policy: str
    policy_version: int
    approvals_needed: int
    expires_at: str

    def text(self) -> str:
        """The canonical JSON that is stored."""
        return _text(self._values())

    def digest(self) -> str:
        """SHA-256 over every field as length-prefixed name and value, as "sha256:<hex>"."""
        return _digest(self._values())

    def sealed(self) -> tuple[str, str]:
        """Text and digest, for which each value is written down once."""
        values = self._values()
        return _text(values), _digest(values)

    def _values(self) -> dict[str, str]:
        """The canonical JSON of each field's value, in the order of the fields."""
        return {
            # As `canonical` writes a text; most are texts.
            name: encode_basestring(value) if value.__class__ is str else canonical(value)
            for name in FIELDS
            for value in (getattr(self, name),)
        }

    @classmethod
    def from_text(cls, text: str) -> Consent:
        """The consent that `text()` stored."""
        return cls(**json.loads(text))


FIELDS = tuple(field.name for field in fields(Consent))
SORTED = tuple(sorted(FIELDS))


def _text(values: dict[str, str]) -> str:
    return "{" + ",".join([f'"{name}":{values[name]}' for name in SORTED]) + "}"


def _digest(values: dict[str, str]) -> str:
    parts = [text.encode() for pair in values.items() for text in pair]
    prefixed = b"".join([b"%d:%b" % (len(part), part) for part in parts])
    return f"sha256:{hashlib.sha256(HEADER + prefixed).hexdigest()}"


def pinned(facts: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The facts (as JSON) without what changes all the time."""
    return {
        name: {key: value for key, value in fact.items() if key not in VOLATILE.get(name, set())}
        for name, fact in facts.items()
        if name not in UNPINNED
    }


def differences(then: Consent, now: Consent) -> list[str]:
    """What changed between two consents, each as a phrase a technician understands; empty when nothing did."""
    found = _fact_differences(then.facts, now.facts)
    for field in fields(Consent):
        if field.name == "facts" or getattr(then, field.name) == getattr(now, field.name):
            continue
        found.append(PHRASES.get(field.name, f"{field.name.replace('_', ' ')} changed"))
    return found


PHRASES = {
    "epoch": "NinjaOne was reconnected or disconnected",
    "region": "the connection's region changed",
    "client_id": "the connection's client id changed",
    "base_url": "the connection's host changed",
    "tool_version": "the tool itself changed with an update of Countersign",
    "body": "what would be sent changed",
    "path": "where it would be sent changed",
}


def _fact_differences(then: dict[str, dict[str, Any]], now: dict[str, dict[str, Any]]) -> list[str]:
    found = []
    for name in sorted(then.keys() | now.keys()):
        before, after = then.get(name), now.get(name)
        if before is None or after is None:
            found.append(f"the {name} is {'new' if before is None else 'gone'}")
            continue
        if name == "present":
            found += _present_differences(before, after)
            continue
        for key in sorted(before.keys() | after.keys()):
            if before.get(key) != after.get(key):
                label = key.replace("_", " ")
                found.append(f"the {name}'s {label} changed from {before.get(key)!r} to {after.get(key)!r}")
    return found


def _present_differences(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """By field, without what stands there: agents read these phrases too."""
    if before["trouble"] != after["trouble"]:
        return ["what it would change cannot be read any more"]
    then, now = before["fields"], after["fields"]
    changed = sorted(label for label in then.keys() | now.keys() if then.get(label) != now.get(label))
    return [f"what it would change is not as it was: {label}" for label in changed]
