"""What became of a call after NinjaOne accepted it, as people read it."""

from __future__ import annotations

from typing import NamedTuple

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from approvals.display.clock import absolute, duration
from approvals.display.invisibles import marked, marked_lines, oddities
from approvals.models import Effect, EffectKind, Invocation, OutcomeState, Status
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
# Of a call whose answer was lost, which may never have arrived: what is seen may be another one's.
PERHAPS = {
    OutcomeState.SUBMITTED: gettext_lazy("NinjaOne does not show for certain yet that it arrived."),
    OutcomeState.RUNNING: gettext_lazy("Something that may be this call runs on the device right now."),
    OutcomeState.VERIFIED: gettext_lazy("NinjaOne shows what this call was to do, and not that this call did it."),
    OutcomeState.FAILED: gettext_lazy("NinjaOne shows something that may be this call, and that failed."),
    OutcomeState.NOT_SEEN: gettext_lazy("NinjaOne does not show for certain whether it arrived."),
}
LOOKS = {
    OutcomeState.VERIFIED: "good",
    OutcomeState.FAILED: "bad",
    OutcomeState.DIFFERENT: "bad",
    OutcomeState.NOT_SEEN: "warn",
}


class Shown(NamedTuple):
    """The outcome. `look` is the colour; `output` is None where it prints nothing, or what is not known."""

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
    is_lost = invocation.status == Status.UNKNOWN and state in PERHAPS
    label, words = _label_and_words(state, is_run=is_run, is_lost=is_lost)
    return Shown(
        title=_("On the device") if is_run else _("In NinjaOne"),
        label=label,
        look="warn" if effect.is_offline or is_lost else LOOKS.get(state, "info"),
        words=words,
        reason=marked(effect.reason),
        is_alarm=state is OutcomeState.DIFFERENT,
        is_moving=is_awaited(effect),
        exit_code=effect.exit_code,
        started=absolute(effect.started_at, zone) if effect.started_at else "",
        ended=absolute(effect.ended_at, zone) if effect.ended_at else "",
        took=_took(effect),
        output=_output(effect),
        oddities=oddities(effect.output or ""),
        is_truncated=effect.is_truncated,
        ran=effect.ran_sha256,
        approved=effect.wanted if effect.kind == EffectKind.BASH else "",
    )


def _label_and_words(state: OutcomeState, *, is_run: bool, is_lost: bool) -> tuple[str, str]:
    if is_lost:
        return _("Not certain"), str(PERHAPS[state])
    if is_run or state is not OutcomeState.SUBMITTED:
        return str(state.label), str(WORDS[state])
    return _("Sent"), str(NOT_THERE)


def _output(effect: Effect) -> list[SafeString] | None:
    if effect.output:
        return marked_lines(effect.output)
    return [] if effect.output == "" and EffectKind(effect.kind).prints else None


def _took(effect: Effect) -> str:
    if effect.started_at is None or effect.ended_at is None:
        return ""
    return duration((effect.ended_at - effect.started_at).total_seconds())
