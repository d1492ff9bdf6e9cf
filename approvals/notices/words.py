"""What a message says: what, where, who asks, until when, and a link that opens the page behind the sign-in.

Never in it: the script, arguments, the agent's reason, anything secret. What strangers named (devices, organizations,
scripts) is made plain, so that it cannot call people, hide or lead anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override

from approvals.display.invisibles import in_plain_text
from approvals.display.request import facts_of
from approvals.models import Delivery, Event, Invocation, Status
from approvals.reading import status_now
from integrations.models import Msp
from tools.registry import TOOLS

LONGEST = 120
# What chats make of these: mentions, links, formatting.
PLAIN = {"<": "‹", ">": "›", "@": "＠", "://": ": //", "](": "] (", "`": "'", "\n": " ", "\r": " ", "\t": " "}
TEST = "test"
ENDS = {
    Status.QUEUED: gettext_lazy("Approved"),
    Status.DISPATCHING: gettext_lazy("Approved"),
    Status.SUCCEEDED: gettext_lazy("Approved"),
    Status.FAILED: gettext_lazy("Approved"),
    Status.UNKNOWN: gettext_lazy("Approved"),
    Status.DENIED: gettext_lazy("Denied"),
    Status.CANCELLED: gettext_lazy("Withdrawn"),
    Status.BLOCKED: gettext_lazy("Not sent, for something changed"),
    Status.EXPIRED: gettext_lazy("Expired, nobody decided in time"),
}
SETTLED = {
    Status.SUCCEEDED: gettext_lazy("It happened after all"),
    Status.FAILED: gettext_lazy("It did not happen after all"),
}


class Message(NamedTuple):
    """Title and text, without any markup. `level`: info, success, warning or failure."""

    title: str
    text: str
    url: str
    level: str = "info"

    @property
    def body(self) -> str:
        """Text and link."""
        return f"{self.text}\n\n{self.url}"


def message_of(delivery: Delivery, msp: Msp, now: datetime) -> Message:
    """The message of a delivery as it has to read at `now`: what was decided since then, it says."""
    with override(settings.STAFF_LANGUAGE):
        return _message(delivery, msp, now)


def _message(delivery: Delivery, msp: Msp, now: datetime) -> Message:
    row = delivery.invocation
    match delivery.event:
        case Event.CONNECTION:
            return _connection(delivery, msp)
        case Event.ALARM:
            return _alarm(delivery, msp, row)
    if row is None:
        return _test(msp)
    return Message(
        title=_("%(what)s: %(subject)s") % {"what": _head(delivery, row, now), "subject": subject_of(row)},
        text="\n".join(_lines(row, msp, now, said=delivery.event)),
        url=link_of(row),
        level=_level(delivery),
    )


def subject_of(row: Invocation) -> str:
    """ "Reboot a managed device, ACME-WEB01, Acme Dental"."""
    place = ", ".join(plain(text) for text in (row.device_name, row.organization_name) if text)
    return _("%(what)s, %(place)s") % {"what": what_of(row), "place": place} if place else what_of(row)


def what_of(row: Invocation) -> str:
    """What the tool does, by its own description; for a script of the library also which one, as NinjaOne names it."""
    tool = TOOLS.get(row.tool)
    words = row.tool_name if tool is None else _(tool.summary).rstrip(".")
    facts = facts_of(row)
    name = str(facts.get("script", {}).get("name") or facts.get("action", {}).get("name") or "")
    return (
        _("%(what)s (“%(name)s”)") % {"what": words, "name": plain(name)}
        if name and row.tool_name == "ninja-run-script"
        else words
    )


def link_of(row: Invocation) -> str:
    """The page of a request, or of a call that needed nobody."""
    page = "approvals_approvalrequest_page" if row.approvals_needed else "approvals_invocation_page"
    return f"{settings.PUBLIC_URL}{reverse(f'admin:{page}', args=[row.pk])}"


def plain(text: str) -> str:
    """Text by strangers on one line, in which nothing is hidden, called or linked."""
    shown = in_plain_text(text)
    for odd, harmless in PLAIN.items():
        shown = shown.replace(odd, harmless)
    return shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 1]}…"


def _head(delivery: Delivery, row: Invocation, now: datetime) -> str:
    status = status_now(row, now)
    if delivery.event in {Event.WAITING, Event.REMINDER, Event.ESCALATION} and status is not Status.PENDING_APPROVAL:
        return _("%(end)s meanwhile") % {"end": ENDS[status]}
    by = plain(str(delivery.data.get("by", "")))
    then = Status(delivery.data.get("status", row.status))
    match delivery.event:
        case Event.WAITING:
            return _("Approval needed")
        case Event.REMINDER:
            return _("Still waits for approval")
        case Event.ESCALATION:
            return _("Nobody has decided yet")
        case Event.SUSPICIOUS:
            return _("Reported as suspicious by %(person)s") % {"person": by}
        case Event.UNKNOWN:
            return str(SETTLED.get(then) or _("Nobody knows whether this happened"))
    return _("%(end)s by %(person)s") % {"end": ENDS[then], "person": by} if by else str(ENDS[then])


def _lines(row: Invocation, msp: Msp, now: datetime, *, said: str) -> Iterator[str]:
    yield _("What: %(what)s") % {"what": what_of(row)}
    if row.device_name or row.organization_name:
        place = ", ".join(plain(text) for text in (row.device_name, row.organization_name) if text)
        yield _("Where: %(place)s") % {"place": place}
    yield _("Asks: %(agent)s, for %(msp)s") % {"agent": plain(row.agent.name), "msp": plain(msp.name)}
    status = status_now(row, now)
    if status is Status.PENDING_APPROVAL and row.expires_at is not None:
        local = row.expires_at.astimezone(ZoneInfo(msp.time_zone))
        deadline = date_format(local, "d M Y, H:i")
        yield _("Decide by: %(deadline)s (%(zone)s)") % {"deadline": deadline, "zone": msp.time_zone}
    else:
        yield _("Stands at: %(status)s") % {"status": status.label}
    if said == Event.UNKNOWN and status is Status.UNKNOWN:
        yield _("It was sent once and is not sent again. Look at NinjaOne, then settle it on its page.")
    if said == Event.SUSPICIOUS:
        yield _("Its agent is stopped. An admin lets it go on.")


def _level(delivery: Delivery) -> str:
    match delivery.event:
        case Event.SUSPICIOUS:
            return "failure"
        case Event.ESCALATION | Event.UNKNOWN | Event.EXPIRED:
            return "warning"
    return "info"


def _connection(delivery: Delivery, msp: Msp) -> Message:
    return Message(
        title=_("NinjaOne no longer accepts the access of %(msp)s") % {"msp": plain(msp.name)},
        text=_("Nothing is sent until an admin authorizes again. NinjaOne's word: %(reason)s")
        % {"reason": plain(str(delivery.data.get("reason", "")))},
        url=f"{settings.PUBLIC_URL}{reverse('integrations:ninjaone-detail')}",
        level="failure",
    )


def _alarm(delivery: Delivery, msp: Msp, row: Invocation | None) -> Message:
    about = "" if row is None else "\n" + _("About: %(subject)s") % {"subject": subject_of(row)}
    return Message(
        title=_("Alarm at %(msp)s") % {"msp": plain(msp.name)},
        text=f"{plain(str(delivery.data.get('what', '')))}{about}",
        url=f"{settings.PUBLIC_URL}{reverse('admin:index')}" if row is None else link_of(row),
        level="failure",
    )


def _test(msp: Msp) -> Message:
    return Message(
        title=_("This is a test"),
        text=_("Messages of %(msp)s about what waits for approval will come this way. Nothing is to be done.")
        % {"msp": plain(msp.name)},
        url=f"{settings.PUBLIC_URL}{reverse('admin:index')}",
    )
