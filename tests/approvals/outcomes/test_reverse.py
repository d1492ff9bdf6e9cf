"""What our own NinjaOne user does there without a call of ours is an alarm, once, and people see it."""

from __future__ import annotations

from typing import Any

import pytest

from approvals.models import Alarm, Lookout
from approvals.outcomes.reverse import deeds_look, due
from integrations.clock import database_now
from integrations.models import AuditEvent, Connection
from integrations.ninjaone.sandbox import Sandbox
from integrations.ninjaone.sandbox.runs import script_start
from integrations.ninjaone.sandbox.world import World
from tests.approvals.asking import approved_and_sent, ask
from tests.approvals.outcomes.looking import bash, ended, look_everywhere
from tests.cast import Tenant

pytestmark = pytest.mark.usefixtures("at_once")


def looked(tenant: Tenant) -> None:
    """One look at what our user did."""
    now = database_now()
    Lookout.objects.update(next_read_at=now)
    Lookout.objects.exclude(user_id=None).update(due_at=now)
    assert tenant.connection.pk in due(limit=10)
    assert deeds_look(tenant.connection.pk)


@pytest.fixture
def known(acme: Tenant, ninjaone: Sandbox) -> Tenant:
    """A tenant of whom it is known who they are in NinjaOne, and what was there before."""
    bash(acme)
    ended(ninjaone)
    look_everywhere()
    looked(acme)
    assert not Alarm.objects.exists()
    return acme


def theft(world: World, *, device: int = 41, script: int = 26, user: int = 12) -> None:
    """Somebody runs a script with our credentials."""
    run = script_start(world=world, device=world.devices[device], script=world.scripts[script], parameters="")
    run.user_id = user
    world.activities[-1]["userId"] = user


def library_run(tenant: Tenant, ninjaone: Sandbox, world: World, *, by: int | None = None) -> None:
    """A script of the library, sent by a call; NinjaOne says that `by` began it."""
    before = len(world.activities)
    approved_and_sent(tenant, ask(tenant, "ninja-run-script", device_id=41, script_id=26))
    ended(ninjaone)
    for activity in world.activities[before:]:
        activity["userId"] = by or activity.get("userId")
    look_everywhere()


def test_who_we_are_is_learned_from_one_nonce(acme: Tenant, ninjaone: Sandbox, world: World) -> None:
    library_run(acme, ninjaone, world)
    assert Lookout.objects.get().user_id is None
    assert due(limit=10) == []
    bash(acme)
    ended(ninjaone)
    look_everywhere()
    assert Lookout.objects.get().user_id == 12


def test_without_bash_three_runs_in_a_row_that_agree_tell_who_we_are(
    acme: Tenant, ninjaone: Sandbox, world: World
) -> None:
    library_run(acme, ninjaone, world)
    library_run(acme, ninjaone, world)
    assert Lookout.objects.get().user_id is None
    library_run(acme, ninjaone, world)
    assert Lookout.objects.get().user_id == 12
    looked(acme)
    theft(world)
    looked(acme)
    assert Alarm.objects.get().what == "unexplained"


def test_runs_that_do_not_agree_tell_nothing_and_a_proof_sets_a_guess_right(
    acme: Tenant, ninjaone: Sandbox, world: World
) -> None:
    for user in (12, 12, 99, 12, 12):
        library_run(acme, ninjaone, world, by=user)
        assert Lookout.objects.get().user_id is None
    for _ in range(3):
        library_run(acme, ninjaone, world, by=77)
    assert Lookout.objects.get().user_id == 77
    bash(acme)
    ended(ninjaone)
    look_everywhere()
    assert Lookout.objects.get().user_id == 12


def test_a_run_that_no_call_explains_is_an_alarm(known: Tenant, world: World) -> None:
    theft(world)
    looked(known)
    (alarm,) = Alarm.objects.for_msp(known.msp)
    assert (alarm.what, alarm.count) == ("unexplained", 1)
    assert world.devices[41].display_name in alarm.words
    assert AuditEvent.objects.for_msp(known.msp).filter(action="alarm.raised").count() == 1
    looked(known)
    assert Alarm.objects.get().count == 1


