"""A late answer of NinjaOne and the poller settle the same call at the same moment: one of them does, none fails."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest

from approvals.dispatch import settle
from approvals.models import Effect, Invocation, OutcomeState, Status
from approvals.outcomes import settling
from approvals.outcomes.finding import Finding
from approvals.outcomes.settling import finding_record
from approvals.sweep import sweep
from approvals.upstream import Outcome
from integrations.clock import database_now
from tests.aging import age
from tests.approvals.asking import again
from tests.approvals.crowd import crowd_of
from tests.approvals.outcomes.looking import effect
from tests.approvals.outcomes.test_forbidden_drops import on_its_way
from tests.approvals.outcomes.test_proof_races import seen
from tests.cast import Tenant

ROUNDS = 25
REFUSED = Outcome(Status.FAILED, upstream_status=400, error_code="upstream_error")
DONE = Outcome(Status.SUCCEEDED, result="{}", upstream_status=204)


def proof(number: int) -> Finding:
    """That it ran, by which an outcome is closed."""
    return Finding(state=OutcomeState.VERIFIED, series_uid=f"run {number}", is_evidence=True)


@pytest.mark.parametrize("answer", [REFUSED, DONE])
@pytest.mark.parametrize("found", [seen, proof])
def test_a_late_answer_and_a_finding_do_not_wait_for_each_other(
    known: Tenant, monkeypatch: pytest.MonkeyPatch, answer: Outcome, found: Callable[[int], Finding]
) -> None:
    monkeypatch.setattr(settling, "doubt_about", lambda *_: "")
    with crowd_of(2) as crowd:
        for number in range(ROUNDS):
            row = on_its_way(known)
            age(Invocation.objects.filter(pk=row.pk), lease_until=1)
            sweep()
            assert again(row.pk).status == Status.UNKNOWN
            crowd.at_once(
                [
                    partial(settle, row, answer, database_now()),
                    partial(finding_record, effect(row.pk), found(number)),
                ]
            )
            # Whoever was first is believed. What stands of the outcome agrees with it.
            end = again(row.pk).status
            assert end in {answer.status, Status.SUCCEEDED}
            assert Effect.objects.filter(pk=row.pk).exists() is (end == Status.SUCCEEDED)
            open_ones = Effect.objects.filter(pk=row.pk, closed_at=None)
            open_ones.update(state=OutcomeState.NOT_SEEN, closed_at=database_now())
