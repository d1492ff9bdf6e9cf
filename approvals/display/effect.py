"""What became of a call after NinjaOne accepted it, as people read it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from approvals.display.clock import absolute, duration
from approvals.display.invisibles import marked, marked_lines, oddities
from approvals.models import Effect, EffectKind, Invocation, OutcomeState
from approvals.outcomes.telling import effect_of, is_awaited

WORDS = {
    OutcomeState.SUBMITTED: gettext_lazy("NinjaOne has it; the device has not started it yet."),
    OutcomeState.RUNNING: gettext_lazy("It runs on the device right now."),
    OutcomeState.VERIFIED: gettext_lazy("Done. NinjaOne shows that it happened."),
    OutcomeState.FAILED: gettext_lazy("It reached the device, and it failed there."),
    OutcomeState.NOT_SEEN: gettext_lazy(
        "NinjaOne took it, but does not show what became of it. Look there if it matters."
    ),
    OutcomeState.DIFFERENT: gettext_lazy("This is not what was approved. Look at the device now."),
}
NOT_THERE = gettext_lazy("NinjaOne took it; it does not show there yet.")
LOOKS = {
    OutcomeState.VERIFIED: "good",
    OutcomeState.FAILED: "bad",
    OutcomeState.DIFFERENT: "bad",
    OutcomeState.NOT_SEEN: "warn",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """The outcome. `look` is the colour; `output` is None where nothing is known of what it printed."""

    title: str
    label: str
    look: str
    words: str
    reason: SafeString
    is_alarm: bool
    is_moving: bool
    exit_code: int | None
    started: str
    ended: str
    took: str
    output: list[SafeString] | None
    oddities: list[str]
    is_truncated: bool
    ran: str
    approved: str


def effect_shown(invocation: Invocation, zone: str) -> Shown | None:
    """What is known; None where nothing is looked for."""
    effect = effect_of(invocation)
    if effect is None:
        return None
    state, is_run = OutcomeState(effect.state), EffectKind(effect.kind).is_run
    return Shown(
        title=_("On the device") if is_run else _("In NinjaOne"),
        label=str(state.label) if is_run or state is not OutcomeState.SUBMITTED else _("Sent"),
        look="warn" if effect.is_offline else LOOKS.get(state, "info"),
        words=str(WORDS[state] if is_run or state is not OutcomeState.SUBMITTED else NOT_THERE),
        reason=marked(effect.reason),
        is_alarm=state is OutcomeState.DIFFERENT,
        is_moving=is_awaited(effect),
        exit_code=effect.exit_code,
        started=absolute(effect.started_at, zone) if effect.started_at else "",
        ended=absolute(effect.ended_at, zone) if effect.ended_at else "",
        took=_took(effect),
        output=None if effect.output is None else marked_lines(effect.output) if effect.output else [],
        oddities=oddities(effect.output or ""),
        is_truncated=effect.is_truncated,
        ran=effect.ran_sha256,
        approved=effect.wanted if effect.kind == EffectKind.BASH else "",
    )


def _took(effect: Effect) -> str:
    if effect.started_at is None or effect.ended_at is None:
        return ""
    return duration((effect.ended_at - effect.started_at).total_seconds())
