"""Writing down what a look found. Idempotent: of several who found the same, one writes it."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q

from approvals.measures import reached
from approvals.models import Effect, Invocation, OutcomeState, Status
from approvals.notices.events import invocation_changed
from approvals.outcomes.alarms import alarm_different
from approvals.outcomes.finding import Finding, Trace, trace_of
from approvals.outcomes.own_user import own_user_guess, own_user_learn
from approvals.outcomes.proving import doubt_about, proof_words
from integrations.audit import Actor, audit_append
from integrations.clock import Now

POLLER = Actor.system("poller")
COLUMNS = (
    "state", "reason", "is_offline", "series_uid", "started_at", "ended_at", "exit_code", "output", "ran_sha256",
    "is_truncated",
)  # fmt: skip


def finding_record(effect: Effect, finding: Finding) -> bool:
    """Write down a finding; False when it says nothing new, or somebody else closed the outcome or has the run."""
    values = _values(finding)
    if all(getattr(effect, name) == value for name, value in values.items()):
        return False
    is_lost = effect.invocation.status == Status.UNKNOWN
    # Asked after NinjaOne was: whatever call left what was read is in the ledger by now.
    doubt = doubt_about(effect, finding.trace) if is_lost else ""
    if not finding.state.is_open:
        values["reason"] = _reason(finding, doubt)
        values["closed_at"] = Now()
    with transaction.atomic():
        _hold(effect, finding)
        if not _taken(effect, values):
            return False
        is_proven = is_lost and not doubt and finding.trace is not None and _prove(effect, finding.trace)
        if not finding.state.is_open:
            _record(effect, finding)
        if is_proven or finding.state != effect.state:
            _tell(effect, finding.state)
    return True


def _hold(effect: Effect, finding: Finding) -> None:
    """Lock the calls that this may settle before outcomes and the audit: as late answers to them do."""
    calls = Q(pk=effect.pk)
    if finding.user_id is not None or finding.likely_user_id is not None:
        calls |= Q(msp_id=effect.msp_id, connection_id=effect.connection_id, status=Status.UNKNOWN)
    list(Invocation.objects.select_for_update(no_key=True).filter(calls).order_by("pk").values_list("pk"))


def _values(finding: Finding) -> dict[str, Any]:
    trace = finding.trace
    return {
        **{name: getattr(finding, name) for name in COLUMNS},
        "reason": finding.reason[:1000],
        "trace_id": trace.id if trace else None,
        "trace_left_at": trace.left_at if trace else None,
        "trace_user_id": trace.user_id if trace else None,
    }


def _reason(finding: Finding, doubt: str) -> str:
    """With what a person has to know who settles the call; nothing more where it is settled, or nothing was seen."""
    is_seen = finding.trace is not None or finding.state is not OutcomeState.NOT_SEEN
    more = doubt if is_seen and not finding.is_evidence else ""
    return " ".join(filter(None, [finding.reason, more]))[:1000]


def _taken(effect: Effect, values: dict[str, Any]) -> bool:
    """Write it into an outcome that is open. One run is the outcome of one call: the first has it."""
    try:
        with transaction.atomic():
            return bool(Effect.objects.filter(pk=effect.pk, closed_at=None).update(**values))
    except IntegrityError:
        return False


def _tell(effect: Effect, state: OutcomeState) -> None:
    """Whoever is told of changes: the agent's webhook, and people who heard that nobody knew."""
    row = Invocation.objects.select_related("msp", "agent").get(pk=effect.pk)
    invocation_changed(row, Status(row.status), outcome=state.value)


def _record(effect: Effect, finding: Finding) -> None:
    row = effect.invocation
    audit_append(
        msp=effect.msp,
        actor=POLLER,
        action=f"outcome.{finding.state.value}",
        subject=f"invocation {row.pk}",
        data={
            "exit_code": finding.exit_code,
            "sha256": finding.ran_sha256,
            "series": finding.series_uid,
            "reason": finding.reason[:1000],
        },
    )
    if finding.is_evidence:
        words = finding.reason or "NinjaOne's activities show the run."
        seen = {"series": finding.series_uid, "user": finding.user_id} if finding.series_uid else {}
        _settle_unknown(effect, words, seen, happened=finding.state is not OutcomeState.NOT_SEEN)
    if _learn(effect, finding):
        _settle_earlier(effect)
    if finding.state is OutcomeState.DIFFERENT:
        alarm_different(row, finding.reason)


def _learn(effect: Effect, finding: Finding) -> bool:
    """Whether it told who we are in NinjaOne, which was not known."""
    if finding.user_id is not None:
        return own_user_learn(effect, finding.user_id)
    if finding.likely_user_id is None or effect.after_id is None or effect.invocation.status == Status.UNKNOWN:
        return False  # a call that may never have arrived tells nothing
    return own_user_guess(effect, finding.likely_user_id)


def _settle_earlier(effect: Effect) -> None:
    """What was seen of lost calls before it was known who we are may prove them now."""
    lost = Effect.objects.filter(
        msp_id=effect.msp_id,
        connection_id=effect.connection_id,
        invocation__status=Status.UNKNOWN,
        trace_user_id__isnull=False,
    )
    for each in lost.exclude(pk=effect.pk).select_related("msp", "place", "invocation"):
        if (trace := trace_of(each)) and not doubt_about(each, trace) and _prove(each, trace):
            _tell(each, OutcomeState(each.state))


def _prove(effect: Effect, trace: Trace) -> bool:
    seen = {"series": trace.uid, "trace": trace.id, "user": trace.user_id}
    return _settle_unknown(effect, proof_words(effect, trace), seen, happened=True)


def _settle_unknown(effect: Effect, words: str, seen: dict[str, Any], *, happened: bool) -> bool:
    """A write that may or may not have reached NinjaOne did, or did not: here is what shows it."""
    status = Status.SUCCEEDED if happened else Status.FAILED
    unknown = Invocation.objects.filter(pk=effect.pk, status=Status.UNKNOWN)
    if not unknown.update(status=status, finished_at=Now(), note=f"Settled by evidence: {words}"[:1000]):
        return False
    transaction.on_commit(partial(reached, status.value))
    audit_append(
        msp=effect.msp,
        actor=POLLER,
        action="invocation.settled",
        subject=f"invocation {effect.pk}",
        data={"happened": happened, "note": words[:1000], **seen},
    )
    return True
