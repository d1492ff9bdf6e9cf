"""Whether something fits is judged the same by whichever writer is quicker."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from tools.capping import _surely_fits, rows_fitting, size_of

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("aé\n\x1f☃", max_size=5), inner, max_size=4),
    max_leaves=20,
)


@hypothesis_settings(max_examples=500, deadline=None, database=None)
@given(value=VALUES)
def test_what_is_said_to_fit_does(value: Any) -> None:
    assert not _surely_fits(value, size_of(value) - 1)


@pytest.mark.parametrize("number", [1e16, 1e22, 1.5e300, 1e-05, 1e-7, 5e-324, 0.00012, 123456789012345680.0, -1e-9])
def test_numbers_that_the_writers_spell_differently_fit_only_where_they_do(number: float) -> None:
    assert not _surely_fits([number] * 50, size_of([number] * 50) - 1)


def test_most_of_what_fits_is_said_to_fit() -> None:
    rows = [{"id": 7, "name": "Workstation 7", "lastContact": 1700000000.123, "offline": False}] * 100
    assert _surely_fits(rows, size_of(rows) + 1000)


@hypothesis_settings(max_examples=300, deadline=None, database=None)
@given(rows=st.lists(VALUES, max_size=6), difference=st.integers(-3, 3))
def test_rows_are_kept_as_long_as_each_with_its_comma_has_room(rows: list[Any], difference: int) -> None:
    room = 2 + sum(size_of(row) + 1 for row in rows) + difference
    assert (rows_fitting(rows, room) == rows) or (difference < 0 and bool(rows))
