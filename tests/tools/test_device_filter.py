from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from integrations.ninjaone.sandbox.device_filter import devices_filter
from tools.device_filter import device_filter_read
from tools.errors import FaultyValueError


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("org = 2", "org = 2"),
        ("org=2", "org = 2"),
        ("ORG EQ 2", "org = 2"),
        ("organization neq 2 and loc != 5", "organization != 2 AND loc != 5"),
        ("location <> 5 && role = 101", "location != 5 AND role = 101"),
        ("id in (1, 2,3)", "id in (1,2,3)"),
        ("id nin(1,2)", "id notin (1,2)"),
        ("id !in (4)", "id notin (4)"),
        ("class in (linux_server, MAC)", "class in (LINUX_SERVER,MAC)"),
        ("status = pending", "status = PENDING"),
        ("online", "online"),
        ("  OFFLINE  ", "offline"),
        ("created after 2026-01-31", "created after 2026-01-31"),
        ("created < 20260131", "created < 20260131"),
        ("created > 2026-01-31T10:00:00Z", "created > 2026-01-31T10:00:00Z"),
        ("group 12", "group 12"),
    ],
)
def test_a_clause_is_read_and_written_in_one_spelling(text: str, canonical: str) -> None:
    assert device_filter_read(text) == canonical
    assert device_filter_read(canonical) == canonical


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "org = 2 OR org = 3",
        "org = 2 || org = 3",
        "org = 2 AND",
        "AND org = 2",
        "(org = 2)",
        "org = 2 AND (online)",
        "org = 2; org = 3",
        "org = 2 online",
        "org = two",
        "org = 0",
        "org in 2",
        "org = (2,3)",
        "org in (2,)",
        "org in ()",
        "org in ((2))",
        "org < 3",
        "name = x",
        "os = linux",
        "status = DELETED",
        "class = 'LINUX_SERVER'",
        "created in (20260131)",
        "created = yesterday",
        "created neq 20260131",
        "group = 12",
        "group twelve",
        "org = 2%20OR%20org=3",
        "org = ２",
        "org = 2\u2028AND online",
        "not online",
    ],
)
def test_what_ninjaone_would_ignore_or_misread_is_refused(text: str) -> None:
    with pytest.raises(FaultyValueError, match="cannot be used"):
        device_filter_read(text)


WORDS = st.sampled_from(
    [
        "org",
        "class",
        "id",
        "status",
        "created",
        "=",
        "!=",
        "in",
        "(1,2)",
        "2",
        "AND",
        "or",
        "||",
        "online",
        "(",
        ")",
        "&&",
    ]
)


@given(st.lists(WORDS, max_size=9).map(" ".join))
def test_whatever_is_let_through_is_clauses_joined_with_and(text: str) -> None:
    try:
        canonical = device_filter_read(text)
    except FaultyValueError:
        return
    assert device_filter_read(canonical) == canonical
    assert "or" not in canonical.lower().replace("org", "").split()
    if "created" not in canonical:
        devices_filter([], canonical)
