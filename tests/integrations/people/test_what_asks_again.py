"""What an open browser alone does not do: each of these POSTs, with a proof of more than five minutes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.conf import LazySettings
from django.test import Client

from approvals.models import Invocation, Status
from integrations.models import Agent, AgentKey, Membership, Msp, User
from tests.approvals.asking import ask
from tests.cast import PASSWORD, Tenant
from tests.integrations.people.signing_in import age

CONFIRM = "/dashboard/account/confirm/"
REQUESTS = "/dashboard/approvals/approvalrequest/"
DETAIL = "/dashboard/integrations/ninjaone/"
TEAM = "/dashboard/integrations/membership/"
GRAVE: list[tuple[str, dict[str, object]]] = [
    ("ninja-run-bash", {"device_id": 43, "script": "uptime"}),
    ("ninja-run-script", {"device_id": 41, "script_id": 26}),
    ("ninja-api-post", {"path": "/v2/device/43/reboot/NORMAL", "body": {"reason": "hung"}}),
]


@pytest.fixture(autouse=True)
def _five_minutes(settings: LazySettings) -> None:
    settings.STEP_UP_SECONDS = 300


def stale(tenant: Tenant, user: User) -> Client:
    client = tenant.signed_in(user)
    age(client, 301)
    return client


def confirmed(client: Client, back: str) -> None:
    answer = client.post(f"{CONFIRM}password/?next={back}", {"password": PASSWORD})
    assert (answer.status_code, answer["Location"]) == (302, back)


def test_an_open_browser_decides_no_script_and_no_generic_write(acme: Tenant) -> None:
    rows = [ask(acme, tool, **arguments) for tool, arguments in GRAVE]
    client = stale(acme, acme.approver)
    for row in rows:
        page = f"{REQUESTS}{row.pk}/"
        content = client.get(page).content.decode()
        assert "Confirm that it is you" in content
        assert "Approve exactly this" not in content
        deny = {"digest": row.digest, "reason_code": "wrong_time"}
        for verb, fields in (("approve", {"digest": row.digest}), ("deny", deny)):
            assert client.post(f"{page}{verb}/", fields)["Location"].startswith(CONFIRM)
        row.refresh_from_db()
        assert row.status == Status.PENDING_APPROVAL
    confirmed(client, f"{REQUESTS}{rows[0].pk}/")
    assert "Approve exactly this" in client.get(f"{REQUESTS}{rows[0].pk}/").content.decode()
    client.post(f"{REQUESTS}{rows[0].pk}/approve/", {"digest": rows[0].digest})
    assert Invocation.objects.get(pk=rows[0].pk).status == Status.QUEUED


def test_a_reboot_is_decided_without_a_second_question(acme: Tenant) -> None:
    row = ask(acme, "ninja-reboot-device", device_id=43)
    stale(acme, acme.approver).post(f"{REQUESTS}{row.pk}/approve/", {"digest": row.digest})
    row.refresh_from_db()
    assert row.status == Status.QUEUED


def test_a_foreign_script_is_as_absent_as_one_that_does_not_exist(acme: Tenant, northwind: Tenant) -> None:
    row = ask(northwind, "ninja-run-bash", device_id=43, script="uptime")
    assert stale(acme, acme.approver).post(f"{REQUESTS}{row.pk}/approve/", {"digest": row.digest}).status_code == 404


def test_an_open_browser_changes_no_policy_runner_credential_member_agent_or_key(acme: Tenant) -> None:
    member = Membership.objects.get(user=acme.viewer)
    posts: dict[str, dict[str, str]] = {
        f"{DETAIL}policies": {},
        f"{DETAIL}policies/reviewed": {},
        f"{DETAIL}runner": {"script_id": "1"},
        f"{DETAIL}runner/remove": {},
        f"{DETAIL}connection": {"region": "us"},
        f"{DETAIL}disconnect": {},
        f"{DETAIL}authorize": {},
        "/dashboard/rules/": {"time_zone": "UTC", "own_requests_allowed": "on"},
        f"{TEAM}{member.pk}/change/": {"is_admin": "on"},
        f"{TEAM}{member.pk}/delete/": {"post": "yes"},
        f"/dashboard/integrations/agent/{acme.agent.pk}/keys/": {},
        f"/dashboard/integrations/agent/{acme.agent.pk}/change/": {"name": acme.agent.name, "every_tool": "on"},
        "/dashboard/integrations/agent/add/": {"name": "night-bot", "every_tool": "on"},
    }
    Agent.objects.filter(pk=acme.agent.pk).update(allowed_organizations=[2])
    client = stale(acme, acme.admin)
    before = state(acme)
    for url, fields in posts.items():
        assert client.post(url, fields)["Location"].startswith(CONFIRM), url
    assert state(acme) == before
    confirmed(client, DETAIL)
    assert client.post(f"{TEAM}{member.pk}/change/", {"is_admin": "on"})["Location"] == TEAM
    assert Membership.objects.get(user=acme.viewer).is_admin


def test_a_key_is_revoked_without_a_question(acme: Tenant) -> None:
    url = f"/dashboard/integrations/agent/{acme.agent.pk}/keys/{acme.key.pk}/revoke/"
    stale(acme, acme.admin).post(url)
    assert AgentKey.objects.get(pk=acme.key.pk).revoked_at is not None


def test_an_open_browser_of_the_operator_changes_no_account_password_or_msp(acme: Tenant) -> None:
    root = User.objects.create_superuser("root", password=PASSWORD)
    client = stale(acme, root)
    users = "/dashboard/integrations/user/"
    for url in (
        f"{users}add/",
        f"{users}{acme.viewer.pk}/change/",
        f"{users}{acme.viewer.pk}/password/",
        "/dashboard/integrations/msp/add/",
    ):
        assert client.post(url, {})["Location"].startswith(CONFIRM), url


def state(tenant: Tenant) -> tuple[object, ...]:
    """What the posts would change."""
    tenant.connection.refresh_from_db()
    tables: list[Callable[[], int]] = [User.objects.count, AgentKey.objects.count, Agent.objects.count]
    return (
        tenant.connection.runner_script_id,
        tenant.connection.policy_version,
        tenant.connection.state,
        tenant.connection.region,
        *Agent.objects.order_by("pk").values_list("name", "owner", "allowed_tools", "allowed_organizations"),
        sorted(Membership.objects.values_list("user__username", "is_admin", "is_approver")),
        *(count() for count in tables),
        Msp.objects.count(),
    )
