"""The tool list is what this agent may call, as policy has it now."""

from __future__ import annotations

import json

import pytest

from integrations.audit import Actor
from integrations.models import Agent, Connection
from tests.approvals.rest.calling import Answer, Caller, caller_of
from tests.approvals.rest.one_transaction import acme, northwind
from tests.cast import Tenant
from tools.models import Mode, ToolPolicy
from tools.policy import policies_update
from tools.registry import TOOLS

__all__ = ["acme", "northwind"]

REBOOT = "ninjaone:ninja-reboot-device"


def ids(answer: Answer) -> list[str]:
    return [tool["id"] for tool in answer.body["tools"]]


def set_mode(tenant: Tenant, tool_id: str, mode: Mode) -> None:
    policies_update(connection=tenant.connection, actor=Actor.user(tenant.admin), changes={tool_id: mode})


def test_the_list_holds_all_25_tools_in_the_order_of_the_registry(agent: Caller) -> None:
    answer = agent.get("tools")
    assert answer.status == 200
    assert ids(answer) == list(TOOLS)
    assert len(ids(answer)) == 25


def test_a_tool_shows_its_policy_schema_and_annotations(agent: Caller) -> None:
    tool = agent.get(f"tools/{REBOOT}").body
    assert (tool["id"], tool["name"], tool["policy"]) == (REBOOT, "ninja-reboot-device", "approval_needed")
    assert tool["annotations"] == {"read_only": False, "destructive": True, "idempotent": False}
    assert tool["input_schema"]["additionalProperties"] is False
    assert tool["input_schema"]["required"] == ["device_id"]


def test_the_bare_name_is_the_same_tool(agent: Caller) -> None:
    assert agent.get("tools/ninja-reboot-device").body == agent.get(f"tools/{REBOOT}").body


def test_one_tool_is_what_the_list_says_of_it(agent: Caller) -> None:
    tools = agent.get("tools").body["tools"]
    assert [agent.get(f"tools/{tool['id']}").body for tool in tools] == tools


def test_a_changed_policy_shows_at_once(acme: Tenant, agent: Caller) -> None:
    set_mode(acme, REBOOT, Mode.AUTO)
    assert agent.get(f"tools/{REBOOT}").body["policy"] == "auto"


def test_bash_always_asks_whatever_the_database_says(acme: Tenant, agent: Caller) -> None:
    bash = {"tool": "ninjaone:ninja-run-bash", "mode": Mode.AUTO}
    ToolPolicy.objects.create(msp=acme.msp, connection=acme.connection, **bash)
    assert agent.get("tools/ninja-run-bash").body["policy"] == "approval_needed"


def test_a_disabled_tool_is_absent_and_looks_like_an_unknown_one(acme: Tenant, agent: Caller) -> None:
    set_mode(acme, REBOOT, Mode.DISABLED)
    assert REBOOT not in ids(agent.get("tools"))
    assert_same(agent.get(f"tools/{REBOOT}"), agent.get("tools/ninjaone:no-such-tool"))


def test_a_tool_outside_the_agents_scope_is_absent_and_looks_like_an_unknown_one(acme: Tenant, agent: Caller) -> None:
    Agent.objects.filter(pk=acme.agent.pk).update(allowed_tools=["ninjaone:ninja-get-device"])
    assert ids(agent.get("tools")) == ["ninjaone:ninja-get-device"]
    assert_same(agent.get(f"tools/{REBOOT}"), agent.get("tools/ninjaone:no-such-tool"))


def test_an_agent_allowed_nothing_sees_an_empty_list(acme: Tenant, agent: Caller) -> None:
    Agent.objects.filter(pk=acme.agent.pk).update(allowed_tools=[])
    assert ids(agent.get("tools")) == []


def test_another_msps_policy_changes_nothing_here(acme: Tenant, agent: Caller, stranger: Caller) -> None:
    set_mode(acme, REBOOT, Mode.DISABLED)
    assert REBOOT in ids(stranger.get("tools"))


def test_before_there_is_a_connection_the_list_shows_the_defaults(acme: Tenant) -> None:
    Connection.objects.for_msp(acme.msp).delete()
    tools = caller_of(acme).get("tools").body["tools"]
    assert {tool["id"]: tool["policy"] for tool in tools} == {
        tool.id: tool.default_mode.value for tool in TOOLS.values()
    }


def test_openai_gets_functions(agent: Caller) -> None:
    tools = agent.get("tools?format=openai").body["tools"]
    listed = agent.get("tools").body["tools"]
    assert [tool["type"] for tool in tools] == ["function"] * 25
    assert [tool["function"]["name"] for tool in tools] == [tool["name"] for tool in listed]
    assert [tool["function"]["parameters"] for tool in tools] == [tool["input_schema"] for tool in listed]


def test_anthropic_gets_tools_with_an_input_schema(agent: Caller) -> None:
    tools = agent.get("tools?format=anthropic").body["tools"]
    listed = agent.get("tools").body["tools"]
    assert tools == [{key: tool[key] for key in ("name", "description", "input_schema")} for tool in listed]


def test_one_tool_comes_in_either_shape_too(agent: Caller) -> None:
    assert agent.get("tools/ninja-get-device?format=openai").body["function"]["name"] == "ninja-get-device"


@pytest.mark.parametrize(
    "query", ["format=xml", "format=", "format=json", "format=OpenAI", "formats=openai", "format=openai&format=openai"]
)
def test_any_other_query_is_refused(agent: Caller, query: str) -> None:
    answer = agent.get(f"tools?{query}")
    assert (answer.status, answer.error["code"]) == (422, "invalid_arguments")
    assert answer.error["errors"][0]["field"] == query.partition("=")[0]


def test_the_accept_header_changes_nothing(agent: Caller) -> None:
    assert agent.get("tools", Accept="text/html").body == agent.get("tools").body


def test_the_list_is_small_enough_to_be_one_page(agent: Caller) -> None:
    assert len(json.dumps(agent.get("tools").body)) < 64_000


def assert_same(first: Answer, second: Answer) -> None:
    """Byte by byte, but for the request's own id."""
    texts = [a.response.content.replace(a.body["request_id"].encode(), b"") for a in (first, second)]
    assert (first.status, texts[0]) == (second.status, texts[1])
    assert first.status == 404
