"""What the end of a run means."""

from __future__ import annotations

from approvals.models import Effect, OutcomeState
from approvals.outcomes.activities import Series
from approvals.outcomes.finding import LONGEST_KEPT, NEARLY_ALL, Finding
from approvals.outcomes.marks import Marked

TRUNCATED = "NinjaOne keeps 10,000 characters of an output: the rest of it, with the exit code, is lost."
IMITATED = (
    "The marks of this run stand in its output more than once, so something on the device read them and printed them "
    "itself. Nothing in this output can be relied upon."
)
DIFFERENT = "The device ran other bytes than those that were approved: their SHA-256 is {ran}, approved was {approved}."
UNJUDGED = "It ran to its end, and NinjaOne does not say whether it succeeded."
UNMARKED = (
    "A run of the bash runner ended on this device at that time, but its output has none of the marks that it would "
    "have if it were this script."
)


def ended_with_marks(effect: Effect, series: Series, marked: Marked) -> Finding:
    """A run that is provably of this call."""
    state, reason = _marked_state(effect, series, marked)
    return Finding(
        state=state,
        reason=reason,
        series_uid=series.uid,
        started_at=series.started_at or series.requested_at,
        ended_at=series.ended_at,
        exit_code=marked.exit_code if marked.exit_code is not None else series.exit_code,
        output=marked.output[:LONGEST_KEPT],
        ran_sha256=marked.sha256,
        is_truncated=_is_cut(series, marked),
        user_id=series.user_id,
        is_evidence=True,
    )


def ended_without_marks(series: Series) -> Finding:
    """The only run that could have been this call's. It may be somebody else's; the call's own cannot be seen."""
    return Finding(
        state=OutcomeState.NOT_SEEN if series.is_success or series.is_unjudged else OutcomeState.FAILED,
        reason=UNMARKED if series.is_success or series.is_unjudged else f"{UNMARKED} {_complaint(series)}",
        series_uid=series.uid,
        started_at=series.started_at,
        ended_at=series.ended_at,
        output=series.output[:LONGEST_KEPT],
    )


def under_way(series: Series) -> Finding:
    """A run that is known by its name, its device and its time.

    That alone is no evidence for a call that may never have left: the run may be another call's, or somebody's own.
    """
    if not series.has_ended:
        state = OutcomeState.RUNNING if series.has_started else OutcomeState.SUBMITTED
        return Finding(state=state, series_uid=series.uid, started_at=series.started_at)
    if series.is_unjudged:
        state, reason = OutcomeState.NOT_SEEN, UNJUDGED
    elif series.is_success:
        state, reason = OutcomeState.VERIFIED, ""
    else:
        state, reason = OutcomeState.FAILED, _complaint(series)
    return Finding(
        state=state,
        reason=reason,
        series_uid=series.uid,
        started_at=series.started_at,
        ended_at=series.ended_at,
        exit_code=series.exit_code,
        output=series.output[:LONGEST_KEPT],
        is_truncated=len(series.output) >= NEARLY_ALL,
        likely_user_id=series.user_id,
    )


def started_again(run: Series, back: Series) -> Finding:
    """A reboot that is known by the system's word that the device came up; `run` is the same where that is all."""
    return Finding(
        state=OutcomeState.VERIFIED,
        reason="NinjaOne saw the device start again.",
        series_uid=run.uid,
        started_at=run.started_at,
        ended_at=back.requested_at,
        likely_user_id=run.user_id,
    )


def _marked_state(effect: Effect, series: Series, marked: Marked) -> tuple[OutcomeState, str]:
    if marked.is_imitated:
        return OutcomeState.DIFFERENT, IMITATED
    if marked.sha256 and marked.sha256 != effect.wanted:
        return OutcomeState.DIFFERENT, DIFFERENT.format(ran=marked.sha256, approved=effect.wanted)
    without_hash = (
        "" if marked.sha256 else "The device has nothing to compute a SHA-256 with, so what ran is not proven."
    )
    if marked.exit_code is None:
        return _without_end(series, marked)
    if marked.exit_code:
        return OutcomeState.FAILED, f"The script ended with exit code {marked.exit_code}. {without_hash}".strip()
    return OutcomeState.VERIFIED, without_hash


def _without_end(series: Series, marked: Marked) -> tuple[OutcomeState, str]:
    if not _is_cut(series, marked):
        words = "The script began, but its end was not reported: something stopped it, or the device went down."
        return OutcomeState.FAILED, f"{words} {'' if series.is_success else _complaint(series)}".strip()
    if series.is_success:
        return OutcomeState.VERIFIED, f"{TRUNCATED} NinjaOne calls the run a success, which is exit code 0."
    if series.is_unjudged:
        return OutcomeState.NOT_SEEN, f"{TRUNCATED} {UNJUDGED}"
    return OutcomeState.FAILED, f"{TRUNCATED} {_complaint(series)}"


def _is_cut(series: Series, marked: Marked) -> bool:
    return marked.exit_code is None and len(series.output) >= NEARLY_ALL


def _complaint(series: Series) -> str:
    match series.code:
        case "CANCELLED":
            return "It was cancelled in NinjaOne."
        case "BLOCKED":
            return "NinjaOne blocked it."
    return f"NinjaOne says that it ended with {series.result or 'no result'}."
