"""A run or a reboot whose answer was lost is settled where only this call can have left what NinjaOne shows."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from approvals import dispatch
from approvals.decisions import unknown_settle
from approvals.models import Alarm, Delivery, Effect, Invocation, Lookout, Status
from approvals.outcomes import looking, proving, settling
from approvals.outcomes.judging import SKEW
from integrations.agent_keys import agent_key_issue
from integrations.audit import Actor
from integrations.clock import database_now
from integrations.models import Agent, AuditEvent, Connection
from integrations.ninjaone.sandbox import ACME, Sandbox
from integrations.ninjaone.sandbox.faults import status
from integrations.ninjaone.sandbox.runs import Run, reboot_start, script_start
from integrations.ninjaone.sandbox.world import World
from tests.approvals.asking import again, approve, approved_and_sent, ask
from tests.approvals.outcomes.looking import SOMEBODY, US, bash, effect, ended, look_everywhere, lost
from tests.approvals.outcomes.test_kinds import ACTION, give_up, sent
from tests.cast import Tenant

pytestmark = pytest.mark.usefixtures("at_once")
REBOOT = "/v2/device/43/reboot/NORMAL"
RUN = "/v2/device/41/script/run"
BODY = {"type": "SCRIPT", "id": 26, "runAs": "system"}


def cleanup(tenant: Tenant) -> Invocation:
    """A script of the library that waits for approval."""
    return ask(tenant, "ninja-run-script", device_id=41, script_id=26)


def by_hand(world: World, *, user: int = US, seconds_before: float = 0.0) -> Run:
    """Somebody runs the same script there, and no call of ours did."""
    run = script_start(world=world, device=world.devices[41], script=world.scripts[26], parameters="")
    run.user_id = world.activities[-1]["userId"] = user
    world.activities[-1]["activityTime"] -= seconds_before
    return run


def stands(row: Invocation) -> str:
    """The status after one look at NinjaOne."""
    look_everywhere()
    return again(row.pk).status


@pytest.mark.parametrize(
    ("tool", "arguments", "path"),
    [
        ("ninja-reboot-device", {"device_id": 43}, REBOOT),
        ("ninja-run-script", {"device_id": 41, "script_id": 26}, RUN),
        ("ninja-run-script", {"device_id": 41, "action_uid": ACTION}, RUN),
        ("ninja-run-script", {"device_id": 42, "script_id": 26}, "/v2/device/42/script/run"),
        ("ninja-api-post", {"path": RUN, "body": BODY}, RUN),
    ],
    ids=["reboot", "script", "action", "offline", "generic"],
)
def test_what_only_this_call_can_have_left_settles_it(
    known: Tenant, ninjaone: Sandbox, tool: str, arguments: dict[str, Any], path: str
) -> None:
    row = lost(known, ninjaone, "POST", path, ask(known, tool, **arguments), happened=True)
    assert stands(row) == Status.SUCCEEDED
    found, settled = effect(row.pk), again(row.pk)
    assert (found.is_open, found.trace_user_id) == (True, US)
    assert f"activity {found.trace_id} of" in settled.note
    assert "by our own user there (12)" in settled.note
    data = json.loads(AuditEvent.objects.for_msp(known.msp).get(action="invocation.settled").record)["data"]
    assert (data["trace"], data["user"], data["happened"]) == (found.trace_id, US, True)
    page = known.signed_in(known.viewer).get(f"/dashboard/approvals/invocation/{row.pk}/").content.decode()
    assert "Settled by evidence" in page
    assert len(ninjaone.calls("POST", path)) == 1


def test_it_is_settled_once_and_its_outcome_goes_on(known: Tenant, ninjaone: Sandbox) -> None:
    row = lost(known, ninjaone, "POST", RUN, ask(known, "ninja-run-script", device_id=41, script_id=31), happened=True)
    assert stands(row) == Status.SUCCEEDED
    ended(ninjaone)
    assert stands(row) == Status.SUCCEEDED
    assert (effect(row.pk).state, effect(row.pk).is_open) == ("failed", False)
    assert AuditEvent.objects.for_msp(known.msp).filter(action="invocation.settled").count() == 1


def test_whoever_is_told_of_changes_is_told(known: Tenant, ninjaone: Sandbox, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Status] = []
    monkeypatch.setattr(settling, "invocation_changed", lambda row, status, **_: told.append(status))
    row = lost(known, ninjaone, "POST", RUN, cleanup(known), happened=True)
    look_everywhere()
    assert again(row.pk).status == Status.SUCCEEDED
    assert told == [Status.SUCCEEDED]
    assert not Delivery.objects.exists()


def test_a_call_that_ninjaone_never_got_stays_with_a_person(known: Tenant, ninjaone: Sandbox) -> None:
    row = lost(known, ninjaone, "POST", RUN, cleanup(known), happened=False)
    assert stands(row) == Status.UNKNOWN
    give_up()
    assert stands(row) == Status.UNKNOWN
    assert effect(row.pk).state == "not_seen"


def other_agent(tenant: Tenant) -> Tenant:
    """The same MSP with another agent."""
    agent = Agent.objects.create(msp=tenant.msp, name="other-bot", owner=tenant.admin)
    key, text = agent_key_issue(agent=agent, actor=Actor.user(tenant.admin))
    return Tenant(**{**vars(tenant), "agent": agent, "key": key, "key_text": text})


def accepted(tenant: Tenant, sandbox: Sandbox) -> None:
    """A call that NinjaOne took."""
    approved_and_sent(tenant, cleanup(tenant))


def another_agents(tenant: Tenant, sandbox: Sandbox) -> None:
    """The same, by another agent."""
    accepted(other_agent(tenant), sandbox)


def generic(tenant: Tenant, sandbox: Sandbox) -> None:
    """The same route by a call that anything can be asked with."""
    approved_and_sent(tenant, ask(tenant, "ninja-api-post", path=RUN, body=BODY))


def lost_too(tenant: Tenant, sandbox: Sandbox) -> None:
    """Nobody knows of this one either, and it did arrive."""
    lost(tenant, sandbox, "POST", RUN, ask(tenant, "ninja-run-script", device_id=41, script_id=26), happened=True)


def denied_by_a_person(tenant: Tenant, sandbox: Sandbox) -> None:
    """A person believes that it did not happen, and errs."""
    row = lost(tenant, sandbox, "POST", RUN, cleanup(tenant), happened=True)
    unknown_settle(user=tenant.approver, msp=tenant.msp, invocation_id=row.pk, happened=False, note="I looked.")


def of_another_kind(tenant: Tenant, sandbox: Sandbox) -> None:
    """A call that nothing is looked for after, and a run of which nobody knows where it came from."""
    approved_and_sent(tenant, ask(tenant, "ninja-api-post", path="/v2/device/41/patch/os/scan"))
    by_hand(sandbox.acme)


def on_the_wire(tenant: Tenant, sandbox: Sandbox) -> None:
    """A call that is being sent, and has arrived already."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dispatch, "_send", lambda *_: True)
        row = approved_and_sent(tenant, cleanup(tenant))
    assert row.status == Status.DISPATCHING
    by_hand(sandbox.acme)


