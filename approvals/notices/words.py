"""What a message says: what, where, who asks, until when, and a link that opens the page behind the sign-in.

Never in it: the script, arguments, the agent's reason, anything secret. What strangers named (devices, organizations,
scripts) is made plain, so that it cannot call people, hide or lead anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.urls import reverse

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
    Status.QUEUED: "Approved",
    Status.DISPATCHING: "Approved",
    Status.SUCCEEDED: "Approved",
    Status.FAILED: "Approved",
    Status.UNKNOWN: "Approved",
    Status.DENIED: "Denied",
    Status.CANCELLED: "Withdrawn",
    Status.BLOCKED: "Not sent, for something changed",
    Status.EXPIRED: "Expired, nobody decided in time",
}
SETTLED = {Status.SUCCEEDED: "It happened after all", Status.FAILED: "It did not happen after all"}


@dataclass(frozen=True, slots=True)
class Message:
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
    row = delivery.invocation
    match delivery.event:
        case Event.CONNECTION:
            return _connection(delivery, msp)
        case Event.ALARM:
            return _alarm(delivery, msp, row)
    if row is None:
        return _test(msp)
    return Message(
        title=f"{_head(delivery, row, now)}: {subject_of(row)}",
        text="\n".join(_lines(row, msp, now, said=delivery.event)),
        url=link_of(row),
        level=_level(delivery),
    )


def subject_of(row: Invocation) -> str:
    """ "Reboot a managed device, ACME-WEB01, Acme Dental"."""
    place = ", ".join(plain(text) for text in (row.device_name, row.organization_name) if text)
    return f"{what_of(row)}, {place}" if place else what_of(row)


def what_of(row: Invocation) -> str:
    """What the tool does, by its own description; for a script of the library also which one, as NinjaOne names it."""
    tool = TOOLS.get(row.tool)
    words = row.tool_name if tool is None else tool.description.split(".")[0]
    facts = facts_of(row)
    name = str(facts.get("script", {}).get("name") or facts.get("action", {}).get("name") or "")
    return f"{words} (“{plain(name)}”)" if name and row.tool_name == "ninja-run-script" else words


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
        return f"{ENDS[status]} meanwhile"
    by = plain(str(delivery.data.get("by", "")))
    then = Status(delivery.data.get("status", row.status))
    match delivery.event:
        case Event.WAITING:
            return "Approval needed"
        case Event.REMINDER:
            return "Still waits for approval"
        case Event.ESCALATION:
            return "Nobody has decided yet"
        case Event.SUSPICIOUS:
            return f"Reported as suspicious by {by}"
        case Event.UNKNOWN:
            return SETTLED.get(then, "Nobody knows whether this happened")
    return f"{ENDS[then]} by {by}" if by else ENDS[then]


def _lines(row: Invocation, msp: Msp, now: datetime, *, said: str) -> Iterator[str]:
    yield f"What: {what_of(row)}"
    if row.device_name or row.organization_name:
        yield f"Where: {', '.join(plain(text) for text in (row.device_name, row.organization_name) if text)}"
    yield f"Asks: {plain(row.agent.name)}, for {plain(msp.name)}"
    status = status_now(row, now)
    if status is Status.PENDING_APPROVAL and row.expires_at is not None:
        local = row.expires_at.astimezone(ZoneInfo(msp.time_zone))
        yield f"Decide by: {local:%d %b %Y, %H:%M} ({msp.time_zone})"
    else:
        yield f"Stands at: {status.label}"
    if said == Event.UNKNOWN and status is Status.UNKNOWN:
        yield "It was sent once and is not sent again. Look at NinjaOne, then settle it on its page."
    if said == Event.SUSPICIOUS:
        yield "Its agent is stopped. An admin lets it go on."


def _level(delivery: Delivery) -> str:
    match delivery.event:
        case Event.SUSPICIOUS:
            return "failure"
        case Event.ESCALATION | Event.UNKNOWN | Event.EXPIRED:
            return "warning"
    return "info"


def _connection(delivery: Delivery, msp: Msp) -> Message:
    return Message(
        title=f"NinjaOne no longer accepts the access of {plain(msp.name)}",
        text="Nothing is sent until an admin authorizes again. "
        f"NinjaOne's word: {plain(str(delivery.data.get('reason', '')))}",
        url=f"{settings.PUBLIC_URL}{reverse('integrations:ninjaone-detail')}",
        level="failure",
    )


def _alarm(delivery: Delivery, msp: Msp, row: Invocation | None) -> Message:
    about = "" if row is None else f"\nAbout: {subject_of(row)}"
    return Message(
        title=f"Alarm at {plain(msp.name)}",
        text=f"{plain(str(delivery.data.get('what', '')))}{about}",
        url=f"{settings.PUBLIC_URL}{reverse('admin:index')}" if row is None else link_of(row),
        level="failure",
    )


def _test(msp: Msp) -> Message:
    return Message(
        title="This is a test",
        text=f"Messages of {plain(msp.name)} about what waits for approval will come this way. Nothing is to be done.",
        url=f"{settings.PUBLIC_URL}{reverse('admin:index')}",
    )
