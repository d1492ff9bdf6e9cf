"""Everything that the page of one invocation shows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from approvals.display.clock import absolute, duration, seconds_left, time_left
from approvals.display.comparison import Comparison, comparison_of
from approvals.display.device_alerts import DeviceAlerts, device_alerts
from approvals.display.effect import Shown, effect_shown
from approvals.display.invisibles import marked, marked_lines, oddities
from approvals.display.outcome import Outcome, outcome_of
from approvals.display.past import Earlier, Precedent, earlier_of, past_of, precedent_of
from approvals.display.request import FrozenRequest, Script, facts_of, frozen_request, parsed, script_sent
from approvals.display.risks import Risk, risks_of
from approvals.display.sentence import sentence_of
from approvals.display.ticket import Change, ticket_changes
from approvals.display.timeline import Step, timeline_of
from approvals.models import Attempt, Decision, Invocation, Status
from approvals.reading import status_now
from tools.models import Mode

UPDATE_TICKET = "ninja-update-ticket"


class Argument(NamedTuple):
    """One argument of the call, whole."""

    name: str
    lines: list[SafeString]
    oddities: list[str]
    is_script: bool = False  # the very text that is shown as the script


class Vote(NamedTuple):
    """What one person said."""

    who: str
    verdict: str
    words: str
    comment: SafeString
    at: str


class Target(NamedTuple):
    """The device, organization and their state when the agent asked; empty where the call has none."""

    device: SafeString
    device_id: int | None
    organization: SafeString
    organization_id: int | None
    system: SafeString
    is_offline: bool | None
    last_contact: str


class Page(NamedTuple):
    """One invocation, as read at one moment."""

    row: Invocation
    sentence: SafeString
    agent: SafeString
    owner: SafeString
    reason: SafeString
    reason_oddities: list[str]
    target: Target
    alerts: DeviceAlerts | None
    other_facts: list[Argument]
    arguments: list[Argument]
    request: FrozenRequest | None
    script: Script | None
    changes: list[Change] | None
    comparison: Comparison | None
    policy: str
    created: str
    deadline: str
    left: str
    seconds_left: int
    read_at: datetime
    votes: list[Vote]
    outcome: Outcome
    effect: Shown | None
    steps: list[Step]
    duration: str

    @property
    def is_waiting(self) -> bool:
        """A person can decide it now."""
        return self.outcome.status is Status.PENDING_APPROVAL

    @property
    def shape(self) -> str:
        """What a person can do on its page: decide it, settle it, or "" where there is nothing to do."""
        return {Status.PENDING_APPROVAL: "decide", Status.UNKNOWN: "settle"}.get(self.outcome.status, "")

    @property
    def votes_missing(self) -> int:
        """How many more people must approve."""
        return max(0, self.row.approvals_needed - len(self.votes))

    def risks(self) -> list[Risk]:
        """What makes it risky. Costs a query: only pages that show it ask."""
        return risks_of(self.row, facts_of(self.row), past_of(self.row), self.script, self.read_at)

    def precedent(self) -> Precedent | None:
        """The script that was approved last. Costs a query: only pages that show it ask."""
        return precedent_of(self.row, self.script, self.read_at) if self.script else None

    def earlier(self) -> list[Earlier]:
        """Decisions on the same before, where no script is compared. Costs a query: only pages that show it ask."""
        return [] if self.script or not self.row.approvals_needed else earlier_of(self.row, self.read_at)

    @property
    def is_moving(self) -> bool:
        """It may change by itself, so that the page looks again."""
        return self.outcome.status.is_open or (self.effect is not None and self.effect.is_moving)


def page_of(
    invocation: Invocation, *, decisions: list[Decision], attempts: list[Attempt], now: datetime, zone: str
) -> Page:
    """The page of an invocation at `now` (database time), with agent and owner loaded."""
    status = status_now(invocation, now)
    facts = facts_of(invocation)
    arguments = parsed(invocation.arguments) or {}
    script = script_sent(invocation)
    target = target_of(invocation, facts)
    ended = invocation.finished_at
    return Page(
        row=invocation,
        sentence=format_html("{}{}", sentence_of(invocation), state_words(target, facts)),
        agent=marked(invocation.agent.name),
        owner=marked(invocation.agent.owner.get_username()) if invocation.agent.owner else escape(_("nobody")),
        reason=marked(invocation.reason),
        reason_oddities=oddities(invocation.reason),
        target=target,
        alerts=device_alerts(facts),
        other_facts=[argument for name in OTHER_FACTS if name in facts for argument in fact_lines(name, facts[name])],
        arguments=[argument_of(name, value, script) for name, value in sorted(arguments.items())],
        request=frozen_request(invocation),
        script=script,
        changes=changes_of(invocation, facts),
        comparison=comparison_of(invocation, facts),
        policy=str(Mode(invocation.policy).label),
        created=absolute(invocation.created_at, zone),
        deadline=absolute(invocation.expires_at, zone),
        left=time_left(invocation.expires_at, now),
        seconds_left=seconds_left(invocation.expires_at, now),
        read_at=now,
        votes=[vote_of(decision, zone) for decision in decisions],
        outcome=outcome_of(invocation, status),
        effect=effect_shown(invocation, zone),
        steps=timeline_of(invocation, status=status, decisions=decisions, attempts=attempts, zone=zone),
        duration=duration((ended - invocation.created_at).total_seconds()) if ended else "",
    )


# What is shown apart from the device and the organization.
OTHER_FACTS = ("script", "action", "runner", "alert")


def argument_of(name: str, value: Any, script: Script | None = None) -> Argument:
    """An argument: text as it is, everything else as JSON. A text that is sent as the script is not shown twice."""
    if script is not None and isinstance(value, str) and value.encode() == script.raw:
        return Argument(name.replace("_", " "), [], [], is_script=True)
    text = value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
    return Argument(name.replace("_", " "), marked_lines(text), oddities(text))


def fact_lines(name: str, fact: Mapping[str, Any]) -> list[Argument]:
    """A fact, key by key."""
    rows = []
    for key, value in fact.items():
        if value is not None and value != "":
            label = key if key.startswith(name) else f"{name}_{key}"
            rows.append(argument_of(label, value))
    return rows


def target_of(invocation: Invocation, facts: Mapping[str, Mapping[str, Any]]) -> Target:
    """What it is aimed at."""
    device = facts.get("device", {})
    offline = device.get("offline")
    return Target(
        device=marked(invocation.device_name),
        device_id=invocation.device_id,
        organization=marked(invocation.organization_name),
        organization_id=invocation.organization_id,
        system=marked(", ".join(str(device[key]) for key in ("os_name", "node_class") if device.get(key))),
        is_offline=offline if isinstance(offline, bool) else None,
        last_contact=contact_words(device.get("last_contact"), invocation.created_at),
    )


def state_words(target: Target, facts: Mapping[str, Mapping[str, Any]]) -> SafeString:
    """ ", Ubuntu 24.04, online, last seen 12 s ago, no active alerts": the device as it was, as far as one knows."""
    if not target.device:
        return SafeString("")
    online = {True: _("offline"), False: _("online"), None: ""}[target.is_offline]
    alerts = device_alerts(facts)
    system = marked(str(facts.get("device", {}).get("os_name") or ""))
    words = (system, online, target.last_contact, alerts.words if alerts else "")
    return format_html_join("", ", {}", ((one,) for one in words if one))


def contact_words(last_contact: Any, asked_at: datetime) -> str:
    """How long before the request the device was last heard of; "" where nobody knows."""
    if not isinstance(last_contact, (int, float)) or isinstance(last_contact, bool):
        return ""
    return _("last seen %(time)s before the request") % {"time": duration(asked_at.timestamp() - last_contact)}


def changes_of(invocation: Invocation, facts: Mapping[str, Mapping[str, Any]]) -> list[Change] | None:
    """Before and after of a ticket; None for every other tool."""
    body = parsed(invocation.body or "")
    ticket = facts.get("ticket", {}).get("ticket")
    if invocation.tool_name != UPDATE_TICKET or not isinstance(body, dict) or not isinstance(ticket, dict):
        return None
    return ticket_changes(ticket, body)


def vote_of(decision: Decision, zone: str) -> Vote:
    """A vote with its user loaded."""
    verdict = str(decision.get_verdict_display())
    if decision.reason_code:
        verdict = _("%(verdict)s (%(reason)s)") % {"verdict": verdict, "reason": decision.get_reason_code_display()}
    return Vote(
        who=decision.user.get_username(),
        verdict=decision.verdict,
        words=verdict,
        comment=marked(decision.comment),
        at=absolute(decision.decided_at, zone),
    )
