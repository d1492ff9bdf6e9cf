"""The alerts that stood on the device when the agent asked, in words. Their names are NinjaOne's, so anybody's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from approvals.display.invisibles import marked


class DeviceAlerts(NamedTuple):
    """`words` for the sentence, the newest alerts' names, how many more there are, and why nobody knows."""

    words: SafeString
    names: list[SafeString]
    more: int
    trouble: SafeString

    @property
    def is_unknown(self) -> bool:
        """They could not be read, which is not to say that there are none."""
        return bool(self.trouble)


def device_alerts(facts: Mapping[str, Mapping[str, Any]]) -> DeviceAlerts | None:
    """None where nobody looked: calls without a device, calls that nobody decides."""
    fact = facts.get("alerts")
    if fact is None:
        return None
    count, names = fact.get("count"), fact.get("names")
    if not isinstance(count, int):
        return DeviceAlerts(escape(_("alerts unknown")), [], 0, marked(str(fact.get("trouble") or "?")))
    shown = [marked(str(name)) for name in names] if isinstance(names, list) else []
    return DeviceAlerts(_counted(count), shown, count - len(shown), SafeString(""))


def _counted(count: int) -> SafeString:
    if count == 0:
        return escape(_("no active alerts"))
    words = ngettext("%(count)d active alert", "%(count)d active alerts", count) % {"count": count}
    return format_html("<strong>{}</strong>", words)
