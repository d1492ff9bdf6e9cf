"""The buttons that stop, and the page that lets go on."""

from __future__ import annotations

import pytest
from django.conf import LazySettings
from django.test import Client

from approvals.models import Status
from integrations.models import Agent, Installation, Msp, User
from integrations.ninjaone.sandbox import Sandbox
from tests.approvals.asking import again, ask
from tests.approvals.dashboard.looking import page_url
from tests.cast import Tenant
from tests.integrations.dashboard.attacking import AGENTS, actions, page_of
from tests.integrations.people.signing_in import age

HOME = "/dashboard/"
REASON = {"reason": "It was us."}


@pytest.fixture
def operator(acme: Tenant) -> Client:
    return acme.signed_in(User.objects.create_superuser("root"))


@pytest.mark.parametrize("role", ["approver", "admin"])
def test_one_click_stops_an_agent(acme: Tenant, role: str) -> None:
    client = acme.signed_in(getattr(acme, role))
    assert f"/stop/agent/{acme.agent.pk}/" in page_of(client, f"{AGENTS}{acme.agent.pk}/change/")
    assert client.get(f"{HOME}stop/agent/{acme.agent.pk}/").status_code == 405
    response = client.post(f"{HOME}stop/agent/{acme.agent.pk}/", follow=True)
    assert "Nothing of it is sent any more" in response.content.decode()
    assert "That was stopped before" in client.post(f"{HOME}stop/agent/{acme.agent.pk}/", follow=True).content.decode()
    assert Agent.objects.get(pk=acme.agent.pk).frozen_at is not None
    assert actions(acme).count("agent.frozen") == 1


def test_an_admin_lets_an_agent_go_on_with_a_reason(acme: Tenant) -> None:
    client = acme.signed_in(acme.admin)
    client.post(f"{HOME}stop/agent/{acme.agent.pk}/")
    url = f"{HOME}go-on/agent/{acme.agent.pk}/"
    assert url in page_of(client, f"{AGENTS}{acme.agent.pk}/change/")
    assert "Why may it go on?" in page_of(client, url)
    assert "This field is required" in page_of(client, url, reason=" ")
    assert Agent.objects.get(pk=acme.agent.pk).frozen_at is not None
    assert "may go on" in page_of(client, url, **REASON)
    assert Agent.objects.get(pk=acme.agent.pk).frozen_at is None
    assert actions(acme)[-1] == "agent.unfrozen"


def test_every_page_says_that_the_msp_is_stopped(acme: Tenant, northwind: Tenant) -> None:
    client = acme.signed_in(acme.approver)
    assert "Stop every agent" in page_of(client, HOME)
    client.post(f"{HOME}stop/")
    for url in (HOME, AGENTS, "/dashboard/integrations/"):
        assert "Every agent of Acme MSP is stopped" in page_of(client, url)
        assert "is stopped" not in page_of(northwind.signed_in(northwind.approver), url)
    assert client.post(f"{HOME}go-on/", REASON).status_code == 403
    assert "may go on" in page_of(acme.signed_in(acme.admin), f"{HOME}go-on/", **REASON)
    assert Msp.objects.get(pk=acme.msp.pk).frozen_at is None


def test_the_operator_stops_everything(acme: Tenant, northwind: Tenant, operator: Client) -> None:
    assert "Stop everything" in page_of(operator, HOME)
    page_of(operator, f"{HOME}stop/everything/", post="yes")
    assert "Every agent of every MSP is stopped" in page_of(northwind.signed_in(northwind.viewer), HOME)
    assert "may go on" in page_of(operator, f"{HOME}go-on/everything/", **REASON)
    assert not Installation.objects.filter(frozen_at__isnull=False).exists()


@pytest.mark.parametrize("path", ["go-on/agent/AGENT/", "go-on/", "go-on/everything/"])
def test_going_on_asks_again_who_one_is(acme: Tenant, operator: Client, settings: LazySettings, path: str) -> None:
    settings.STEP_UP_SECONDS = 300
    client = operator if "everything" in path else acme.signed_in(acme.admin)
    client.post(f"{HOME}{path}".replace("go-on", "stop").replace("AGENT", str(acme.agent.pk)))
    age(client, 301)
    response = client.post(f"{HOME}{path}".replace("AGENT", str(acme.agent.pk)), REASON)
    assert "/account/confirm/" in response.headers["Location"]
    frozen = [Agent.objects.exclude(frozen_at=None), Msp.objects.exclude(frozen_at=None)]
    assert any(rows.exists() for rows in frozen) or Installation.objects.exclude(frozen_at=None).exists()


def test_viewers_members_and_strangers_stop_nothing_of_others(acme: Tenant, northwind: Tenant) -> None:
    for client, agent in ((acme.signed_in(acme.viewer), acme), (northwind.signed_in(northwind.admin), acme)):
        assert client.post(f"{HOME}stop/agent/{agent.agent.pk}/").status_code in {403, 404}
        assert client.post(f"{HOME}stop/everything/").status_code == 403
    assert acme.signed_in(acme.viewer).post(f"{HOME}stop/").status_code == 403
    assert not Agent.objects.exclude(frozen_at=None).exists()
    assert not Msp.objects.exclude(frozen_at=None).exists()
    assert not Installation.objects.exclude(frozen_at=None).exists()


def test_a_report_is_one_click_on_the_request(acme: Tenant, ninjaone: Sandbox) -> None:
    row, other = (ask(acme, "ninja-reboot-device", device_id=number) for number in (43, 45))
    client = acme.signed_in(acme.approver)
    assert "Report and stop the agent" in page_of(client, page_url(row))
    assert "Report and stop" not in page_of(acme.signed_in(acme.viewer), page_url(row))
    assert client.get(f"{page_url(row)}report/").status_code == 302
    page = page_of(client, f"{page_url(row)}report/", comment="Odd.")
    assert "Denied, and the agent is stopped. What it had open is cancelled: 1." in page
    assert (again(row.pk).status, again(other.pk).status) == (Status.DENIED, Status.CANCELLED)
    assert "Report and stop" not in page_of(client, page_url(row))
    assert acme.signed_in(acme.viewer).post(f"{page_url(row)}report/").status_code == 403