RIVALS = [accepted, another_agents, generic, lost_too, denied_by_a_person, of_another_kind, on_the_wire]


@pytest.mark.parametrize("rival", RIVALS)
@pytest.mark.parametrize("is_first", [True, False], ids=["before", "after"])
def test_what_another_call_may_have_left_settles_nothing(
    known: Tenant, ninjaone: Sandbox, rival: Callable[[Tenant, Sandbox], None], is_first: bool
) -> None:
    if is_first:
        rival(known, ninjaone)
        # What was there before cannot be read, so that the time of an activity has to do.
        ninjaone.faults.add("GET", "/v2/device/41/activities", status(503), times=3)
    row = lost(known, ninjaone, "POST", RUN, cleanup(known), happened=False)
    ninjaone.faults.clear()
    if not is_first:
        rival(known, ninjaone)
    assert stands(row) == Status.UNKNOWN
    ended(ninjaone)
    assert stands(row) == Status.UNKNOWN
    give_up()
    assert stands(row) == Status.UNKNOWN


def test_the_page_says_why_it_is_not_settled(known: Tenant, ninjaone: Sandbox) -> None:
    row = lost(known, ninjaone, "POST", RUN, cleanup(known), happened=True)
    approved_and_sent(known, ask(known, "ninja-api-post", path="/v2/device/41/patch/os/scan"))
    ended(ninjaone)
    assert stands(row) == Status.UNKNOWN
    assert "Another call, sent around that time" in effect(row.pk).reason
    page = known.signed_in(known.viewer).get(f"/dashboard/approvals/invocation/{row.pk}/").content.decode()
    assert "Another call, sent around that time" in page
    assert "not that this call did it" in page
    assert "NinjaOne shows that it happened" not in page


