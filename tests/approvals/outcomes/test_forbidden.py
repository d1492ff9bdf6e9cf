"""What no code of ours would do to an outcome, and the database refuses."""

from __future__ import annotations

import pytest
from django.db import IntegrityError, transaction

from approvals.models import Effect, Invocation
from integrations.clock import database_now
from tests.approvals.asking import approved_and_sent, ask
from tests.cast import Tenant


@pytest.fixture
def sent(acme: Tenant) -> Invocation:
    return approved_and_sent(acme, ask(acme, "ninja-reboot-device", device_id=44))


@pytest.mark.parametrize("column", ["kind", "wanted", "nonce", "origin", "consent", "source_name", "after_id"])
def test_what_is_looked_for_never_changes(sent: Invocation, column: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Effect.objects.update(**{column: 7 if column == "after_id" else "x"})


def test_an_outcome_that_was_found_stays_as_it_was_found(sent: Invocation) -> None:
    Effect.objects.update(state="verified", closed_at=database_now())
    for change in ({"state": "failed"}, {"output": "other"}, {"closed_at": None}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Effect.objects.update(**change)


def test_one_run_is_the_outcome_of_one_call(acme: Tenant, sent: Invocation) -> None:
    approved_and_sent(acme, ask(acme, "ninja-reboot-device", device_id=44, mode="FORCED"))
    with pytest.raises(IntegrityError), transaction.atomic():
        Effect.objects.update(series_uid="the same")
