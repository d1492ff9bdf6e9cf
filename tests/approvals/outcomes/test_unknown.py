"""A write whose answer was lost is settled by what NinjaOne shows of it; what shows nothing, a person settles."""

from __future__ import annotations

import pytest

from approvals.models import Status
from approvals.sweep import sweep
from integrations.models import AuditEvent
from integrations.ninjaone.sandbox import Sandbox
from integrations.ninjaone.sandbox.world import World
from tests.approvals.asking import again, ask
from tests.approvals.outcomes.looking import effect, ended, look_everywhere, lost
from tests.approvals.outcomes.test_kinds import ALERT, give_up
from tests.cast import Tenant

pytestmark = pytest.mark.usefixtures("at_once")
REBOOT = "/v2/device/43/reboot/NORMAL"
RUN = "/v2/device/43/script/run"
TICKET = "/v2/ticketing/ticket/1014"


def test_a_run_that_ninjaone_shows_did_happen(acme: Tenant, ninjaone: Sandbox) -> None:
    asked = ask(acme, "ninja-run-bash", device_id=43, script="echo once")
    row = lost(acme, ninjaone, "POST", RUN, asked, happened=True)
    ended(ninjaone)
    look_everywhere()
    settled = again(row.pk)
    assert (settled.status, effect(row.pk).state) == (Status.SUCCEEDED, "verified")
    assert settled.note.startswith("Settled by evidence:")
    entry = AuditEvent.objects.for_msp(acme.msp).get(action="invocation.settled")
    assert (entry.actor, entry.subject) == ("system poller", f"invocation {row.pk}")
    assert len(ninjaone.calls("POST", RUN)) == 1


def test_a_run_without_a_nonce_may_be_another_calls_and_leaves_it_to_a_person(acme: Tenant, ninjaone: Sandbox) -> None:
    row = lost(acme, ninjaone, "POST", REBOOT, ask(acme, "ninja-reboot-device", device_id=43), happened=True)
    ended(ninjaone)
    look_everywhere()
    assert (again(row.pk).status, effect(row.pk).state) == (Status.UNKNOWN, "verified")


def test_a_run_that_ninjaone_does_not_show_stays_unknown_for_a_person(acme: Tenant, ninjaone: Sandbox) -> None:
    row = lost(acme, ninjaone, "POST", REBOOT, ask(acme, "ninja-reboot-device", device_id=43), happened=False)
    look_everywhere()
    assert effect(row.pk).is_open
    give_up()
    look_everywhere()
    assert (again(row.pk).status, effect(row.pk).state) == (Status.UNKNOWN, "not_seen")


@pytest.mark.parametrize(("happened", "status"), [(True, Status.UNKNOWN), (False, Status.FAILED)])
def test_a_ticket_shows_by_its_version_whether_it_was_updated(
    acme: Tenant, ninjaone: Sandbox, happened: bool, status: Status
) -> None:
    asked = ask(acme, "ninja-update-ticket", ticket_id=1014, priority="HIGH")
    row = lost(acme, ninjaone, "PUT", TICKET, asked, happened=happened)
    look_everywhere()
    give_up()
    look_everywhere() if not happened else None
    assert again(row.pk).status == status


@pytest.mark.parametrize(("happened", "status"), [(True, Status.UNKNOWN), (False, Status.FAILED)])
def test_an_alert_shows_by_the_list_whether_it_was_dismissed(
    acme: Tenant, ninjaone: Sandbox, happened: bool, status: Status
) -> None:
    asked = ask(acme, "ninja-dismiss-alert", alert_uid=ALERT)
    row = lost(acme, ninjaone, "DELETE", f"/v2/alert/{ALERT}", asked, happened=happened)
    look_everywhere()
    give_up()
    look_everywhere() if not happened else None
    assert again(row.pk).status == status


def test_a_service_that_is_as_wished_may_have_been_so_before(acme: Tenant, ninjaone: Sandbox, world: World) -> None:
    asked = ask(acme, "ninja-control-service", device_id=41, service="Spooler", action="stop")
    path = "/v2/device/41/windows-service/Spooler/control"
    row = lost(acme, ninjaone, "POST", path, asked, happened=False)
    next(each for each in world.devices[41].services if each["name"] == "Spooler")["state"] = "STOPPED"
    look_everywhere()
    assert (effect(row.pk).state, again(row.pk).status) == ("verified", Status.UNKNOWN)


def test_a_call_that_is_still_being_sent_is_left_to_who_sends_it(acme: Tenant, ninjaone: Sandbox) -> None:
    asked = ask(acme, "ninja-run-bash", device_id=43, script="echo once")
    row = lost(acme, ninjaone, "POST", RUN, asked, happened=True)
    ended(ninjaone)
    sweep()
    assert again(row.pk).status == Status.UNKNOWN
    look_everywhere()
    assert again(row.pk).status == Status.SUCCEEDED
