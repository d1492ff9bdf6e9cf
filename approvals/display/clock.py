"""Times and durations in words, in the MSP's zone."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils.dates import MONTHS_3
from django.utils.translation import gettext as _
from django.utils.translation import ngettext


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
    return _("{day} {month} {year}, {time} {zone}").format(
        day=local.day,
        month=MONTHS_3[local.month].title(),
        year=local.year,
        time=f"{local:%H:%M:%S}",
        zone=local.tzname(),
    )


def seconds_left(deadline: datetime | None, now: datetime) -> int:
    """Whole seconds until the deadline, 0 when it is past or there is none."""
    return 0 if deadline is None else max(0, int((deadline - now).total_seconds()))


def duration(seconds: float) -> str:
    """ "3 h 20 min", "4 min 10 s", "9 s", "3 days"."""
    whole = max(0, int(seconds))
    days, hours, minutes = whole // 86400, whole % 86400 // 3600, whole % 3600 // 60
    if days >= 2:
        return ngettext("{days} day", "{days} days", days).format(days=days)
    if whole >= 3600:
        return _("{hours} h {minutes} min").format(hours=days * 24 + hours, minutes=minutes)
    if whole >= 60:
        return _("{minutes} min {seconds} s").format(minutes=minutes, seconds=whole % 60)
    return _("{seconds} s").format(seconds=whole)


def age(seconds: float) -> str:
    """ "just now", "4 min ago", "3 h ago", "5 days ago": how long something is past, no finer than one cares."""
    whole = int(seconds)
    if whole < 60:
        return _("just now")
    if whole < 3600:
        return _("{minutes} min ago").format(minutes=whole // 60)
    if whole < 172_800:
        return _("{hours} h ago").format(hours=whole // 3600)
    days = whole // 86400
    return ngettext("{days} day ago", "{days} days ago", days).format(days=days)


def time_left(deadline: datetime | None, now: datetime) -> str:
    """ "4 min 10 s left", or that it is over."""
    left = seconds_left(deadline, now)
    return _("{time} left").format(time=duration(left)) if left else _("time is over")
