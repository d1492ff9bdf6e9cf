"""Scripts of the library, actions, reboots, services, alerts and tickets, each known by its own reading."""

from __future__ import annotations

from typing import Any

import pytest

from approvals.models import Effect, Invocation, Status
from approvals.outcomes import looking
from integrations.ninjaone.sandbox import Sandbox
from integrations.ninjaone.sandbox.runs import script_start
from integrations.ninjaone.sandbox.world import World
from tests.approvals.asking import again, approved_and_sent, ask
from tests.approvals.dashboard.looking import page_url, text
from tests.approvals.outcomes.looking import bash, effect, ended, look_everywhere
from tests.cast import Tenant

pytestmark = pytest.mark.usefixtures("at_once")

ALERT = "b1c0a0de-52f1-4a49-9f0a-8d5f3f0a0001"
ACTION = "8b8ad7a5-1d5a-4f1d-8f0a-0c8a0f0a0001"


def sent(tenant: Tenant, tool: str, /, **arguments: Any) -> Invocation:
    """A call that was approved and sent."""
    return approved_and_sent(tenant, ask(tenant, tool, **arguments))


def give_up() -> None:
    """The time to be looked for is over, for everything."""
    for each in Effect.objects.filter(closed_at=None):
        Effect.objects.filter(pk=each.pk).update(give_up_at=each.sent_at)


@pytest.mark.parametrize(
    ("script", "state", "words"), [(26, "verified", "3.1 GB"), (31, "failed", "")], ids=["success", "failure"]
)
def test_a_script_of_the_library_is_known_by_its_name_and_time(
    acme: Tenant, ninjaone: Sandbox, script: int, state: str, words: str
) -> None:
    row = sent(acme, "ninja-run-script", device_id=41, script_id=script)
    look_everywhere()
    assert effect(row.pk).state == "submitted"
    assert effect(row.pk).series_uid
    ended(ninjaone)
    look_everywhere()
    found = effect(row.pk)
    assert (found.kind, found.state, found.exit_code) == ("script", state, None)
    assert words in (found.output or "")


@pytest.mark.parametrize(
    ("message", "state", "words"),
    [
        ("Action completed: {} Result: FAILURE Output: Action: {}, Result: Failed\nno", "failed", "FAILURE"),
        ("Action completed: {} Result: SUCCESS Output: Action: {}, Result: Success\nyes", "verified", ""),
        ("Action completed: {}", "not_seen", "does not say whether it succeeded"),
        ("Action completed: {} Output: Result: SUCCESS", "not_seen", "does not say whether it succeeded"),
    ],
)
@pytest.mark.parametrize("missing", [None, ""])
def test_a_verdict_that_is_missing_is_read_in_the_message_and_never_made_up(
    acme: Tenant, ninjaone: Sandbox, world: World, message: str, state: str, words: str, missing: str | None
) -> None:
    row = sent(acme, "ninja-run-script", device_id=41, script_id=26)
    ended(ninjaone)
    name = world.activities[-1]["sourceName"]
    world.activities[-1] |= {"message": message.format(name, name), "activityResult": missing}
    look_everywhere()
    found = effect(row.pk)
    assert (found.state, words in found.reason) == (state, True)


def test_a_built_in_action_is_known_by_its_name(acme: Tenant, ninjaone: Sandbox) -> None:
    row = sent(acme, "ninja-run-script", device_id=41, action_uid=ACTION)
    ended(ninjaone)
    look_everywhere()
    assert (effect(row.pk).source_name, effect(row.pk).state) == ("Run Update Agent", "verified")


def test_the_same_route_by_a_generic_call_is_looked_for_too(acme: Tenant, ninjaone: Sandbox) -> None:
    body = {"type": "SCRIPT", "id": 26, "runAs": "system"}
    row = sent(acme, "ninja-api-post", path="/v2/device/41/script/run", body=body)
    ended(ninjaone)
    look_everywhere()
    assert effect(row.pk).state == "verified"


def test_two_runs_of_one_name_that_cannot_be_told_apart_are_not_guessed(
    acme: Tenant, ninjaone: Sandbox, world: World
) -> None:
    row = sent(acme, "ninja-run-script", device_id=41, script_id=26)
    script_start(world=world, device=world.devices[41], script=world.scripts[26], parameters="")
    look_everywhere()
    assert effect(row.pk).is_open
    ended(ninjaone)
    look_everywhere()
    found = effect(row.pk)
    assert (found.state, found.series_uid) == ("not_seen", "")
    assert "2 runs called Run" in found.reason


def test_who_we_are_tells_our_run_from_another_technicians(acme: Tenant, ninjaone: Sandbox, world: World) -> None:
    bash(acme)
    ended(ninjaone)
    look_everywhere()  # its nonce proves who we are
    row = sent(acme, "ninja-run-script", device_id=41, script_id=26)
    run = script_start(world=world, device=world.devices[41], script=world.scripts[26], parameters="")
    run.user_id, run.output = 13, "theirs"
    world.activities[-1]["userId"] = 13
    ended(ninjaone)
    look_everywhere()
    found = effect(row.pk)
    assert (found.state, "3.1 GB" in (found.output or "")) == ("verified", True)