def test_what_our_calls_did_is_explained(known: Tenant, ninjaone: Sandbox, world: World) -> None:
    for tool, arguments in (
        ("ninja-run-script", {"device_id": 41, "script_id": 26}),
        ("ninja-reboot-device", {"device_id": 44}),
        ("ninja-control-service", {"device_id": 41, "service": "Spooler", "action": "restart"}),
        ("ninja-run-bash", {"device_id": 43, "script": "echo more"}),
        ("ninja-api-post", {"path": "/v2/device/43/patch/os/scan"}),
        ("ninja-update-ticket", {"ticket_id": 1014, "priority": "HIGH"}),
    ):
        approved_and_sent(known, ask(known, tool, **arguments))
    looked(known)  # before any of them was recognised
    ended(ninjaone)
    look_everywhere()
    looked(known)  # and after
    assert not Alarm.objects.exists()


def test_a_second_run_beside_ours_is_not_explained_by_it(known: Tenant, world: World) -> None:
    approved_and_sent(known, ask(known, "ninja-run-script", device_id=41, script_id=26))
    theft(world)
    looked(known)
    assert Alarm.objects.get().what == "unexplained"


def test_what_other_technicians_do_is_none_of_our_business(known: Tenant, world: World) -> None:
    theft(world, user=13)
    looked(known)
    assert not Alarm.objects.exists()


def test_a_person_at_work_is_one_alarm_and_not_hundreds(known: Tenant, world: World) -> None:
    for _ in range(3):
        theft(world)
        looked(known)
    alarm = Alarm.objects.get()
    assert alarm.count == 3
    actions = list(AuditEvent.objects.for_msp(known.msp).filter(action__startswith="alarm.").values_list("action"))
    assert sorted(actions) == [("alarm.added",), ("alarm.added",), ("alarm.raised",)]


@pytest.mark.parametrize("change", [{"client_id": "another-app"}, {"epoch": 2}], ids=["another-app", "consent"])
def test_with_another_ninjaone_or_consent_we_may_be_somebody_else(
    known: Tenant, world: World, change: dict[str, Any]
) -> None:
    Connection.objects.update(**change)
    theft(world)
    looked(known)
    lookout = Lookout.objects.get()
    assert (lookout.user_id, lookout.last_id, lookout.due_at) == (None, None, None)
    assert not Alarm.objects.exists()


def test_it_stands_on_the_home_page_until_somebody_has_looked(known: Tenant, world: World) -> None:
    theft(world)
    looked(known)
    alarm = Alarm.objects.get()
    url = f"/dashboard/approvals/approvalrequest/alarms/{alarm.pk}/seen/"
    viewer, approver = known.signed_in(known.viewer), known.signed_in(known.approver)
    assert "no call of Countersign explains" in viewer.get("/dashboard/").content.decode()
    assert url not in viewer.get("/dashboard/").content.decode()
    assert viewer.post(url).status_code == 403
    assert approver.get(url).status_code == 302
    assert Alarm.objects.get().seen_at is None
    assert url in approver.get("/dashboard/").content.decode()
    assert approver.post(url).status_code == 302
    assert Alarm.objects.get().seen_at is not None
    assert "no call of Countersign explains" not in approver.get("/dashboard/").content.decode()
    entry = AuditEvent.objects.for_msp(known.msp).get(action="alarm.seen")
    assert entry.actor == "user acme-approver"
    assert approver.post(url).status_code == 404


def test_another_msps_alarm_cannot_be_seen_away(known: Tenant, northwind: Tenant, world: World) -> None:
    theft(world)
    looked(known)
    url = f"/dashboard/approvals/approvalrequest/alarms/{Alarm.objects.get().pk}/seen/"
    assert northwind.signed_in(northwind.approver).post(url).status_code == 404
    assert Alarm.objects.get().seen_at is None


def test_a_run_from_before_the_consent_says_nothing_about_who_we_are_now(acme: Tenant, ninjaone: Sandbox) -> None:
    bash(acme)
    Connection.objects.update(authorized_at=database_now(), epoch=2)
    ended(ninjaone)
    look_everywhere()
    assert Lookout.objects.get().user_id is None
