"""The outcome as an agent sees it: a part of the envelope, and what there is to wait for."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from approvals.models import Effect, EffectKind, Invocation, OutcomeState
from approvals.timestamps import timestamp

WAIT = 30
SOON, LATER = 2, 15
YOUNG = timedelta(minutes=1)

SENTENCES = {
    OutcomeState.SUBMITTED: "NinjaOne accepted it; the device has not started it yet.",
    OutcomeState.RUNNING: "It runs on the device.",
    OutcomeState.VERIFIED: "Done, and verified.",
    OutcomeState.FAILED: "NinjaOne accepted it, and it failed on the device.",
    OutcomeState.NOT_SEEN: "NinjaOne accepted it, but what became of it could not be seen.",
    OutcomeState.DIFFERENT: "What ran is not what was approved: do not rely on anything it printed, and tell a person.",
}
NOT_THERE = "NinjaOne accepted it; it does not show there yet."


def effect_of(invocation: Invocation) -> Effect | None:
    """The outcome of a write that was sent, as far as there is anything to look for."""
    if not invocation.is_write or invocation.dispatch_started_at is None or invocation._state.adding:
        return None
    try:
        return invocation.effect
    except Effect.DoesNotExist:
        return None


def outcome_of(invocation: Invocation, now: datetime) -> dict[str, Any] | None:
    """What became of it in NinjaOne; None where nothing is looked for."""
    effect = effect_of(invocation)
    if effect is None:
        return None
    return {
        "state": effect.state,
        "reason": effect.reason or None,
        "exit_code": effect.exit_code,
        "output": effect.output,
        "truncated": effect.is_truncated,
        "sha256": effect.ran_sha256 or None,
        "started_at": timestamp(effect.started_at),
        "finished_at": timestamp(effect.ended_at),
        "next": _next(effect, now) if is_awaited(effect) else None,
    }


def outcome_words(invocation: Invocation) -> str:
    """Where it stands, in a sentence; "" where nothing is looked for."""
    effect = effect_of(invocation)
    if effect is None:
        return ""
    is_there = effect.state == OutcomeState.SUBMITTED and not EffectKind(effect.kind).is_run
    words = [NOT_THERE if is_there else SENTENCES[OutcomeState(effect.state)], effect.reason]
    if effect.output:
        words.append("What it printed stands in outcome.output.")
    if is_awaited(effect):
        words.append("Look again with outcome.next.")
    return " ".join(filter(None, words))


def is_awaited(effect: Effect) -> bool:
    """Whether it makes sense to wait for it: not for a device that is away."""
    return effect.is_open and not effect.is_offline


def prints_later(invocation: Invocation) -> bool:
    """Whether the end of what was asked for, the output of a script, is still to come."""
    effect = effect_of(invocation)
    return effect is not None and is_awaited(effect) and EffectKind(effect.kind).prints


def _next(effect: Effect, now: datetime) -> dict[str, Any]:
    url = f"/api/v1/invocations/{effect.pk}?wait={WAIT}&until=outcome"
    seconds = SOON if now - effect.sent_at < YOUNG else LATER
    return {"method": "GET", "url": url, "after_seconds": seconds}