@pytest.mark.parametrize("mode", ["NORMAL", "FORCED"])
def test_a_reboot_may_be_any_other_reboots(known: Tenant, ninjaone: Sandbox, mode: str) -> None:
    row = lost(known, ninjaone, "POST", REBOOT, ask(known, "ninja-reboot-device", device_id=43), happened=False)
    approved_and_sent(known, ask(known, "ninja-reboot-device", device_id=43, mode=mode, reason="another"))
    assert stands(row) == Status.UNKNOWN
    ended(ninjaone)
    assert stands(row) == Status.UNKNOWN


def test_a_script_that_is_named_like_a_reboot_may_be_one(known: Tenant, ninjaone: Sandbox, world: World) -> None:
    world.scripts[58].name = "Reboot gently"
    row = lost(known, ninjaone, "POST", REBOOT, ask(known, "ninja-reboot-device", device_id=43), happened=False)
    approved_and_sent(known, ask(known, "ninja-run-script", device_id=43, script_id=58))
    assert stands(row) == Status.UNKNOWN


def test_calls_that_leave_something_else_are_no_rivals(known: Tenant, northwind: Tenant, ninjaone: Sandbox) -> None:
    approved_and_sent(known, ask(known, "ninja-run-script", device_id=41, script_id=31))
    approved_and_sent(known, ask(known, "ninja-run-script", device_id=46, script_id=26))
    approved_and_sent(known, ask(known, "ninja-reboot-device", device_id=41))
    approved_and_sent(northwind, cleanup(northwind))
    row = lost(known, ninjaone, "POST", RUN, cleanup(known), happened=True)
    assert stands(row) == Status.SUCCEEDED


def test_a_call_that_ninjaone_refused_is_no_rival(known: Tenant, ninjaone: Sandbox) -> None:
    ninjaone.faults.add("POST", RUN, status(403))
    assert approved_and_sent(known, cleanup(known)).status == Status.FAILED
    row = lost(known, ninjaone, "POST", RUN, cleanup(known), happened=True)
    assert stands(row) == Status.SUCCEEDED


def test_an_earlier_call_is_a_rival_only_while_its_own_run_is_not_known(
    known: Tenant, ninjaone: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proving, "ON_THE_WAY", proving.ON_THE_WAY * 0)
    earlier = approved_and_sent(known, cleanup(known))
    row = lost(known, ninjaone, "POST", RUN, cleanup(known), happened=True)
    (first, second) = [each for each in ninjaone.acme.activities if each.get("sourceName") == "Run Disk Cleanup"]
    hidden = ninjaone.acme.activities.pop(ninjaone.acme.activities.index(first))
    assert stands(row) == Status.UNKNOWN  # the earlier one may only be arriving now
    assert hidden["id"] < second["id"]
    Effect.objects.filter(pk=earlier.pk).update(series_uid=hidden["seriesUid"])
    assert not proving._has_rival(effect(row.pk), effect(row.pk).sent_at + SKEW)


