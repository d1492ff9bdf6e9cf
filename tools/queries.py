"""Queries of calls: names and texts, without what is not given."""

from __future__ import annotations

import json


def query_of(**given: str | int | float | bool | list[str] | None) -> list[tuple[str, str]]:
    """The pairs of what is not None; a list gives one pair per item."""
    pairs: list[tuple[str, str]] = []
    for name, value in given.items():
        values = value if isinstance(value, list) else [value]
        pairs += [(name, query_text(one)) for one in values if one is not None]
    return pairs


def query_text(value: str | int | float | bool) -> str:
    """A scalar as a query has it: text as it is, everything else as JSON spells it."""
    return value if isinstance(value, str) else json.dumps(value)


def filter_of(organization_id: int | None, clauses: str | None = None) -> str | None:
    """The device filter for an organization and further clauses; None when there is neither."""
    scope = None if organization_id is None else f"org = {organization_id}"
    return " AND ".join(filter(None, (scope, clauses))) or None
