"""Another MSP's rows look, to the byte, like rows that do not exist."""

from __future__ import annotations

import uuid

import pytest

from approvals.models import Invocation
from integrations.agent_keys import agent_key_issue
from integrations.audit import Actor
from integrations.models import Agent
from integrations.ninjaone.sandbox import Sandbox
from tests.approvals.rest.calling import Answer, Caller
from tests.cast import Tenant

SPELLINGS = [
    "00000000-0000-0000-0000-000000000000", "1", "null", "..", "%00", "x" * 500,
    "00000000000000000000000000000000", "{00000000-0000-0000-0000-000000000000}",
    "urn:uuid:00000000-0000-0000-0000-000000000000",
]  # fmt: skip


def text_of(answer: Answer) -> bytes:
    """The answer without the request's own id."""
    assert answer.status == 404
    return answer.response.content.replace(answer.body["request_id"].encode(), b"")


def each_way(caller: Caller, invocation_id: str) -> list[bytes]:
    """Every operation that takes an invocation's id."""
    return [
        text_of(caller.get(f"invocations/{invocation_id}")),
        text_of(caller.get(f"invocations/{invocation_id}?wait=1")),
        text_of(caller.post(f"invocations/{invocation_id}/cancel")),
        text_of(caller.post(f"invocations/{invocation_id}/cancel", {})),
    ]


def test_a_foreign_invocation_is_like_none_for_every_operation(agent: Caller, stranger: Caller) -> None:
    asked = agent.invoke("ninja-reboot-device", {"device_id": 43}).body
    assert each_way(stranger, asked["id"]) == each_way(stranger, str(uuid.uuid4()))
    assert Invocation.objects.get().status == "pending_approval"


def test_another_agents_invocation_of_the_same_msp_is_like_none(acme: Tenant, agent: Caller) -> None:
    asked = agent.invoke("ninja-reboot-device", {"device_id": 43}).body
    other = Agent.objects.create(msp=acme.msp, name="other-bot")
    _, key = agent_key_issue(agent=other, actor=Actor.user(acme.admin))
    assert each_way(Caller(key), asked["id"]) == each_way(Caller(key), str(uuid.uuid4()))


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_malformed_id_is_like_none(agent: Caller, spelling: str) -> None:
    assert each_way(agent, spelling) == each_way(agent, str(uuid.uuid4()))


def test_other_spellings_of_a_real_id_are_like_none(agent: Caller) -> None:
    real = uuid.UUID(agent.invoke("ninja-reboot-device", {"device_id": 43}).body["id"])
    for spelling in (real.hex, f"{{{real}}}", f"urn:uuid:{real}"):
        assert each_way(agent, spelling) == each_way(agent, str(uuid.uuid4()))
    assert agent.get(f"invocations/{str(real).upper()}").status == 200


def test_the_list_holds_no_foreign_row(agent: Caller, stranger: Caller) -> None:
    agent.invoke("ninja-get-device", {"device_id": 43})
    assert stranger.get("invocations").body["invocations"] == []


def test_the_same_device_id_reaches_each_msps_own_device(agent: Caller, stranger: Caller, ninjaone: Sandbox) -> None:
    ours = agent.invoke("ninja-get-device", {"device_id": 43}).body["result"]
    theirs = stranger.invoke("ninja-get-device", {"device_id": 43}).body["result"]
    assert ours["uid"] != theirs["uid"]


def test_me_and_the_tools_are_each_tenants_own(
    acme: Tenant, northwind: Tenant, agent: Caller, stranger: Caller
) -> None:
    assert agent.get("me").body["msp"]["slug"] == "acme"
    assert stranger.get("me").body["msp"]["slug"] == "northwind"
    Agent.objects.filter(pk=acme.agent.pk).update(allowed_tools=[])
    assert (len(agent.get("tools").body["tools"]), len(stranger.get("tools").body["tools"])) == (0, 25)


def test_a_foreign_identical_call_is_not_the_pending_one(agent: Caller, stranger: Caller) -> None:
    ours = agent.invoke("ninja-reboot-device", {"device_id": 43}).body
    theirs = stranger.invoke("ninja-reboot-device", {"device_id": 43})
    assert theirs.header("Idempotent-Replayed") is None
    assert theirs.body["id"] != ours["id"]
