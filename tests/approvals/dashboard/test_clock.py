from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from approvals.display.clock import absolute, age, duration, seconds_left, time_left

NOW = datetime(2026, 7, 1, 12, 0, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "words"),
    [
        ("Europe/Berlin", "1 Jul 2026, 14:00:05 CEST"),
        ("UTC", "1 Jul 2026, 12:00:05 UTC"),
        ("No/Where", "1 Jul 2026, 12:00:05 UTC"),
        ("../etc/passwd", "1 Jul 2026, 12:00:05 UTC"),
    ],
)
def test_moments_are_told_in_the_zone_of_the_msp(zone: str, words: str) -> None:
    assert absolute(NOW, zone) == words
    assert absolute(None, zone) == "–"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-5, "0 s"),
        (9.9, "9 s"),
        (250, "4 min 10 s"),
        (12_000, "3 h 20 min"),
        (90_000, "25 h 0 min"),
        (300_000, "3 days"),
    ],
)
def test_durations_are_told_in_the_units_that_matter(seconds: float, words: str) -> None:
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (-3, "just now"),
        (59, "just now"),
        (61, "1 min ago"),
        (7300, "2 h ago"),
        (100_000, "27 h ago"),
        (180_000, "2 days ago"),
    ],
)
def test_ages_are_no_finer_than_one_cares(seconds: float, words: str) -> None:
    assert age(seconds) == words


def test_what_is_over_is_over() -> None:
    assert time_left(NOW, NOW) == "time is over"
    assert time_left(None, NOW) == "time is over"
    assert time_left(NOW + timedelta(seconds=61), NOW) == "1 min 1 s left"
    assert seconds_left(NOW - timedelta(hours=1), NOW) == 0
