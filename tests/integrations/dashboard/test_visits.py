"""An operator looks at a tenant: with a reason, on record, as a viewer, for an hour."""

from __future__ import annotations

import json
import time

import pytest
from django.test import Client

from approvals.models import Status
from integrations.models import Agent, AuditEvent, User
from integrations.ninjaone.sandbox import Sandbox
from integrations.visits import LASTS
from tests.approvals.asking import again, ask
from tests.approvals.dashboard.looking import page_url
from tests.cast import Tenant
from tests.integrations.dashboard.attacking import AGENTS, BASE, TEAM, actions, page_of

REASON = "Support case 4711: empty queue"


@pytest.fixture
def operator(acme: Tenant) -> Client:
    return acme.signed_in(User.objects.create_superuser("root"))


def enter(operator: Client, tenant: Tenant) -> None:
    assert operator.post(f"/dashboard/visit/{tenant.msp.pk}/", {"reason": REASON}).status_code == 302


def looks(tenant: Tenant) -> list[tuple[str, str]]:
    rows = AuditEvent.objects.for_msp(tenant.msp).filter(action="operator.looked").order_by("number")
    data = [json.loads(row.record)["data"] for row in rows]
    return [(one["reason"], one["page"]) for one in data]


def test_without_a_reason_nobody_gets_in(acme: Tenant, operator: Client) -> None:
    assert f"/dashboard/visit/{acme.msp.pk}/" in page_of(operator, f"{BASE}/msp/")
    for reason in ("", "because"):
        assert operator.post(f"/dashboard/visit/{acme.msp.pk}/", {"reason": reason}).status_code == 200
    assert operator.get(AGENTS).status_code == 403
    assert "operator.entered" not in actions(acme)


def test_each_page_that_the_operator_opens_is_in_that_tenants_audit(
    acme: Tenant, northwind: Tenant, operator: Client
) -> None:
    enter(operator, acme)
    page = page_of(operator, AGENTS)
    assert "helpdesk-bot" in page
    assert REASON in page
    operator.get(f"{TEAM}?q=viewer")
    operator.get(AGENTS)
    operator.get("/dashboard/integrations/ninjaone/", headers={"HX-Request": "true"})
    pages = [(REASON, AGENTS), (REASON, f"{TEAM}?q=viewer"), (REASON, "/dashboard/integrations/ninjaone/")]
    assert looks(acme) == pages
    assert looks(northwind) == []
    operator.post("/dashboard/visit/leave/")
    assert [name for name in actions(acme) if name in {"operator.entered", "operator.left"}] == [
        "operator.entered",
        "operator.left",
    ]
    assert operator.get(AGENTS).status_code == 403


def test_the_operator_changes_nothing_of_the_tenant(acme: Tenant, operator: Client, ninjaone: Sandbox) -> None:
    row = ask(acme, "ninja-reboot-device", device_id=43)
    enter(operator, acme)
    posts = {
        f"{AGENTS}{acme.agent.pk}/change/": {"name": "taken", "is_enabled": "on"},
        f"{AGENTS}{acme.agent.pk}/keys/": {},
        f"{page_url(row)}approve/": {"digest": row.digest},
        f"{page_url(row)}report/": {},
        "/dashboard/rules/": {"own_requests_allowed": "on", "time_zone": "UTC"},
        "/dashboard/stop/": {},
        "/dashboard/integrations/ninjaone/disconnect": {},
    }
    for url, posted in posts.items():
        assert operator.post(url, posted).status_code in {403, 404}, url
    assert again(row.pk).status == Status.PENDING_APPROVAL
    assert Agent.objects.get(pk=acme.agent.pk).name == "helpdesk-bot"


def test_a_visit_ends_by_itself(acme: Tenant, operator: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    enter(operator, acme)
    assert operator.get(AGENTS).status_code == 200
    later = time.time() + LASTS + 1
    monkeypatch.setattr(time, "time", lambda: later)
    assert operator.get(AGENTS).status_code == 403


def test_a_visit_leads_to_one_tenant_alone(acme: Tenant, northwind: Tenant, operator: Client) -> None:
    enter(operator, acme)
    assert operator.get(f"{AGENTS}{northwind.agent.pk}/change/").status_code == 404
    assert operator.get("/dashboard/visit/00000000-0000-4000-8000-000000000000/").status_code == 404


def test_members_visit_nobody(acme: Tenant, northwind: Tenant) -> None:
    client = acme.signed_in(acme.admin)
    assert client.post(f"/dashboard/visit/{northwind.msp.pk}/", {"reason": REASON}).status_code == 403
    assert client.post("/dashboard/visit/leave/").status_code == 302
