"""A sender that stalls after it has taken a write sends it no more once others had to give it up for unknown."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import LazySettings

from approvals import dispatch
from approvals.decisions import unknown_settle
from approvals.models import Invocation, Status
from approvals.sweep import sweep
from approvals.upstream import Outcome, perform
from integrations.models import AuditEvent
from integrations.ninjaone.sandbox import Sandbox
from tests.aging import age
from tests.approvals.asking import again, approved_and_sent, ask
from tests.cast import Tenant

STALLED = 1.2
Stalls = Callable[..., None]


@pytest.fixture
def stalls(monkeypatch: pytest.MonkeyPatch, settings: LazySettings) -> Stalls:
    """Lets senders stop between the record of their attempt and the wire, while others do something."""
    settings.DISPATCH_LEASE_SECONDS = 1

    def stall(meanwhile: Callable[[], object], *, seconds: float = STALLED) -> None:
        def late(**how: Any) -> Outcome:
            time.sleep(seconds)
            meanwhile()
            return perform(**how)

        monkeypatch.setattr(dispatch, "perform", late)

    return stall


def writes(sandbox: Sandbox) -> list[str]:
    return [request.path for request in sandbox.received if request.method != "GET"]


def test_what_a_person_settled_meanwhile_does_not_happen_after_all(
    acme: Tenant, ninjaone: Sandbox, stalls: Stalls
) -> None:
    row = ask(acme, "ninja-reboot-device", device_id=43)

    def settled() -> None:
        sweep()
        assert again(row.pk).status == Status.UNKNOWN
        unknown_settle(user=acme.approver, msp=acme.msp, invocation_id=row.pk, happened=False, note="It is still up.")

    stalls(settled)
    assert approved_and_sent(acme, row).status == Status.FAILED
    assert writes(ninjaone) == []


def test_what_was_given_up_for_unknown_is_known_not_to_have_left(
    acme: Tenant, ninjaone: Sandbox, stalls: Stalls
) -> None:
    stalls(sweep)
    row = approved_and_sent(acme, ask(acme, "ninja-reboot-device", device_id=43))
    assert (row.status, row.error_code) == (Status.FAILED, "upstream_unavailable")
    assert "Nothing was done" in row.error_message
    assert writes(ninjaone) == []


def test_a_machine_that_was_halted_and_does_not_know_it_asks_the_database(
    acme: Tenant, ninjaone: Sandbox, settings: LazySettings, stalls: Stalls
) -> None:
    settings.DISPATCH_LEASE_SECONDS = 90
    row = ask(acme, "ninja-reboot-device", device_id=43)
    stalls(lambda: age(Invocation.objects.filter(pk=row.pk), lease_until=1), seconds=0)
    assert approved_and_sent(acme, row).status == Status.FAILED
    assert writes(ninjaone) == []


def test_an_auto_write_whose_time_is_over_is_not_sent(acme: Tenant, ninjaone: Sandbox, stalls: Stalls) -> None:
    stalls(lambda: None)
    ask(acme, "ninja-create-ticket", organization_id=2, ticket_form_id=1, subject="Printer")
    row = Invocation.objects.get()
    assert row.status == Status.FAILED
    assert writes(ninjaone) == []


def test_a_short_stall_costs_nothing(acme: Tenant, ninjaone: Sandbox, settings: LazySettings, stalls: Stalls) -> None:
    settings.DISPATCH_LEASE_SECONDS = 90
    stalls(sweep)
    row = approved_and_sent(acme, ask(acme, "ninja-reboot-device", device_id=43))
    assert row.status == Status.SUCCEEDED
    assert writes(ninjaone) == ["/v2/device/43/reboot/NORMAL"]


def test_an_answer_that_contradicts_what_was_settled_meanwhile_is_told(
    acme: Tenant, ninjaone: Sandbox, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = ask(acme, "ninja-reboot-device", device_id=43)

    def answered_late(**how: Any) -> Outcome:
        outcome = perform(**how)
        age(Invocation.objects.filter(pk=row.pk), lease_until=1)
        sweep()
        unknown_settle(user=acme.approver, msp=acme.msp, invocation_id=row.pk, happened=False, note="It is still up.")
        return outcome

    monkeypatch.setattr(dispatch, "perform", answered_late)
    assert approved_and_sent(acme, row).status == Status.FAILED
    assert writes(ninjaone) == ["/v2/device/43/reboot/NORMAL"]
    told = AuditEvent.objects.for_msp(acme.msp).get(action="alarm.raised")
    assert "A call was carried out" in told.record
    assert str(row.pk) in told.subject
