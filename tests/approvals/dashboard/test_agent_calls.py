"""An agent's page: what it asked for lately, when its keys were used, and how a client is set up."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from django.db import connection
from django.test.utils import CaptureQueriesContext

from approvals.display import agent_calls
from approvals.models import Invocation
from integrations.clock import database_now
from integrations.models import Agent, AgentKey
from tests.approvals.asking import ask, submit
from tests.approvals.dashboard.looking import ACTIVITY
from tests.cast import Tenant

MOST = 12
AGENTS = "/dashboard/integrations/agent/"


def page(tenant: Tenant, user: str = "admin") -> str:
    return tenant.signed_in(getattr(tenant, user)).get(f"{AGENTS}{tenant.agent.pk}/change/").content.decode()


def calls(text: str) -> str:
    return " ".join(text.split('id="calls"', 1)[1].split("</section>", 1)[0].split())


def test_its_newest_calls_and_outcomes_stand_on_its_page_with_the_way_to_all(acme: Tenant) -> None:
    row = ask(acme, "ninja-reboot-device", device_id=43)
    for number in range(1, 7):
        submit(acme, "ninja-list-devices", limit=number)
    for user in ("admin", "viewer"):
        section = calls(page(acme, user))
        assert f'href="{ACTIVITY}?agent={acme.agent.pk}"' in section
        assert "<dd> 6 </dd>" in section
        assert "<dd> 1 </dd>" in section
        assert "Of 7 calls in the last 7 days." in section
        assert section.count("<tr>") == 1 + agent_calls.SHOWN
        assert str(row.pk) not in section


def test_older_calls_are_named_but_not_counted(acme: Tenant) -> None:
    row = ask(acme, "ninja-list-devices", limit=1)
    values = {field.attname: getattr(row, field.attname) for field in Invocation._meta.concrete_fields}
    Invocation.objects.create(**{**values, "id": uuid4(), "created_at": database_now() - timedelta(days=8)})
    assert agent_calls.agent_calls_of(acme.agent).total == 1
    assert len(agent_calls.agent_calls_of(acme.agent).newest) == 2


def test_an_agent_that_never_asked_says_what_to_do(acme: Tenant) -> None:
    assert "It has not asked for anything yet." in calls(page(acme))


def test_calls_of_others_are_not_among_them(acme: Tenant, northwind: Tenant) -> None:
    submit(northwind, "ninja-list-devices", limit=1)
    other = Agent.objects.create(msp=acme.msp, name="other")
    submit(acme, "ninja-list-devices", limit=1)
    assert agent_calls.agent_calls_of(other).newest == []
    assert agent_calls.agent_calls_of(acme.agent).total == 1
    client = northwind.signed_in(northwind.admin)
    assert client.get(f"{AGENTS}{acme.agent.pk}/change/", follow=True).content.count(b"ninja-list-devices") == 0


def test_a_page_costs_no_more_with_more_calls(acme: Tenant) -> None:
    client = acme.signed_in(acme.admin)

    def queries(url: str) -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(url).status_code == 200
        return len(captured)

    urls = [AGENTS, f"{AGENTS}add/", f"{AGENTS}{acme.agent.pk}/change/"]
    submit(acme, "ninja-list-devices", limit=1)
    # The first look also reads what Django keeps from then on.
    before = [queries(url) for url in urls for _ in range(2)][1::2]
    for number in range(2, 8):
        submit(acme, "ninja-list-devices", limit=number)
    assert [queries(url) for url in urls] == before
    assert max(before) <= MOST


def test_the_list_says_when_any_of_its_keys_was_last_used(acme: Tenant) -> None:
    AgentKey.objects.update(last_used_at="2026-03-04T05:06:07Z")
    AgentKey.objects.create(msp=acme.msp, agent=acme.agent, prefix="BBBBBBBB", digest="x" * 64)
    assert "4 Mar 2026, 05:06:07" in acme.signed_in(acme.viewer).get(AGENTS).content.decode()


def test_without_agents_the_list_says_what_one_is(acme: Tenant) -> None:
    Agent.objects.all().delete()
    assert b"Create an agent" in acme.signed_in(acme.admin).get(AGENTS).content
    assert b"An admin of Acme MSP creates agents." in acme.signed_in(acme.viewer).get(AGENTS).content


def test_a_new_agent_leads_on_to_its_key(acme: Tenant) -> None:
    fields = {"name": "night-bot", "owner": "", "is_enabled": "on", "every_tool": "on"}
    answer = acme.signed_in(acme.admin).post(f"{AGENTS}add/", fields, follow=True)
    agent = Agent.objects.get(name="night-bot")
    assert answer.redirect_chain == [(f"{AGENTS}{agent.pk}/change/#content-start", 302)]
    assert b"It has no key yet" in answer.content
    assert b"No key yet." in answer.content


def test_every_snippet_of_a_new_key_holds_its_address_and_the_key(acme: Tenant) -> None:
    text = acme.signed_in(acme.admin).post(f"{AGENTS}{acme.agent.pk}/keys/").content.decode()
    key = text.split('id="agent-key">', 1)[1].split("<", 1)[0]
    for name, place in (
        ("try-read", "http://testserver/api/v1/tools/ninja-list-devices/invoke"),
        ("try-script", "http://testserver/api/v1/tools/ninja-run-bash/invoke"),
        ("try-python", "http://testserver/api/v1/tools/"),
        ("client-claude-code", "http://testserver/mcp"),
        ("client-claude-desktop", "http://testserver/mcp"),
        ("client-generic", "http://testserver/mcp"),
        ("client-python", "http://testserver/mcp"),
        ("client-inspector", "http://testserver/mcp"),
    ):
        snippet = text.split(f'id="{name}">', 1)[1].split("</pre>", 1)[0]
        assert place in snippet, name
        assert key in snippet, name
    for name in ("client-cursor", "client-vscode", "client-codex"):
        assert "http://testserver/mcp" in text.split(f'id="{name}">', 1)[1].split("</pre>", 1)[0]
