"""The Idempotency-Key header."""

from __future__ import annotations

import pytest

from approvals.models import IdempotencyKey, Invocation
from integrations.ninjaone.sandbox import Sandbox
from tests.approvals.asking import again, deny
from tests.approvals.rest.calling import Caller
from tests.cast import Tenant

TICKET = {"organization_id": 2, "ticket_form_id": 1, "subject": "Once"}


def test_the_same_call_with_the_same_key_is_the_same_invocation(agent: Caller, ninjaone: Sandbox) -> None:
    first = agent.invoke("ninja-create-ticket", TICKET, key="a1")
    second = agent.invoke("ninja-create-ticket", TICKET, key="a1")
    assert (first.status, second.status) == (200, 200)
    assert second.body == first.body
    assert (first.header("Idempotent-Replayed"), second.header("Idempotent-Replayed")) == (None, "true")
    assert len(ninjaone.calls("POST", "/v2/ticketing/ticket")) == 1


def test_another_call_with_the_same_key_is_a_conflict(agent: Caller, ninjaone: Sandbox) -> None:
    agent.invoke("ninja-create-ticket", TICKET, key="a1")
    answer = agent.invoke("ninja-create-ticket", {**TICKET, "subject": "Twice"}, key="a1")
    assert (answer.status, answer.error["code"]) == (409, "idempotency_mismatch")
    assert len(ninjaone.calls("POST", "/v2/ticketing/ticket")) == 1


def test_two_agents_may_use_the_same_key(agent: Caller, stranger: Caller) -> None:
    first = agent.invoke("ninja-get-device", {"device_id": 43}, key="a1")
    other = stranger.invoke("ninja-list-organizations", key="a1")
    assert (first.status, other.status) == (200, 200)
    assert other.header("Idempotent-Replayed") is None


def test_a_replay_tells_where_the_invocation_stands_now(acme: Tenant, agent: Caller) -> None:
    asked = agent.invoke("ninja-reboot-device", {"device_id": 43}, key="a1")
    deny(acme, again(asked.body["id"]))
    replay = agent.invoke("ninja-reboot-device", {"device_id": 43}, key="a1")
    assert (replay.status, replay.body["status"], replay.body["id"]) == (200, "denied", asked.body["id"])
    assert replay.header("Location") is None


def test_a_refused_call_leaves_its_key_free(agent: Caller) -> None:
    assert agent.invoke("ninja-get-device", {}, key="a1").status == 422
    assert agent.invoke("ninja-get-device", {"device_id": 43}, key="a1").header("Idempotent-Replayed") is None


@pytest.mark.parametrize("key", ["x", "k" * 255, "~ !@#", "550e8400-e29b-41d4-a716-446655440000"])
def test_any_printable_key_of_255_characters_is_taken(agent: Caller, key: str) -> None:
    assert agent.invoke("ninja-get-device", {"device_id": 43}, key=key).status == 200
    assert IdempotencyKey.objects.get().key == key


@pytest.mark.parametrize("key", ["", "k" * 256, "caf\xe9", "a\tb", "a\x00b"])
def test_any_other_key_is_refused_and_nothing_is_stored(agent: Caller, key: str) -> None:
    answer = agent.invoke("ninja-get-device", {"device_id": 43}, key=key)
    assert (answer.status, answer.error["code"]) == (422, "invalid_arguments")
    assert answer.error["errors"][0]["field"] == "Idempotency-Key"
    assert not Invocation.objects.exists()
