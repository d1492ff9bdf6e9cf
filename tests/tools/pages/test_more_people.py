"""Where another tool's number of people holds for a tool, the table and the preview say so, and whose it is."""

from __future__ import annotations

import pytest

from integrations.audit import Actor
from integrations.models import Connection
from tests.cast import Tenant
from tests.tools.pages.addresses import DETAIL, PREVIEW
from tools.answers import RAW
from tools.calls import Call
from tools.catalogue import CATALOGUE, Route
from tools.models import Mode
from tools.policy import asking_more, people_needed, policies_of, policies_update
from tools.registry import TOOLS

SCRIPT, BASH = "ninjaone:ninja-run-script", "ninjaone:ninja-run-bash"
REBOOT, POST = "ninjaone:ninja-reboot-device", "ninjaone:ninja-api-post"
AS_SCRIPT = "In force: 2, as for Run script"
AS_REBOOT = "2 for what these do: Reboot device"


def ask(tenant: Tenant, modes: dict[str, Mode] | None = None, **needed: int) -> None:
    """Sets how many people the tools ask for, by their constants' names."""
    approvals = {globals()[name]: number for name, number in needed.items()}
    actor = Actor("user", "1", "anna")
    policies_update(connection=tenant.connection, actor=actor, changes=modes or {}, approvals=approvals)


def line(tenant: Tenant, tool: str, user: str = "admin") -> str:
    """The tool's line in the table."""
    page = tenant.signed_in(getattr(tenant, user)).get(DETAIL).content.decode()
    return page.split(f">{tool.partition(':')[2]}</div>", 1)[1].split("</tr>", 1)[0]


@pytest.mark.parametrize("user", ["admin", "viewer"])
def test_a_tool_that_obeys_another_shows_the_others_number_where_it_is_higher(acme: Tenant, user: str) -> None:
    assert "2, as for" not in line(acme, BASH, user)
    ask(acme, SCRIPT=2)
    assert AS_SCRIPT in line(acme, BASH, user)
    assert "2, as for" not in line(acme, SCRIPT, user)
    ask(acme, BASH=2)
    assert "2, as for" not in line(acme, BASH, user)


def test_a_tool_that_runs_by_itself_asks_nobody(acme: Tenant) -> None:
    ask(acme, SCRIPT=2)
    ask(acme, {SCRIPT: Mode.AUTO})
    assert "2, as for" not in line(acme, BASH)


def test_a_generic_tool_says_which_of_its_calls_need_more(acme: Tenant) -> None:
    ask(acme, REBOOT=2)
    assert AS_REBOOT in line(acme, POST)
    assert "2 for what" not in line(acme, "ninjaone:ninja-api-put")


def test_what_is_said_is_what_the_gate_asks(acme: Tenant) -> None:
    generic = {tool.name.rpartition("-")[2].upper(): tool for tool in TOOLS.values() if tool.is_generic}
    ours = [route for route in CATALOGUE if route.tool is not None]
    assert {route.method for route in ours} >= {"GET", "POST", "DELETE"}
    for name in {route.tool for route in ours}:
        ask_one(acme, str(name))
        policies = policies_of(Connection.objects.get(pk=acme.connection.pk))
        for route in ours:
            tool = generic[route.method]
            said = TOOLS[str(name)] in asking_more(tool, policies=policies) and route.tool == name
            assert (people_needed(tool, policies=policies, call=a_call(route)) == 2) is said, route
        ask_one(acme, str(name), people=1)


def a_call(route: Route) -> Call:
    path = route.template.replace("{}", "43")
    return Call(method=route.method, path=path, query=(), body=None, answer=RAW)


def ask_one(tenant: Tenant, tool: str, people: int = 2) -> None:
    actor = Actor("user", "1", "anna")
    changes = {tool: Mode.APPROVAL_NEEDED}
    policies_update(connection=tenant.connection, actor=actor, changes=changes, approvals={tool: people})


def test_the_preview_does_not_promise_one_person_where_two_stay(acme: Tenant) -> None:
    ask(acme, SCRIPT=2, BASH=2)
    version = str(Connection.objects.values_list("policy_version", flat=True).get())
    fields = {"policy_version": version, "approvals-ninja-run-bash": "1"}
    page = acme.signed_in(acme.admin).post(PREVIEW, fields, follow=True).content.decode()
    assert "Two people must approve each call." in page
    assert AS_SCRIPT in page
    both = {**fields, "approvals-ninja-run-script": "1"}
    page = acme.signed_in(acme.admin).post(PREVIEW, both, follow=True).content.decode()
    assert page.count("One person must approve each call, no longer two.") == 2
    assert AS_SCRIPT not in page
