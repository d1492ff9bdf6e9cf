from __future__ import annotations

import re
import uuid
from typing import Any

import pytest

from integrations.agent_keys import InvalidKeyError, agent_key_authenticate
from integrations.models import Agent, AgentKey, AuditEvent
from tests.cast import Tenant
from tools.registry import TOOLS

AGENTS = "/dashboard/integrations/agent/"


def fields(**changes: Any) -> dict[str, Any]:
    """What the form posts."""
    return {
        "name": "night-bot",
        "owner": "",
        "is_enabled": "on",
        "every_tool": "on",
        "allowed_organizations": "",
        **changes,
    }


def actions(tenant: Tenant) -> list[str]:
    return list(AuditEvent.objects.for_msp(tenant.msp).order_by("number").values_list("action", flat=True))


def test_an_admin_makes_an_agent_of_their_own_msp(acme: Tenant) -> None:
    response = acme.signed_in(acme.admin).post(f"{AGENTS}add/", fields(owner=str(acme.approver.pk)))
    assert response.status_code == 302
    agent = Agent.objects.get(name="night-bot")
    assert (agent.msp, agent.owner) == (acme.msp, acme.approver)
    assert (agent.allowed_tools, agent.allowed_organizations) == (None, None)
    assert actions(acme)[-1] == "agent.created"


def test_limits_are_ticked_and_typed_line_by_line(acme: Tenant) -> None:
    tools = ["ninjaone:ninja-list-devices", "ninjaone:ninja-get-device"]
    posted = fields(every_tool="", allowed_tools=tools, allowed_organizations="2, 7\n2")
    acme.signed_in(acme.admin).post(f"{AGENTS}add/", posted)
    agent = Agent.objects.get(name="night-bot")
    assert agent.allowed_tools == tools
    assert agent.allowed_organizations == [2, 7]
    page = acme.signed_in(acme.admin).get(f"{AGENTS}{agent.pk}/change/").content.decode()
    assert "2\n7</textarea>" in page
    assert re.findall(r'value="([^"]+)"\s+id="id_allowed_tools_\w+" checked', page) == tools
    assert not re.search(r'id="id_every_tool"[^>]*checked', page)


def test_every_tool_and_no_tool_are_not_the_same(acme: Tenant) -> None:
    client = acme.signed_in(acme.admin)
    client.post(f"{AGENTS}add/", fields(name="all", allowed_tools=["ninjaone:ninja-get-device"]))
    client.post(f"{AGENTS}add/", fields(name="none", every_tool=""))
    assert Agent.objects.get(name="all").allowed_tools is None
    assert Agent.objects.get(name="none").allowed_tools == []
    client.post(f"{AGENTS}{Agent.objects.get(name='all').pk}/change/", fields(name="all", every_tool=""))
    assert Agent.objects.get(name="all").allowed_tools == []
    event = AuditEvent.objects.for_msp(acme.msp).get(action="agent.changed")
    assert '"allowed_tools":[]' in event.record


def test_a_page_of_an_agent_offers_every_tool_there_is(acme: Tenant) -> None:
    page = acme.signed_in(acme.admin).get(f"{AGENTS}add/").content.decode()
    assert re.findall(r'name="allowed_tools"\s+value="([^"]+)"', page) == list(TOOLS)
    assert re.search(r'id="id_every_tool"[^>]*checked', page)


@pytest.mark.parametrize(
    "changes",
    [
        {"allowed_organizations": "two"},
        {"allowed_organizations": "0"},
        {"allowed_organizations": "²"},
        {"allowed_organizations": "99999999999"},
        {"allowed_tools": ["ninjaone:ninja-format-disk"]},
        {"name": ""},
        {"name": "helpdesk-bot"},
    ],
)
def test_a_wrong_field_saves_nothing(acme: Tenant, changes: dict[str, str]) -> None:
    response = acme.signed_in(acme.admin).post(f"{AGENTS}add/", fields(**changes))
    assert response.status_code == 200
    assert "errorlist" in response.content.decode()
    assert Agent.objects.for_msp(acme.msp).count() == 1


def test_two_msps_may_use_the_same_name(acme: Tenant, northwind: Tenant) -> None:
    Agent.objects.create(msp=northwind.msp, name="night-bot")
    assert acme.signed_in(acme.admin).post(f"{AGENTS}add/", fields()).status_code == 302