def test_two_runs_that_could_be_it_settle_nothing(known: Tenant, ninjaone: Sandbox, world: World) -> None:
    row = lost(known, ninjaone, "POST", RUN, cleanup(known), happened=True)
    by_hand(world)
    assert stands(row) == Status.UNKNOWN
    ended(ninjaone)
    assert (stands(row), effect(row.pk).state) == (Status.UNKNOWN, "not_seen")


def test_another_technicians_run_beside_ours_does_not_matter(known: Tenant, ninjaone: Sandbox, world: World) -> None:
    row = lost(known, ninjaone, "POST", RUN, cleanup(known), happened=True)
    by_hand(world, user=SOMEBODY)
    assert stands(row) == Status.SUCCEEDED


def test_another_technicians_run_settles_nothing(known: Tenant, ninjaone: Sandbox, world: World) -> None:
    row = lost(known, ninjaone, "POST", RUN, cleanup(known), happened=False)
    by_hand(world, user=SOMEBODY)
    assert stands(row) == Status.UNKNOWN
    assert effect(row.pk).series_uid == ""


def test_a_run_that_names_nobody_settles_nothing(known: Tenant, ninjaone: Sandbox, world: World) -> None:
    row = lost(known, ninjaone, "POST", RUN, cleanup(known), happened=True)
    del world.activities[-1]["userId"]
    assert stands(row) == Status.UNKNOWN


@pytest.mark.parametrize(("seconds", "then"), [(170, Status.SUCCEEDED), (190, Status.UNKNOWN)])
def test_a_run_from_before_the_call_is_another_one(
    known: Tenant, ninjaone: Sandbox, world: World, seconds: float, then: Status
) -> None:
    row = lost(known, ninjaone, "POST", RUN, cleanup(known), happened=False)
    by_hand(world, seconds_before=seconds)  # clocks differ by three minutes at most
    assert stands(row) == then


def test_the_end_of_a_run_whose_beginning_was_before_is_another_ones(
    known: Tenant, ninjaone: Sandbox, world: World
) -> None:
    by_hand(world)
    row = lost(known, ninjaone, "POST", RUN, cleanup(known), happened=False)
    ended(ninjaone)
    assert stands(row) == Status.UNKNOWN


