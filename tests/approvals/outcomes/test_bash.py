"""What a bash script printed and how it ended, read out of NinjaOne's activities."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest

from approvals.models import Alarm, Effect, Place, Status
from approvals.outcomes.poll import place_look
from integrations.models import AuditEvent
from integrations.ninjaone.sandbox import Sandbox
from integrations.ninjaone.sandbox.runs import Run, script_start
from integrations.ninjaone.sandbox.world import World
from tests.approvals.asking import again
from tests.approvals.outcomes.looking import bash, effect, ended, look_everywhere, make_due
from tests.cast import Tenant

pytestmark = pytest.mark.usefixtures("at_once")


def run_of(world: World) -> Run:
    """The run that is under way."""
    (run,) = world.runs
    return run


def foreign_run(world: World, *, user_id: int = 13, output: str = "theirs\n", result: str = "SUCCESS") -> None:
    """Somebody runs the bash runner on the same device at the same moment."""
    script = world.scripts[146]
    run = script_start(world=world, device=world.devices[43], script=script, parameters="")
    run.output, run.result, run.user_id = output, result, user_id
    world.activities[-1]["userId"] = user_id


def test_it_is_submitted_then_running_then_verified(acme: Tenant, ninjaone: Sandbox, world: World) -> None:
    row = bash(acme, "echo hello\necho again")
    assert (effect(row.pk).state, effect(row.pk).kind) == ("submitted", "bash")
    look_everywhere()
    assert effect(row.pk).state == "submitted"
    run = run_of(world)
    run.steps[0] = (0.0, run.steps[0][1])
    look_everywhere()
    assert effect(row.pk).state == "running"
    ended(ninjaone)
    look_everywhere()
    found = effect(row.pk)
    assert (found.state, found.exit_code, found.output) == ("verified", 0, "hello\nagain\n")
    assert found.ran_sha256 == found.wanted == hashlib.sha256(b"echo hello\necho again").hexdigest()
    assert found.started_at is not None
    assert found.ended_at is not None
    assert found.closed_at is not None
    assert (found.reason, found.is_truncated) == ("", False)
    assert not Place.objects.exclude(due_at=None).exists()


def test_it_is_found_where_ids_have_more_bits_than_ninjaones_parameter_takes(
    acme: Tenant, ninjaone: Sandbox, world: World
) -> None:
    world.activity_add(kind="SYSTEM", code="NODE_UPDATED", message="Before.", device=world.devices[43])["id"] = 2**32
    row = bash(acme, "echo hello")
    assert effect(row.pk).after_id == 2**32
    ended(ninjaone)
    look_everywhere()
    assert (effect(row.pk).state, effect(row.pk).output) == ("verified", "hello\n")


def test_an_exit_code_other_than_zero_has_failed(acme: Tenant, ninjaone: Sandbox) -> None:
    row = bash(acme, "echo before\nexit 3")
    ended(ninjaone)
    look_everywhere()
    found = effect(row.pk)
    assert (found.state, found.exit_code, found.output) == ("failed", 3, "before\n")
    assert "exit code 3" in found.reason
    assert again(row.pk).status == Status.SUCCEEDED  # NinjaOne accepted it


@pytest.mark.parametrize(("end", "state"), [("true", "verified"), ("exit 4", "failed")])
def test_what_ninjaone_cuts_off_is_said_to_be_cut_off(acme: Tenant, ninjaone: Sandbox, end: str, state: str) -> None:
    row = bash(acme, "\n".join(["echo " + "x" * 99] * 200 + [end]))
    ended(ninjaone)
    look_everywhere()
    found = effect(row.pk)
    assert (found.state, found.exit_code, found.is_truncated) == (state, None, True)
    assert found.output is not None
    assert 9_000 < len(found.output) < 10_000
    assert "10,000" in found.reason


def test_an_end_that_was_never_reported_has_failed(acme: Tenant, ninjaone: Sandbox, world: World) -> None:
    row = bash(acme)
    run = run_of(world)
    run.output = run.output.partition("\n[countersign")[0]
    ended(ninjaone)
    look_everywhere()
    found = effect(row.pk)
    assert (found.state, found.exit_code, found.is_truncated) == ("failed", None, False)
    assert "its end was not reported" in found.reason


@pytest.mark.parametrize(("result", "state"), [("SUCCESS", "not_seen"), ("FAILURE", "failed")])
def test_an_output_without_marks_proves_nothing(
    acme: Tenant, ninjaone: Sandbox, world: World, result: str, state: str
) -> None:
    row = bash(acme)
    run_of(world).output, run_of(world).result = "The filename or extension is too long.", result
    ended(ninjaone)
    look_everywhere()
    found = effect(row.pk)
    assert (found.state, found.exit_code, found.ran_sha256) == (state, None, "")
    assert "none of the marks" in found.reason


def test_a_foreign_run_at_the_same_second_is_not_taken_for_ours(acme: Tenant, ninjaone: Sandbox, world: World) -> None:
    row = bash(acme, "echo ours")
    foreign_run(world)
    ended(ninjaone)
    look_everywhere()
    found = effect(row.pk)
    assert (found.state, found.output) == ("verified", "ours\n")


def test_a_foreign_run_that_ends_first_is_not_taken_for_ours(acme: Tenant, ninjaone: Sandbox, world: World) -> None:
    row = bash(acme, "echo ours")
    ours = world.runs.pop()
    foreign_run(world)
    ended(ninjaone)
    look_everywhere()
    assert effect(row.pk).is_open
    world.runs.append(ours)
    ended(ninjaone)
    look_everywhere()
    assert effect(row.pk).output == "ours\n"


def test_marks_that_an_earlier_run_had_are_not_ours(acme: Tenant, ninjaone: Sandbox, world: World) -> None:
    first = bash(acme, "echo one")
    marks = run_of(world).output
    ended(ninjaone)
    look_everywhere()
    second = bash(acme, "echo two")
    run_of(world).output = marks
    ended(ninjaone)
    look_everywhere()
    assert effect(first.pk).state == "verified"
    assert effect(second.pk).state == "not_seen"


def test_other_bytes_than_approved_are_an_alarm(acme: Tenant, ninjaone: Sandbox, world: World) -> None:
    row = bash(acme)
    ran = "f" * 64
    run_of(world).output = run_of(world).output.replace(effect(row.pk).wanted, ran)
    ended(ninjaone)
    look_everywhere()
    found = effect(row.pk)
    assert (found.state, found.ran_sha256) == ("different", ran)
    (alarm,) = Alarm.objects.for_msp(acme.msp)
    assert (alarm.what, alarm.invocation_id) == ("different", row.pk)
    assert ran in alarm.words
    actions = set(AuditEvent.objects.for_msp(acme.msp).values_list("action", flat=True))
    assert {"outcome.different", "alarm.raised"} <= actions


def test_marks_that_stand_there_twice_are_an_alarm(acme: Tenant, ninjaone: Sandbox, world: World) -> None:
    row = bash(acme)
    run_of(world).output += f"[countersign {effect(row.pk).nonce} ended exit=0]"
    ended(ninjaone)
    look_everywhere()
    assert effect(row.pk).state == "different"
    assert "more than once" in effect(row.pk).reason


def test_a_device_that_cannot_compute_a_hash_says_so(acme: Tenant, ninjaone: Sandbox, world: World) -> None:
    row = bash(acme)
    run_of(world).output = run_of(world).output.replace(effect(row.pk).wanted, "none")
    ended(ninjaone)
    look_everywhere()
    found = effect(row.pk)
    assert (found.state, found.exit_code, found.ran_sha256) == ("verified", 0, "")
    assert "not proven" in found.reason


@pytest.mark.parametrize(("code", "words"), [("CANCELLED", "cancelled"), ("BLOCKED", "blocked")])
def test_what_was_cancelled_or_blocked_in_ninjaone_has_failed(
    acme: Tenant, ninjaone: Sandbox, world: World, code: str, words: str
) -> None:
    row = bash(acme)
    ended(ninjaone)
    world.activities[-1] |= {"statusCode": code, "message": f"Action {words}", "activityResult": ""}
    look_everywhere()
    found = effect(row.pk)
    assert (found.state, words in found.reason) == ("failed", True)


def test_nothing_seen_is_said_when_the_time_is_over(acme: Tenant, ninjaone: Sandbox, world: World) -> None:
    row = bash(acme)
    world.runs.clear()
    world.activities = [each for each in world.activities if each["activityType"] != "ACTION"]
    look_everywhere()
    assert effect(row.pk).is_open
    Effect.objects.update(give_up_at=effect(row.pk).sent_at)
    look_everywhere()
    assert effect(row.pk).state == "not_seen"


def test_what_is_found_is_on_record_once(acme: Tenant, ninjaone: Sandbox) -> None:
    row = bash(acme)
    ended(ninjaone)
    look_everywhere()
    place = Place.objects.get()
    Place.objects.update(due_at=place.read_at)
    make_due()
    assert place_look(place.pk)
    entries = AuditEvent.objects.for_msp(acme.msp).filter(action="outcome.verified")
    assert [(entry.actor, entry.subject) for entry in entries] == [("system poller", f"invocation {row.pk}")]


def test_the_nonce_is_nowhere_where_the_agent_can_read_before_the_run_is_over(acme: Tenant) -> None:
    row = bash(acme)
    nonce = effect(row.pk).nonce
    assert len(nonce) == 32
    client: Any = acme.signed_in(acme.viewer)
    for path in (f"/api/v1/invocations/{row.pk}", "/api/v1/invocations", "/api/v1/tools/ninja-run-bash"):
        assert nonce not in client.get(path, **acme.bearer()).content.decode()
