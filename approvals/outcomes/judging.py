"""From the runs on a device to the outcomes that wait for them. Nothing here asks or writes anything."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from approvals.models import Effect, EffectKind, OutcomeState, Status
from approvals.outcomes.activities import REBOOTED, Series
from approvals.outcomes.ends import ended_with_marks, ended_without_marks, started_again, under_way
from approvals.outcomes.finding import Finding, Trace, not_seen
from approvals.outcomes.marks import marked_in

# Clocks of ours and NinjaOne's may differ that much; a run that was requested further away is another one.
SKEW = timedelta(minutes=3)
# By then NinjaOne has told of every run that it took.
SETTLED = timedelta(seconds=5)
# So long after the only run ended without our marks, none of ours comes any more.
QUIET = timedelta(seconds=30)


def judge(
    effects: Sequence[Effect],
    series: Sequence[Series],
    *,
    taken: Iterable[str],
    own_user: int | None,
    now: datetime,
    is_whole: bool = True,
) -> dict[UUID, Finding]:
    """What the runs say of each open outcome of a device; no entry where they say nothing.

    `taken` are runs that are the outcome of another call already; `own_user` is who we are in NinjaOne, if known.
    `is_whole`: no run since the first of these calls is missing.
    """
    found: dict[UUID, Finding] = {}
    left = {each.uid: each for each in series if each.uid not in set(taken) or _is_of(effects, each)}
    for effect in effects:
        _by_nonce(effect, left, found)
    _by_what_was_seen_before(effects, left, found)
    waiting = [effect for effect in effects if effect.pk not in found]
    candidates = {effect.pk: _candidates(effect, left.values(), own_user) for effect in waiting}
    _by_elimination(waiting, candidates, found, own_user=own_user, now=now)
    for effect in waiting:
        if effect.pk not in found and (said := _undecided(effect, candidates[effect.pk], effects, now)):
            found[effect.pk] = said
    return {pk: _traced(pk, each, effects, series, own_user) for pk, each in found.items()} if is_whole else found


def _traced(
    pk: UUID, finding: Finding, effects: Iterable[Effect], series: Iterable[Series], own_user: int | None
) -> Finding:
    """The finding, with the run as its trace where no other run could be the call's."""
    effect = next(each for each in effects if each.pk == pk)
    if effect.kind not in {EffectKind.SCRIPT, EffectKind.REBOOT} or (
        effect.kind == EffectKind.SCRIPT and not effect.source_name
    ):
        return finding
    few = [each for each in _candidates(effect, series, own_user) if each.code != REBOOTED]
    trace = run_trace(effect, few[0]) if len(few) == 1 and few[0].begun == "START_REQUESTED" else None
    return replace(finding, trace=trace) if trace and trace.uid == finding.series_uid else finding


def run_trace(effect: Effect, run: Series) -> Trace | None:
    """The only run that could be the call's, where it was requested around the time of the call, and says by whom."""
    if run.user_id is None or abs(run.requested_at - effect.sent_at) > SKEW:
        return None
    return Trace(run.uid, run.first_id, run.requested_at, run.user_id)


def _is_of(effects: Iterable[Effect], series: Series) -> bool:
    return any(effect.series_uid == series.uid for effect in effects)


def _by_nonce(effect: Effect, left: dict[str, Series], found: dict[UUID, Finding]) -> None:
    """A run whose output has our marks is ours, whatever else is said of it."""
    if effect.kind != EffectKind.BASH:
        return
    for each in list(left.values()):
        marked = next(filter(None, (marked_in(text, effect.nonce) for text in each.texts)), None)
        if marked is not None:
            found[effect.pk] = ended_with_marks(effect, each, marked)
            del left[each.uid]
            return


def _by_what_was_seen_before(effects: Iterable[Effect], left: dict[str, Series], found: dict[UUID, Finding]) -> None:
    """A run that was recognised at an earlier look is looked at again."""
    for effect in effects:
        if (
            effect.pk not in found
            and (each := left.get(effect.series_uid)) is not None
            and effect.kind != EffectKind.BASH
        ):
            found[effect.pk] = started_again(each, each) if each.code == REBOOTED else under_way(each)
            del left[each.uid]


def _candidates(effect: Effect, series: Iterable[Series], own_user: int | None) -> list[Series]:
    """The runs that could be this call's: requested after it was prepared, soon, by us, and named so."""
    return [
        each
        for each in series
        if _is_after(effect, each)
        and (each.requested_at <= effect.sent_at + SKEW or each.code == REBOOTED)
        and (own_user is None or each.user_id in {None, own_user})
        and _is_named(effect, each)
    ]


def _is_after(effect: Effect, series: Series) -> bool:
    """Ids rise, and the device's last one was read before the call was sent; else its time has to do."""
    if effect.after_id is not None:
        return series.first_id > effect.after_id
    return series.requested_at >= effect.sent_at - SKEW


def _is_named(effect: Effect, series: Series) -> bool:
    if effect.kind == EffectKind.REBOOT:
        return series.code == REBOOTED or (series.kind == "ACTION" and "reboot" in series.source_name.lower())
    return series.kind == "ACTION" and effect.source_name in {"", series.source_name}


def _by_elimination(
    waiting: Sequence[Effect],
    candidates: dict[UUID, list[Series]],
    found: dict[UUID, Finding],
    *,
    own_user: int | None,
    now: datetime,
) -> None:
    """The only run that could be a call's is its run, and no other call's."""
    is_bound = True
    while is_bound:
        is_bound = False
        for effect in waiting:
            few = candidates[effect.pk]
            if effect.kind == EffectKind.BASH or effect.pk in found or not few:
                continue
            if effect.kind != EffectKind.REBOOT and len(few) > 1:
                continue
            if own_user is None and now < effect.sent_at + SETTLED:
                continue
            # A reboot has two: the action, and the system's word that it came up again. Either will do.
            mine = next((each for each in few if each.code != REBOOTED), few[0])
            if _is_lost(effect) and any(
                mine in candidates[other.pk] for other in waiting if other.pk not in found and not _is_lost(other)
            ):
                continue  # NinjaOne took the other call, and perhaps never got this one
            back = next((each for each in few if each.code == REBOOTED and each.first_id >= mine.first_id), None)
            found[effect.pk] = under_way(mine) if back is None else started_again(mine, back)
            is_bound = True
            used = {mine.uid, back.uid if back else ""}
            for others in candidates.values():
                others[:] = [each for each in others if each.uid not in used]


def _is_lost(effect: Effect) -> bool:
    return effect.invocation.status == Status.UNKNOWN


def _undecided(effect: Effect, few: list[Series], effects: Sequence[Effect], now: datetime) -> Finding | None:
    """What can be said although no run is known to be this call's."""
    running = [each for each in few if not each.has_ended and each.has_started]
    if len(few) == 1 and effect.kind == EffectKind.BASH:
        only, rivals = few[0], [each for each in effects if each.source_name == effect.source_name]
        if running:
            return Finding(state=OutcomeState.RUNNING, started_at=only.started_at)
        if only.has_ended and len(rivals) == 1 and only.ended_at and now >= only.ended_at + QUIET:
            return ended_without_marks(only)
        return None
    if len(few) > 1 and effect.kind != EffectKind.BASH and not any(not each.has_ended for each in few):
        return not_seen(
            f"{len(few)} runs called {few[0].source_name} were requested on this device at that time, and NinjaOne "
            "does not say which of them is this call's. They ended with: "
            f"{', '.join(each.result or each.code for each in few)}."
        )
    return None