def test_a_page_that_may_lack_something_settles_nothing(
    known: Tenant, ninjaone: Sandbox, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = lost(known, ninjaone, "POST", RUN, cleanup(known), happened=True)
    monkeypatch.setattr(looking, "MOST_ACTIVITIES", "10")
    for _ in range(9):
        script_start(world=world, device=world.devices[41], script=world.scripts[31], parameters="")
    assert stands(row) == Status.UNKNOWN


def test_a_run_that_is_another_calls_already_settles_nothing(known: Tenant, ninjaone: Sandbox, world: World) -> None:
    other = approved_and_sent(known, ask(known, "ninja-run-script", device_id=41, script_id=31))
    row = lost(known, ninjaone, "POST", RUN, cleanup(known), happened=True)
    Effect.objects.filter(pk=other.pk).update(series_uid=world.activities[-1]["seriesUid"])
    assert stands(row) == Status.UNKNOWN


def test_before_it_is_known_who_we_are_nothing_is_settled_and_then_what_was_seen_is(
    acme: Tenant, ninjaone: Sandbox
) -> None:
    row = lost(acme, ninjaone, "POST", RUN, cleanup(acme), happened=True)
    ended(ninjaone)
    assert (stands(row), effect(row.pk).is_open) == (Status.UNKNOWN, False)
    assert "not known yet which one is ours" in effect(row.pk).reason
    bash(acme)
    ended(ninjaone)
    assert stands(row) == Status.SUCCEEDED
    assert "by our own user there (12)" in again(row.pk).note


def test_what_somebody_else_was_seen_to_do_is_not_settled_by_learning_who_we_are(
    acme: Tenant, ninjaone: Sandbox, world: World
) -> None:
    row = lost(acme, ninjaone, "POST", RUN, cleanup(acme), happened=False)
    by_hand(world, user=SOMEBODY)
    ended(ninjaone)
    assert stands(row) == Status.UNKNOWN
    assert effect(row.pk).trace_user_id == SOMEBODY
    bash(acme)
    ended(ninjaone)
    assert stands(row) == Status.UNKNOWN


def test_who_another_msp_is_in_its_ninjaone_settles_nothing_of_ours(
    acme: Tenant, northwind: Tenant, ninjaone: Sandbox
) -> None:
    row = lost(northwind, ninjaone, "POST", RUN, cleanup(northwind), happened=True)
    ninjaone.northwind.activities[-1]["userId"] = US  # as if ids were the same everywhere
    ended(ninjaone)
    assert stands(row) == Status.UNKNOWN
    bash(acme)
    ended(ninjaone)
    assert stands(row) == Status.UNKNOWN
    assert effect(row.pk).trace_user_id == US


def test_calls_that_may_never_have_arrived_do_not_tell_who_we_are(
    acme: Tenant, ninjaone: Sandbox, world: World
) -> None:
    for _ in range(3):
        lost(acme, ninjaone, "POST", RUN, cleanup(acme), happened=False)
        by_hand(world, user=SOMEBODY)
        ended(ninjaone)
        look_everywhere()
    assert Lookout.objects.get().user_id is None


def test_with_another_consent_we_may_have_been_somebody_else(known: Tenant, ninjaone: Sandbox) -> None:
    row = lost(known, ninjaone, "POST", RUN, cleanup(known), happened=True)
    Lookout.objects.update(origin="2 another consent")
    ended(ninjaone)
    assert stands(row) == Status.UNKNOWN


def test_whose_user_somebody_else_was_seen_to_use_is_not_believed(known: Tenant, ninjaone: Sandbox) -> None:
    Alarm.objects.create(
        msp=known.msp, what=Alarm.What.UNEXPLAINED, cause="900", words="Somebody.", raised_at=database_now()
    )
    row = lost(known, ninjaone, "POST", RUN, cleanup(known), happened=True)
    ended(ninjaone)
    assert stands(row) == Status.UNKNOWN
    assert "what no call explains" in effect(row.pk).reason


def test_another_msps_alarm_does_not_matter(known: Tenant, northwind: Tenant, ninjaone: Sandbox) -> None:
    Alarm.objects.create(
        msp=northwind.msp, what=Alarm.What.UNEXPLAINED, cause="900", words="Somebody.", raised_at=database_now()
    )
    row = lost(known, ninjaone, "POST", RUN, cleanup(known), happened=True)
    assert stands(row) == Status.SUCCEEDED


def test_an_app_that_another_msp_uses_too_settles_nothing(known: Tenant, northwind: Tenant, ninjaone: Sandbox) -> None:
    Connection.objects.filter(pk=northwind.connection.pk).update(client_id=ACME)
    row = lost(known, ninjaone, "POST", RUN, cleanup(known), happened=True)
    assert stands(row) == Status.UNKNOWN


def test_an_app_that_another_msp_has_left_since_may_have_done_it(
    known: Tenant, northwind: Tenant, ninjaone: Sandbox
) -> None:
    theirs = Connection.objects.filter(pk=northwind.connection.pk)
    theirs.update(client_id=ACME)
    approved_and_sent(northwind, ask(northwind, "ninja-reboot-device", device_id=43))
    theirs.update(state="not_authorized")
    row = lost(known, ninjaone, "POST", RUN, cleanup(known), happened=True)
    assert stands(row) == Status.UNKNOWN
    ended(ninjaone)
    assert stands(row) == Status.UNKNOWN
    assert "is or was in use by another connection" in effect(row.pk).reason


def test_an_app_that_another_msp_has_to_authorize_anew_settles_nothing(
    known: Tenant, northwind: Tenant, ninjaone: Sandbox
) -> None:
    Connection.objects.filter(pk=northwind.connection.pk).update(client_id=ACME, state="needs_reauthorization")
    row = lost(known, ninjaone, "POST", RUN, cleanup(known), happened=True)
    assert stands(row) == Status.UNKNOWN


def test_that_another_msp_only_names_our_app_does_not_matter(
    known: Tenant, northwind: Tenant, ninjaone: Sandbox
) -> None:
    Connection.objects.filter(pk=northwind.connection.pk).update(client_id=ACME, state="not_authorized")
    row = lost(known, ninjaone, "POST", RUN, cleanup(known), happened=True)
    assert stands(row) == Status.SUCCEEDED


def test_a_run_is_that_of_the_call_that_ninjaone_took(known: Tenant, ninjaone: Sandbox) -> None:
    row = lost(known, ninjaone, "POST", RUN, cleanup(known), happened=False)
    again_asked = approved_and_sent(known, cleanup(known))
    look_everywhere()
    ended(ninjaone)
    look_everywhere()
    assert effect(again_asked.pk).state == "verified"
    assert effect(again_asked.pk).output
    assert (effect(row.pk).series_uid, effect(row.pk).output, again(row.pk).status) == ("", None, Status.UNKNOWN)


def test_a_run_that_shows_before_its_own_call_was_answered_is_not_a_lost_ones(known: Tenant, ninjaone: Sandbox) -> None:
    row = lost(known, ninjaone, "POST", RUN, cleanup(known), happened=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dispatch, "_send", lambda *_: True)
        sending = approved_and_sent(known, cleanup(known))
    by_hand(ninjaone.acme)
    look_everywhere()
    assert effect(row.pk).series_uid == ""
    Invocation.objects.filter(pk=sending.pk).update(status=Status.SUCCEEDED, lease_until=None)
    ended(ninjaone)
    look_everywhere()
    assert (effect(sending.pk).state, effect(row.pk).series_uid) == ("verified", "")


def test_that_a_device_started_again_does_not_say_why(known: Tenant, ninjaone: Sandbox, world: World) -> None:
    row = lost(known, ninjaone, "POST", REBOOT, ask(known, "ninja-reboot-device", device_id=43), happened=False)
    run = reboot_start(world=world, device=world.devices[43], mode="NORMAL", reason="")
    run.user_id = world.activities[-1]["userId"] = SOMEBODY
    ended(ninjaone)
    assert (stands(row), effect(row.pk).state) == (Status.UNKNOWN, "verified")
    assert "does not say who did that" in effect(row.pk).reason


def test_a_reboot_that_has_ended_when_one_looks_is_still_known_by_its_action(known: Tenant, ninjaone: Sandbox) -> None:
    row = lost(known, ninjaone, "POST", REBOOT, ask(known, "ninja-reboot-device", device_id=43), happened=True)
    ended(ninjaone)
    assert (stands(row), effect(row.pk).state) == (Status.SUCCEEDED, "verified")


def test_of_two_calls_that_both_look_like_it_neither_is_settled(known: Tenant, ninjaone: Sandbox) -> None:
    rows = [lost(known, ninjaone, "POST", RUN, cleanup(known), happened=number == 0) for number in range(2)]
    ended(ninjaone)
    look_everywhere()
    assert {again(row.pk).status for row in rows} == {Status.UNKNOWN}


def test_a_call_that_waits_is_no_rival_before_it_is_sent(known: Tenant, ninjaone: Sandbox) -> None:
    row = lost(known, ninjaone, "POST", RUN, cleanup(known), happened=True)
    approve(known, cleanup(known))
    assert stands(row) == Status.SUCCEEDED


def test_what_was_sent_is_no_rival_of_what_runs_under_another_name(known: Tenant, ninjaone: Sandbox) -> None:
    assert sent(known, "ninja-run-script", device_id=41, script_id=31).status == Status.SUCCEEDED
    row = lost(known, ninjaone, "POST", RUN, cleanup(known), happened=True)
    assert stands(row) == Status.SUCCEEDED
