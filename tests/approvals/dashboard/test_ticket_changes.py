from __future__ import annotations

from typing import Any

import pytest

from approvals.display.ticket import ticket_changes

TICKET: dict[str, Any] = {
    "version": 3,
    "subject": "Web down",
    "status": {"statusId": 1000, "name": "NEW", "displayName": "New"},
    "priority": "LOW",
    "tags": ["web"],
    "ccList": {"uids": [], "emails": []},
    "attributeValues": [{"attributeId": 5, "value": "x"}],
    "nodeId": None,
}
SAME: dict[str, Any] = {
    "version": 3,
    "subject": "Web down",
    "status": "1000",
    "priority": "LOW",
    "tags": ["web"],
    "cc": {},
    "attributes": [{"attributeId": 5, "value": "x"}],
}


def seen(**changes: Any) -> dict[str, tuple[str, str]]:
    return {change.field: (change.before, change.after) for change in ticket_changes(TICKET, {**SAME, **changes})}


def test_a_put_that_repeats_the_ticket_changes_nothing() -> None:
    assert seen() == {}
    assert seen(status="New") == {}
    assert seen(nodeId="") == {}


@pytest.mark.parametrize(
    ("field", "value", "before", "after"),
    [
        ("status", "2000", "New (1000)", "2000"),
        ("priority", "HIGH", "LOW", "HIGH"),
        ("tags", ["web", "a"], "web", "a, web"),
        ("tags", [], "web", "(empty)"),
        ("cc", {"emails": ["a@b.example"]}, "(empty)", "{&quot;emails&quot;: [&quot;a@b.example&quot;]}"),
        ("attributes", [{"attributeId": 5, "value": "y"}], "attribute 5 = x", "attribute 5 = y"),
        ("nodeId", 43, "(empty)", "43"),
        ("subject", "<b>", "Web down", "&lt;b&gt;"),
    ],
)
def test_a_changed_field_shows_before_and_after(field: str, value: Any, before: str, after: str) -> None:
    assert seen(**{field: value}) == {field: (before, after)}