def test_two_runs_of_ours_on_one_device_have_each_their_own(acme: Tenant, ninjaone: Sandbox) -> None:
    first = sent(acme, "ninja-run-script", device_id=41, script_id=26)
    look_everywhere()
    second = sent(acme, "ninja-run-script", device_id=41, script_id=31)
    ended(ninjaone)
    look_everywhere()
    assert (effect(first.pk).state, effect(second.pk).state) == ("verified", "failed")
    assert effect(first.pk).series_uid != effect(second.pk).series_uid


def test_a_reboot_is_known_by_its_activity(acme: Tenant, ninjaone: Sandbox) -> None:
    row = sent(acme, "ninja-reboot-device", device_id=43)
    look_everywhere()
    assert effect(row.pk).state == "submitted"
    ended(ninjaone)
    look_everywhere()
    assert (effect(row.pk).kind, effect(row.pk).state) == ("reboot", "verified")


def test_what_prints_nothing_by_nature_has_no_part_for_it(acme: Tenant, ninjaone: Sandbox, world: World) -> None:
    reboot, script = sent(acme, "ninja-reboot-device", device_id=41), bash(acme, "true")
    ended(ninjaone)
    # Without the system's word that it came up again, the action is all there is.
    world.activities[:] = [each for each in world.activities if each["statusCode"] != "SYSTEM_REBOOTED"]
    look_everywhere()
    assert (effect(reboot.pk).output, effect(script.pk).output) == ("", "")
    client = acme.signed_in(acme.viewer)
    assert "What it printed" not in text(client, page_url(reboot))
    assert "What it printed" in text(client, page_url(script))


def test_an_action_on_a_service_is_known_by_its_state(acme: Tenant, ninjaone: Sandbox, world: World) -> None:
    row = sent(acme, "ninja-control-service", device_id=41, service="Spooler", action="stop")
    ended(ninjaone)
    service = next(each for each in world.devices[41].services if each["name"] == "Spooler")
    service["state"] = "STOP_PENDING"
    look_everywhere()
    assert effect(row.pk).is_open
    service["state"] = "STOPPED"
    look_everywhere()
    assert (effect(row.pk).state, "STOPPED" in effect(row.pk).reason) == ("verified", True)


def test_a_restart_is_not_believed_before_it_can_have_happened(
    acme: Tenant, ninjaone: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = sent(acme, "ninja-control-service", device_id=41, service="Spooler", action="restart")
    look_everywhere()
    assert effect(row.pk).is_open
    monkeypatch.setattr(looking, "RESTARTED", looking.RESTARTED * 0)
    look_everywhere()
    assert effect(row.pk).state == "verified"


def test_an_alert_is_dismissed_when_it_is_not_in_the_list(acme: Tenant, world: World) -> None:
    row = sent(acme, "ninja-dismiss-alert", alert_uid=ALERT)
    look_everywhere()
    assert effect(row.pk).state == "verified"


def test_an_alert_that_stands_long_after_was_not_dismissed(acme: Tenant, world: World) -> None:
    alert = world.alerts[ALERT]
    row = sent(acme, "ninja-dismiss-alert", alert_uid=ALERT)
    world.alerts[ALERT] = alert
    look_everywhere()
    assert effect(row.pk).is_open
    give_up()
    look_everywhere()
    assert (effect(row.pk).state, again(row.pk).status) == ("not_seen", Status.SUCCEEDED)
    assert "unchanged" in effect(row.pk).reason


def test_a_ticket_is_updated_when_its_version_rose_and_it_has_what_was_sent(acme: Tenant) -> None:
    row = sent(acme, "ninja-update-ticket", ticket_id=1014, priority="HIGH")
    look_everywhere()
    found = effect(row.pk)
    assert (found.state, found.kind) == ("verified", "ticket")


def test_a_ticket_that_somebody_changed_since_proves_nothing(acme: Tenant, world: World) -> None:
    row = sent(acme, "ninja-update-ticket", ticket_id=1014, priority="HIGH")
    world.tickets[1014] |= {"version": world.tickets[1014]["version"] + 1, "priority": "LOW"}
    look_everywhere()
    assert (effect(row.pk).state, "somebody else" in effect(row.pk).reason) == ("not_seen", True)


def test_a_read_and_a_new_ticket_leave_nothing_to_look_for(acme: Tenant) -> None:
    ask(acme, "ninja-get-device", device_id=43)
    ask(acme, "ninja-create-ticket", organization_id=2, ticket_form_id=1, subject="x")
    assert not Effect.objects.exists()


def test_what_ninjaone_refused_is_not_looked_for(acme: Tenant, ninjaone: Sandbox, world: World) -> None:
    row = ask(acme, "ninja-control-service", device_id=41, service="NoSuchService", action="stop")
    approved_and_sent(acme, row)
    assert again(row.pk).status == Status.FAILED
    assert not Effect.objects.exists()
