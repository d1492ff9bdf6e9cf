"""The time zones that an MSP can be in."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones


@cache
def time_zone_choices() -> list[tuple[str, str]]:
    """All that this machine knows, for a form. They are found in hundreds of files, so only once it is shown."""
    return [(name, name) for name in sorted(available_timezones())]