def test_the_owner_is_somebody_of_the_msp(acme: Tenant, northwind: Tenant) -> None:
    client = acme.signed_in(acme.admin)
    page = client.get(f"{AGENTS}add/").content.decode()
    assert str(acme.viewer.pk) in page
    assert str(northwind.viewer.pk) not in page
    assert client.post(f"{AGENTS}add/", fields(owner=str(northwind.viewer.pk))).status_code == 200
    assert not Agent.objects.filter(name="night-bot").exists()


def test_a_tampered_msp_is_ignored(acme: Tenant, northwind: Tenant) -> None:
    acme.signed_in(acme.admin).post(f"{AGENTS}add/", fields(msp=str(northwind.msp.pk), id=str(uuid.uuid4())))
    assert Agent.objects.get(name="night-bot").msp == acme.msp


def test_a_change_is_recorded_with_what_it_was_before(acme: Tenant) -> None:
    posted = fields(name="helpdesk-bot", owner=str(acme.admin.pk))
    del posted["is_enabled"]
    acme.signed_in(acme.admin).post(f"{AGENTS}{acme.agent.pk}/change/", posted)
    assert not Agent.objects.get(pk=acme.agent.pk).is_enabled
    event = AuditEvent.objects.for_msp(acme.msp).get(action="agent.changed")
    assert '"before":{"is_enabled":true}' in event.record
    assert '"values":{"is_enabled":false}' in event.record


def test_a_key_is_shown_once_and_works(acme: Tenant) -> None:
    client = acme.signed_in(acme.admin)
    response = client.post(f"{AGENTS}{acme.agent.pk}/keys/")
    page = response.content.decode()
    match = re.search(r"cs_[A-Za-z0-9]{8}_[A-Za-z0-9_-]{43}", page)
    assert match is not None
    assert f"Authorization: Bearer {match[0]}" in page
    assert "no-store" in response.headers["Cache-Control"]
    assert agent_key_authenticate(authorization=f"Bearer {match[0]}").agent == acme.agent
    assert match[0] not in client.get(f"{AGENTS}{acme.agent.pk}/change/").content.decode()
    assert actions(acme)[-1] == "agent_key.issued"


def test_a_revoked_key_is_refused_at_once(acme: Tenant) -> None:
    client = acme.signed_in(acme.admin)
    url = f"{AGENTS}{acme.agent.pk}/keys/{acme.key.pk}/revoke/"
    assert client.get(url).status_code == 405
    assert client.post(url).status_code == 302
    with pytest.raises(InvalidKeyError):
        acme.principal()
    assert "is revoked" in client.get(f"{AGENTS}{acme.agent.pk}/change/").content.decode()
    client.post(url)
    assert "was revoked before" in client.get(f"{AGENTS}{acme.agent.pk}/change/").content.decode()
    assert actions(acme).count("agent_key.revoked") == 1


@pytest.mark.parametrize("role", ["viewer", "approver"])
def test_others_look_and_change_nothing(acme: Tenant, role: str) -> None:
    client = acme.signed_in(getattr(acme, role))
    page = client.get(f"{AGENTS}{acme.agent.pk}/change/").content.decode()
    assert "helpdesk-bot" in page
    assert "New key" not in page
    assert "Revoke" not in page
    for url in (
        f"{AGENTS}add/",
        f"{AGENTS}{acme.agent.pk}/change/",
        f"{AGENTS}{acme.agent.pk}/keys/",
        f"{AGENTS}{acme.agent.pk}/keys/{acme.key.pk}/revoke/",
        f"{AGENTS}{acme.agent.pk}/delete/",
    ):
        assert client.post(url, fields()).status_code == 403
    assert AgentKey.objects.for_msp(acme.msp).filter(revoked_at=None).count() == 1
    assert Agent.objects.get(pk=acme.agent.pk).name == "helpdesk-bot"


def test_nobody_deletes_an_agent(acme: Tenant) -> None:
    assert acme.signed_in(acme.admin).post(f"{AGENTS}{acme.agent.pk}/delete/", {"post": "yes"}).status_code == 403


def test_a_key_is_revoked_through_its_own_agent_alone(acme: Tenant) -> None:
    other = Agent.objects.create(msp=acme.msp, name="other")
    response = acme.signed_in(acme.admin).post(f"{AGENTS}{other.pk}/keys/{acme.key.pk}/revoke/")
    assert response.status_code == 404
    assert acme.principal().agent == acme.agent
