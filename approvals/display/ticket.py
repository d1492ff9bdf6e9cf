"""What an update would change about a ticket: before and after, field by field."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, NamedTuple

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from approvals.display.invisibles import marked

# The names under which NinjaOne hands out what it takes in under another one.
READ_NAMES = {"cc": "ccList", "attributes": "attributeValues", "tags": "tags"}
# Bookkeeping of the request itself, no change of the ticket.
IGNORED = {"version"}


class Change(NamedTuple):
    """One field of the ticket that would become another."""

    field: str
    before: SafeString
    after: SafeString


def ticket_changes(ticket: Mapping[str, Any], body: Mapping[str, Any]) -> list[Change]:
    """The fields in which the PUT differs from the ticket as NinjaOne had it, by name."""
    changes = []
    for field in sorted(set(body) - IGNORED):
        before = _comparable(field, ticket.get(READ_NAMES.get(field, field)))
        after = _comparable(field, body[field])
        if not _is_same(before, after):
            changes.append(Change(marked(field), marked(_words(before)), marked(_words(after))))
    return changes


def _comparable(field: str, value: Any) -> Any:
    """A value in the form in which both sides can be compared."""
    match field, value:
        case "status", {"statusId": int(number)}:
            name = value.get("displayName") or value.get("name")
            return {"id": str(number), "name": name}
        case "attributes", list() if all(isinstance(row, dict) for row in value):
            return sorted((str(row.get("attributeId")), str(row.get("value"))) for row in value)
        case "tags", list():
            return sorted(str(tag) for tag in value)
        case "cc", dict():
            return {key: rows for key, rows in value.items() if rows}
    return value


def _is_same(before: Any, after: Any) -> bool:
    match before, after:
        case {"id": number, "name": name}, str():
            return after in (number, name)
    return bool(before == after) or (_is_empty(before) and _is_empty(after))


def _is_empty(value: Any) -> bool:
    return value is None or value in ("", [], {})


def _words(value: Any) -> str:
    if _is_empty(value):
        return _("(empty)")
    match value:
        case {"id": number, "name": name}:
            return f"{name} ({number})"
        case str():
            return value
        case list() if all(isinstance(item, tuple) for item in value):
            return ", ".join(_("attribute %(key)s = %(value)s") % {"key": key, "value": text} for key, text in value)
        case list():
            return ", ".join(str(item) for item in value)
    return json.dumps(value, ensure_ascii=False)
