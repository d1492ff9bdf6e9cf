"""NinjaOne's device filter, `df`: clauses joined with AND, no OR."""

from __future__ import annotations

import re
from collections.abc import Callable

from integrations.ninjaone.sandbox.devices import Device
from integrations.ninjaone.sandbox.refusals import bad_request

_JOIN = re.compile(r"\s+and\s+|\s*&&\s*", re.IGNORECASE)
_CLAUSE = re.compile(
    r"(?P<key>\w+)\s*"
    r"(?P<operator>!=|=|<>|<|>|\b(?:neq|eq|notin|nin|in|before|after)\b|!in\b)\s*"
    r"(?P<value>\([^()]*\)|[\w.:-]+|'[^']*'|\"[^\"]*\")",
    re.IGNORECASE,
)
_READERS: dict[str, Callable[[Device], str]] = {
    "org": lambda device: str(device.organization_id),
    "organization": lambda device: str(device.organization_id),
    "loc": lambda device: str(device.location_id),
    "location": lambda device: str(device.location_id),
    "role": lambda device: str(device.node_role_id),
    "id": lambda device: str(device.id),
    "class": lambda device: device.node_class,
    "status": lambda device: device.approval_status,
}
_IS = {"=", "eq", "in"}
_IS_NOT = {"!=", "<>", "neq", "nin", "notin", "!in"}

Test = Callable[[Device], bool]


def devices_filter(devices: list[Device], text: str | None) -> list[Device]:
    """Those that fit; without a clause on `status` only approved devices show, as in NinjaOne."""
    clauses = _JOIN.split(text.strip()) if text and text.strip() else []
    tests = [_clause_read(clause) for clause in clauses]
    if not any(clause.lower().startswith("status") for clause in clauses):
        tests.append(lambda device: device.approval_status == "APPROVED")
    return [device for device in devices if all(test(device) for test in tests)]


def _clause_read(clause: str) -> Test:
    bare = clause.strip().lower()
    if bare in {"online", "offline"}:
        return lambda device: device.offline == (bare == "offline")
    match = _CLAUSE.fullmatch(clause.strip())
    reader = _READERS.get(match["key"].lower()) if match else None
    if match is None or reader is None:
        raise bad_request(f"Invalid device filter: '{clause.strip()}'")
    operator, values = match["operator"].lower(), _values(match["value"])
    if operator in _IS:
        return lambda device: reader(device).upper() in values
    if operator in _IS_NOT:
        return lambda device: reader(device).upper() not in values
    raise bad_request(f"Invalid device filter: operator '{operator}' does not fit '{match['key']}'")


def _values(text: str) -> set[str]:
    return {value.strip().strip("'\"").upper() for value in text.strip("()").split(",")}
