"""Writing down what a look found. Idempotent: of several who found the same, one writes it."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.db import transaction

from approvals.measures import reached
from approvals.models import Effect, Invocation, OutcomeState, Status
from approvals.notices.events import invocation_changed
from approvals.outcomes.alarms import alarm_different
from approvals.outcomes.finding import Finding
from approvals.outcomes.own_user import own_user_guess, own_user_learn
from integrations.audit import Actor, audit_append
from integrations.clock import Now

POLLER = Actor.system("poller")
COLUMNS = (
    "state", "reason", "is_offline", "series_uid", "started_at", "ended_at", "exit_code", "output", "ran_sha256",
    "is_truncated",
)  # fmt: skip


def finding_record(effect: Effect, finding: Finding) -> bool:
    """Write down a finding; False when it says nothing new, or somebody else closed the outcome."""
    values: dict[str, Any] = {name: getattr(finding, name) for name in COLUMNS}
    if all(getattr(effect, name) == value for name, value in values.items()):
        return False
    values["reason"] = finding.reason[:1000]
    mine = Effect.objects.filter(pk=effect.pk, closed_at=None)
    if not finding.state.is_open:
        values["closed_at"] = Now()
    with transaction.atomic():
        if not mine.update(**values):
            return False
        if not finding.state.is_open:
            _record(effect, finding)
        if finding.state != effect.state:
            _tell(effect, finding.state)
    return True


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
        _settle_unknown(effect, finding)
    if finding.user_id is not None:
        own_user_learn(effect, finding.user_id)
    elif finding.likely_user_id is not None and effect.after_id is not None:
        own_user_guess(effect, finding.likely_user_id)
    if finding.state is OutcomeState.DIFFERENT:
        alarm_different(row, finding.reason)


def _settle_unknown(effect: Effect, finding: Finding) -> None:
    """A write that may or may not have reached NinjaOne did, or did not: here is what shows it."""
    status = Status.FAILED if finding.state is OutcomeState.NOT_SEEN else Status.SUCCEEDED
    words = finding.reason or "NinjaOne's activities show the run."
    unknown = Invocation.objects.filter(pk=effect.pk, status=Status.UNKNOWN)
    if unknown.update(status=status, finished_at=Now(), note=f"Settled by evidence: {words}"[:1000]):
        transaction.on_commit(partial(reached, status.value))
        audit_append(
            msp=effect.msp,
            actor=POLLER,
            action="invocation.settled",
            subject=f"invocation {effect.pk}",
            data={"happened": status is Status.SUCCEEDED, "note": words[:1000]},
        )
