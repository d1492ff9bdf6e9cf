"""Whether a ticket is what an update of it sent. Reading and writing name some things differently."""

from __future__ import annotations

import json
from typing import Any

# Fields that are text on both sides.
TEXTS = ("subject", "type", "priority", "severity")
SENT_ONLY = {"version"}
RENAMED = {"cc": "ccList", "attributes": "attributeValues"}
# Lists whose order says nothing.
UNORDERED = ("tags", "uids", "emails", "additionalAssignedTechnicianIds")


def has_words_that_were_sent(ticket: dict[str, Any], body: str | None) -> bool:
    """Whether its texts and its status are those that were sent."""
    sent = _object(body)
    return all(_is_same(name, ticket, sent[name]) for name in (*TEXTS, "status") if name in sent)


def has_what_was_sent(ticket: dict[str, Any], body: str | None) -> bool:
    """Whether everything in it is as it was sent."""
    sent = _object(body)
    return bool(sent) and all(_is_same(name, ticket, value) for name, value in sent.items() if name not in SENT_ONLY)


def _is_same(name: str, ticket: dict[str, Any], sent: Any) -> bool:
    there = ticket.get(RENAMED.get(name, name))
    match name:
        case "status":
            return str(sent) in _status_names(there)
        case "attributes":
            return _attributes(sent).items() <= _attributes(there).items()
        case "cc":
            lists = (sent if isinstance(sent, dict) else {}, there if isinstance(there, dict) else {})
            return all(_list(lists[0].get(part)) == _list(lists[1].get(part)) for part in ("uids", "emails"))
    if name in UNORDERED:
        return _list(sent) == _list(there)
    return bool(sent == there)


def _status_names(status: Any) -> set[str]:
    """What one may write for a status: its id, or its name."""
    if not isinstance(status, dict):
        return {str(status)}
    return {str(status[key]) for key in ("statusId", "name") if status.get(key) is not None}


def _attributes(values: Any) -> dict[str, str]:
    rows = [row for row in values if isinstance(row, dict)] if isinstance(values, list) else []
    return {str(row.get("attributeId")): str(row.get("value")) for row in rows}


def _list(values: Any) -> list[str]:
    return sorted(str(value) for value in values) if isinstance(values, list) else []


def _object(body: str | None) -> dict[str, Any]:
    found = json.loads(body or "{}")
    return found if isinstance(found, dict) else {}
