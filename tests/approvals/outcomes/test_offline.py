"""A device that is away: NinjaOne keeps the call, and the outcome says so for as long as it may still come."""

from __future__ import annotations

import time

import pytest

from approvals.models import Place
from approvals.outcomes import poll
from integrations.ninjaone.sandbox import Sandbox
from integrations.ninjaone.sandbox.world import World
from tests.approvals.outcomes.looking import bash, effect, ended, look_everywhere
from tests.approvals.outcomes.test_kinds import give_up
from tests.cast import Tenant

AWAY = 63
pytestmark = pytest.mark.usefixtures("at_once")


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run should have started at once."""
    monkeypatch.setattr(poll, "SHOULD_HAVE_STARTED", poll.SHOULD_HAVE_STARTED * 0)


def test_it_stays_submitted_with_the_reason_and_nobody_waits(acme: Tenant, ninjaone: Sandbox) -> None:
    row = bash(acme, device_id=AWAY)
    look_everywhere()
    found = effect(row.pk)
    assert (found.state, found.is_offline, found.is_open) == ("submitted", True, True)
    assert "offline" in found.reason
    client = acme.signed_in(acme.viewer)
    before = time.monotonic()
    shown = client.get(f"/api/v1/invocations/{row.pk}?wait=20", **acme.bearer()).json()
    assert time.monotonic() - before < 10
    assert (shown["outcome"]["state"], shown["outcome"]["next"]) == ("submitted", None)
    assert "offline" in shown["message"]


def test_it_stays_submitted_after_its_time_and_is_looked_for_less_often(acme: Tenant, ninjaone: Sandbox) -> None:
    row = bash(acme, device_id=AWAY)
    look_everywhere()
    give_up()
    look_everywhere()
    found, place = effect(row.pk), Place.objects.get()
    assert (found.state, found.is_offline) == ("submitted", True)
    assert place.due_at is not None
    assert place.read_at is not None
    assert place.due_at - place.read_at > poll.OFFLINE_INTERVAL * 0.9


def test_when_it_returns_the_output_arrives(acme: Tenant, ninjaone: Sandbox, world: World) -> None:
    row = bash(acme, "echo late", device_id=AWAY)
    look_everywhere()
    give_up()
    look_everywhere()
    world.devices[AWAY].offline = False
    look_everywhere()
    assert (effect(row.pk).is_offline, effect(row.pk).state) == (False, "submitted")
    ended(ninjaone)
    look_everywhere()
    assert (effect(row.pk).state, effect(row.pk).output) == ("verified", "late\n")


def test_it_is_asked_about_the_device_once_and_not_at_each_look(acme: Tenant, ninjaone: Sandbox) -> None:
    bash(acme, device_id=AWAY)
    asked = len(ninjaone.calls("GET", f"/v2/device/{AWAY}"))
    for _ in range(5):
        look_everywhere()
    assert len(ninjaone.calls("GET", f"/v2/device/{AWAY}")) == asked + 1


def test_after_a_week_it_is_given_up(acme: Tenant, monkeypatch: pytest.MonkeyPatch) -> None:
    row = bash(acme, device_id=AWAY)
    look_everywhere()
    give_up()
    monkeypatch.setattr(poll, "OFFLINE_FOR", poll.OFFLINE_FOR * 0)
    look_everywhere()
    look_everywhere() if effect(row.pk).is_open else None
    assert effect(row.pk).state == "not_seen"
