"""Times and durations in words, in the MSP's zone."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


def zone_of(name: str) -> ZoneInfo:
    """The time zone of that name; UTC where there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def absolute(moment: datetime | None, zone: str) -> str:
    """ "24 Nov 2026, 16:56:03 CET"; a dash for None."""
    if moment is None:
        return "–"
    local = moment.astimezone(zone_of(zone))
    return f"{local.day} {local:%b %Y, %H:%M:%S} {local.tzname()}"


def seconds_left(deadline: datetime | None, now: datetime) -> int:
    """Whole seconds until the deadline, 0 when it is past or there is none."""
    return 0 if deadline is None else max(0, int((deadline - now).total_seconds()))


def duration(seconds: float) -> str:
    """ "3 h 20 min", "4 min 10 s", "9 s", "3 days"."""
    whole = max(0, int(seconds))
    days, hours, minutes = whole // 86400, whole % 86400 // 3600, whole % 3600 // 60
    if days >= 2:
        return f"{days} days"
    if whole >= 3600:
        return f"{days * 24 + hours} h {minutes} min"
    if whole >= 60:
        return f"{minutes} min {whole % 60} s"
    return f"{whole} s"


def age(seconds: float) -> str:
    """ "just now", "4 min ago", "3 h ago", "5 days ago": how long something is past, no finer than one cares."""
    whole = int(seconds)
    if whole < 60:
        return "just now"
    if whole < 3600:
        return f"{whole // 60} min ago"
    return f"{whole // 3600} h ago" if whole < 172_800 else f"{whole // 86400} days ago"


def time_left(deadline: datetime | None, now: datetime) -> str:
    """ "4 min 10 s left", or that it is over."""
    left = seconds_left(deadline, now)
    return f"{duration(left)} left" if left else "time is over"
