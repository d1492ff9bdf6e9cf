"""The list of first steps: it knows what is done and what comes next, and goes when all is done or it is put away."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from approvals.display.first_steps import first_steps_of
from integrations.clock import database_now
from integrations.models import Agent, AgentKey, Connection, Membership, Msp, User
from tests.approvals.asking import approve, ask
from tests.cast import Tenant

STEPS = "/dashboard/first-steps/"
PAGES = ["/dashboard/", "/dashboard/integrations/"]


@pytest.fixture
def newcomer(transactional_db: None) -> Membership:
    """The only person of an MSP that has nothing yet."""
    msp = Msp.objects.create(name="Harbour IT", slug="harbour")
    return Membership.objects.create(msp=msp, user=User.objects.create_user("mara"), is_admin=True)


def steps(membership: Membership) -> list[bool]:
    found = first_steps_of(Membership.objects.select_related("msp", "user").get(pk=membership.pk))
    return [] if found is None else [step.is_done for step in found.steps]


def following(membership: Membership) -> str:
    found = first_steps_of(Membership.objects.select_related("msp", "user").get(pk=membership.pk))
    return "" if found is None else found.next.title


def test_each_step_is_done_by_what_there_is(newcomer: Membership) -> None:
    msp = newcomer.msp
    assert steps(newcomer) == [False] * 9
    assert following(newcomer) == "Connect NinjaOne"
    connection = Connection.objects.create(msp=msp, region="sandbox", client_id="x")
    assert following(newcomer) == "Authorize it"
    Connection.objects.update(authorized_at=database_now())
    assert following(newcomer) == "Set the bash runner"
    Connection.objects.update(runner_script_id=146)
    assert following(newcomer) == "Look through the policies"
    Connection.objects.update(policies_reviewed_at=database_now())
    assert following(newcomer) == "Choose who approves"
    Connection.objects.update(policies_reviewed_at=None, policy_version=1)
    assert following(newcomer) == "Choose who approves"
    Membership.objects.update(is_approver=True)
    assert following(newcomer) == "Create an agent"
    agent = Agent.objects.create(msp=msp, name="bot")
    assert following(newcomer) == "Give it a key"
    key = AgentKey.objects.create(msp=msp, agent=agent, prefix="AAAAAAAA", digest="x" * 64)
    assert following(newcomer) == "Make the first call"
    for values in ({"revoked_at": database_now()}, {"revoked_at": None, "expires_at": database_now()}):
        AgentKey.objects.filter(pk=key.pk).update(**values)
        assert following(newcomer) == "Give it a key"
    assert connection.pk


def test_the_list_ends_with_the_first_approval(acme: Tenant) -> None:
    Connection.objects.update(policy_version=1)
    member = Membership.objects.get(user=acme.admin)
    assert following(member) == "Make the first call"
    row = ask(acme, "ninja-reboot-device", device_id=43)
    assert following(member) == "Approve the first request"
    approve(acme, row)
    assert steps(member) == []
    for page in PAGES:
        assert b"First steps" not in acme.signed_in(acme.admin).get(page).content


def test_who_owns_every_agent_is_told_why_nobody_could_approve(newcomer: Membership) -> None:
    Membership.objects.update(is_approver=True)
    Agent.objects.create(msp=newcomer.msp, name="bot", owner=newcomer.user)

    def last() -> Any:
        found = first_steps_of(Membership.objects.select_related("msp").get(pk=newcomer.pk))
        assert found is not None
        return found.steps[-1]

    assert "owners do not decide" in last().why
    assert last().url == "/dashboard/rules/"
    Msp.objects.update(own_requests_allowed=True)
    assert "owners do not decide" not in last().why
    Msp.objects.update(own_requests_allowed=False)
    other = User.objects.create_user("tom")
    Membership.objects.create(msp=newcomer.msp, user=other, is_approver=True)
    assert "owners do not decide" not in last().why
    User.objects.filter(pk=other.pk).update(is_active=False)
    assert "owners do not decide" in last().why


def test_an_admin_among_several_is_not_sent_where_nobody_promotes_themselves(newcomer: Membership) -> None:
    def link() -> str:
        found = first_steps_of(Membership.objects.select_related("msp").get(pk=newcomer.pk))
        assert found is not None
        return found.steps[4].url

    assert link() == f"/dashboard/integrations/membership/{newcomer.pk}/change/"
    other = User.objects.create_user("second-admin")
    Membership.objects.create(msp=newcomer.msp, user=other, is_admin=True)
    assert link() == "/dashboard/integrations/membership/"
    User.objects.filter(pk=other.pk).update(is_active=False)
    assert link() == f"/dashboard/integrations/membership/{newcomer.pk}/change/"


def test_home_and_integrations_show_it_to_admins_alone(acme: Tenant) -> None:
    for page in PAGES:
        text = acme.signed_in(acme.admin).get(page).content.decode()
        assert "First steps" in text
        assert text.count('aria-current="step"') == 1
        for other in (acme.approver, acme.viewer):
            assert b"First steps" not in acme.signed_in(other).get(page).content


def test_every_link_of_it_leads_to_a_page(newcomer: Membership, client: Any) -> None:
    client.force_login(newcomer.user)
    text = client.get("/dashboard/").content.decode()
    section = text.split('id="first-steps-head"', 1)[1].split("</section>", 1)[0]
    links = re.findall(r'href="([^"#]+)', section)
    assert len(links) == 9
    for link in links:
        assert client.get(link).status_code == 200, link


def test_it_is_put_away_by_each_admin_for_themselves_and_found_again(acme: Tenant) -> None:
    other = User.objects.create_user("second-admin")
    Membership.objects.create(msp=acme.msp, user=other, is_admin=True)
    client = acme.signed_in(acme.admin)
    assert b"put away" in client.post(STEPS, follow=True).content
    assert b"First steps" not in client.get("/dashboard/").content.replace(b"The first steps", b"")
    assert b"First steps" in acme.signed_in(other).get("/dashboard/").content
    assert b"Show the first steps again" in client.get("/dashboard/integrations/").content
    client.post(STEPS, {"show": "yes"})
    assert b"First steps" in client.get("/dashboard/").content


@pytest.mark.parametrize("role", ["viewer", "approver"])
def test_others_cannot_put_anything_away(acme: Tenant, role: str) -> None:
    assert acme.signed_in(getattr(acme, role)).post(STEPS).status_code == 403
    assert not Membership.objects.exclude(steps_hidden_at=None).exists()


def test_another_msps_rows_do_no_step(newcomer: Membership, acme: Tenant) -> None:
    ask(acme, "ninja-list-devices", limit=1)
    assert steps(newcomer) == [False] * 9


def test_it_costs_one_query(acme: Tenant, django_assert_num_queries: Any) -> None:
    member = Membership.objects.select_related("msp").get(user=acme.admin)
    with django_assert_num_queries(1):
        first_steps_of(member)
    member.steps_hidden_at = database_now() - timedelta(days=1)
    with django_assert_num_queries(0):
        assert first_steps_of(member) is None
