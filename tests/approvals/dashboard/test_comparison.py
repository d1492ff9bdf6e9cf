from __future__ import annotations

import json
from typing import Any

import pytest

from approvals.display.comparison import Comparison, comparison_of
from approvals.models import Invocation


def ours(words: str) -> str:
    return f'<span class="no-value">{words}</span>'


def quoted(words: str) -> str:
    return words if words.startswith("<") else words.replace('"', "&quot;")


HIDDEN_HERE = ours("hidden here; it stands in the exact request")


def compared(body: Any, fields: Any, **more: Any) -> Comparison:
    row = Invocation(tool="ninjaone:ninja-api-put", method="PUT", body=json.dumps(body), approvals_needed=1)
    found = comparison_of(row, {"present": {"fields": fields, "unsent": [], "trouble": "", **more}})
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("sent", "one", "before", "after"),
    [
        ("b", {"value": "a"}, "a", "b"),
        ("b", {"value": None}, "null", "b"),
        ("null", {"value": None}, "null", '"null"'),
        ("true", {"value": True}, "true", '"true"'),
        ("", {"value": " a"}, '" a"', '""'),
        ("7", {"value": 7}, "7", '"7"'),
        ([1], {"value": {"id": 1, "name": "x", "more": 2}}, '{"id": 1, "name": "x", "more": 2}', "[1]"),
        ("b", {}, ours("not there"), "b"),
        ("b", {"start": "abc", "size": 700}, "abc… (700 characters)", "b"),
        ("x" * 501, {"value": "a"}, "a", "x" * 500 + "… (501 characters)"),
        ("b", {"hidden": True}, ours("hidden: it may be a secret"), HIDDEN_HERE),
        ("b", {"hidden": True, "absent": True}, ours("not there"), HIDDEN_HERE),
    ],
)
def test_a_field_shows_before_and_after_without_a_doubt(sent: Any, one: Any, before: str, after: str) -> None:
    (change,) = compared({"a": {"b": sent}}, {"a.b": {"same": False, **one}}).changes
    assert (change.field, str(change.before), str(change.after)) == (
        "a.b",
        quoted(before),
        quoted(after),
    )


def test_names_by_strangers_are_marked() -> None:
    found = compared(
        {"a\u202e": 1, "<b>": 2}, {"a\u202e": {"same": False}, "<b>": {"same": True}}, unsent=["<i>\u200b"]
    )
    assert "<b>U+202E</b>" in found.changes[0].field
    assert found.same == ["&lt;b&gt;"]
    assert found.unsent[0].startswith("&lt;i&gt;<span")


def test_nothing_is_compared_for_other_tools_or_where_nobody_was_asked() -> None:
    assert comparison_of(Invocation(tool="ninjaone:ninja-api-post", method="POST", approvals_needed=1), {}) is None
    assert comparison_of(Invocation(tool="ninjaone:ninja-api-put", method="PUT"), {}) is None


def test_trouble_is_the_only_thing_that_is_said_then() -> None:
    found = compared({"a": 1}, {}, trouble="NinjaOne <answered> 503.")
    assert found == Comparison(trouble=found.trouble)
    assert found.trouble == "NinjaOne &lt;answered&gt; 503."
