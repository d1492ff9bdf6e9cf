"""The same call again is the same invocation."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any, cast

import pytest

from approvals.decisions import invocation_cancel
from approvals.errors import GateError
from approvals.gate import Submitted
from approvals.models import IdempotencyKey, Invocation, Status
from approvals.sweep import sweep
from integrations.agent_keys import agent_key_issue
from integrations.audit import Actor
from integrations.clock import database_now
from integrations.models import Agent
from integrations.ninjaone.sandbox import Sandbox
from tests.aging import age
from tests.approvals.asking import again, approved_and_sent, ask, deny, submit
from tests.approvals.crowd import crowd_of
from tests.cast import Tenant, lift_limits

KEY = {"idempotency_key": "ticket-1014-reboot"}
OTHER_KEY = {"idempotency_key": "ticket-1014-reboot, again"}


def test_the_same_key_and_call_give_the_same_invocation(acme: Tenant, ninjaone: Sandbox) -> None:
    options = {"idempotency_key": "t"}
    ticket = {"organization_id": 2, "ticket_form_id": 1, "subject": "Once"}
    first = submit(acme, "ninja-create-ticket", options=options, **ticket)
    second = submit(acme, "ninja-create-ticket", options=options, **ticket)
    assert (first.is_replay, second.is_replay) == (False, True)
    assert second.invocation.pk == first.invocation.pk
    assert len(ninjaone.calls("POST")) == 1


def test_the_key_with_another_call_is_refused(acme: Tenant) -> None:
    submit(acme, "ninja-reboot-device", device_id=43, options=KEY)
    with pytest.raises(GateError) as caught:
        submit(acme, "ninja-reboot-device", device_id=41, options=KEY)
    assert caught.value.code == "idempotency_mismatch"


def test_a_key_is_kept_for_seven_days(acme: Tenant) -> None:
    first = submit(acme, "ninja-reboot-device", device_id=43, options=KEY)
    deny(acme, first.invocation)
    age(IdempotencyKey.objects.all(), created_at=8)
    second = submit(acme, "ninja-reboot-device", device_id=43, options=KEY)
    assert second.invocation.pk != first.invocation.pk


def test_a_key_means_nothing_to_another_agent(acme: Tenant, northwind: Tenant) -> None:
    first = submit(acme, "ninja-list-devices", options=KEY)
    second = submit(northwind, "ninja-list-devices", options=KEY)
    assert second.invocation.pk != first.invocation.pk
    sibling = Agent.objects.create(msp=acme.msp, name="sibling")
    acme.key, acme.key_text = agent_key_issue(agent=sibling, actor=Actor.user(acme.admin))
    third = submit(acme, "ninja-list-organizations", options=KEY)
    assert not third.is_replay


def test_an_identical_call_that_still_waits_is_the_waiting_one(acme: Tenant) -> None:
    first = ask(acme, "ninja-reboot-device", device_id=43)
    assert ask(acme, "ninja-reboot-device", mode=None, device_id=43).pk == first.pk


def test_a_second_key_of_a_waiting_call_stands_for_it_whatever_becomes_of_it(acme: Tenant, ninjaone: Sandbox) -> None:
    first = submit(acme, "ninja-reboot-device", device_id=43, options=KEY).invocation
    assert submit(acme, "ninja-reboot-device", device_id=43, options=OTHER_KEY).invocation.pk == first.pk
    assert approved_and_sent(acme, first).status == Status.SUCCEEDED
    for options in (KEY, OTHER_KEY):
        repeated = submit(acme, "ninja-reboot-device", device_id=43, options=options)
        assert (repeated.is_replay, repeated.invocation.pk) == (True, first.pk)
    assert len(ninjaone.calls("POST")) == 1
    assert ask(acme, "ninja-reboot-device", device_id=43).pk != first.pk


def test_a_key_that_joined_a_waiting_call_is_refused_for_another(acme: Tenant) -> None:
    ask(acme, "ninja-reboot-device", device_id=43)
    submit(acme, "ninja-reboot-device", device_id=43, options=KEY)
    with pytest.raises(GateError) as caught:
        submit(acme, "ninja-reboot-device", device_id=41, options=KEY)
    assert caught.value.code == "idempotency_mismatch"


def test_a_dry_run_leaves_its_key_free(acme: Tenant) -> None:
    ask(acme, "ninja-reboot-device", device_id=43)
    submit(acme, "ninja-reboot-device", device_id=43, options={**KEY, "dry_run": True})
    assert not IdempotencyKey.objects.exists()


def test_keys_are_forgotten_when_they_stand_for_nothing_any_more(acme: Tenant) -> None:
    for number, days in enumerate((6.9, 7.1)):
        submit(acme, "ninja-list-devices", options={"idempotency_key": f"{number}"})
        age(IdempotencyKey.objects.filter(key=f"{number}"), created_at=days)
    sweep()
    assert [key.key for key in IdempotencyKey.objects.all()] == ["0"]


def test_an_identical_call_after_a_decision_is_a_new_one(acme: Tenant) -> None:
    first = ask(acme, "ninja-reboot-device", device_id=43)
    deny(acme, first)
    assert ask(acme, "ninja-reboot-device", device_id=43).pk != first.pk


def test_an_identical_call_that_is_overdue_is_expired_on_the_way(acme: Tenant) -> None:
    first = ask(acme, "ninja-reboot-device", device_id=43)
    Invocation.objects.update(expires_at=database_now() - timedelta(seconds=1))
    assert ask(acme, "ninja-reboot-device", device_id=43).pk != first.pk
    assert again(first.pk).status == Status.EXPIRED


@pytest.mark.parametrize("options", [{}, KEY], ids=["without a key", "with a key"])
def test_many_at_once_make_one_row(acme: Tenant, options: dict[str, Any]) -> None:
    lift_limits(acme)
    with crowd_of(64) as crowd:
        asked = [partial(submit, acme, "ninja-reboot-device", options=options, device_id=43)] * 64
        found = cast("list[Submitted]", crowd.at_once(asked))
    assert len({one.invocation.pk for one in found}) == 1
    assert sum(not one.is_replay for one in found) == 1
    assert Invocation.objects.count() == 1


def test_each_key_of_many_at_once_stands_for_the_one_row_they_made(acme: Tenant) -> None:
    lift_limits(acme)
    keyed = [{"idempotency_key": f"{number}"} for number in range(64)]
    with crowd_of(64) as crowd:
        crowd.at_once([partial(submit, acme, "ninja-reboot-device", options=key, device_id=43) for key in keyed])
    row = Invocation.objects.get()
    deny(acme, row)
    again_asked = [submit(acme, "ninja-reboot-device", options=key, device_id=43) for key in keyed]
    assert {one.invocation.pk for one in again_asked} == {row.pk}


def test_a_key_that_races_the_end_of_the_waiting_call_stands_for_one_call(acme: Tenant) -> None:
    def withdraw(row: Invocation) -> Invocation:
        return invocation_cancel(principal=acme.principal(), invocation_id=row.pk)

    lift_limits(acme)
    with crowd_of(16) as crowd:
        for number in range(8):
            options = {"idempotency_key": f"key {number}"}
            row = ask(acme, "ninja-reboot-device", device_id=43)
            asking = [partial(submit, acme, "ninja-reboot-device", options=options, device_id=43)] * 15
            found = crowd.at_once([partial(withdraw, row), *asking])[1:]
            answered = {one.invocation.pk for one in cast("list[Submitted]", found)}
            later = submit(acme, "ninja-reboot-device", options=options, device_id=43).invocation
            assert answered == {later.pk}
            if later.pk != row.pk:
                withdraw(later)


def test_many_auto_writes_with_one_key_at_once_are_sent_once(acme: Tenant, ninjaone: Sandbox) -> None:
    lift_limits(acme)
    ticket = {"organization_id": 2, "ticket_form_id": 1, "subject": "Once"}
    with crowd_of(64) as crowd:
        asked = [partial(submit, acme, "ninja-create-ticket", options=KEY, **ticket)] * 64
        found = cast("list[Submitted]", crowd.at_once(asked))
    assert len({one.invocation.pk for one in found}) == 1
    assert Invocation.objects.count() == 1
    assert len(ninjaone.calls("POST")) == 1
