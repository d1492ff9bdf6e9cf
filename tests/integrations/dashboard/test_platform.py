from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from integrations.models import AuditEvent, Msp, User
from tests.cast import Tenant

BASE = "/dashboard/integrations"


@pytest.fixture
def operator(db: None) -> Client:
    """Somebody who operates the platform and belongs to no MSP."""
    client = Client()
    client.force_login(User.objects.create_superuser("root", password="x"))
    return client


def test_the_operator_makes_msps_on_record(operator: Client) -> None:
    posted = {"name": "New MSP", "slug": "new", "time_zone": "UTC"}
    assert operator.post(f"{BASE}/msp/add/", posted).status_code == 302
    msp = Msp.objects.get(slug="new")
    assert operator.post(f"{BASE}/msp/{msp.pk}/change/", {**posted, "name": "Newer"}).status_code == 302
    actions = AuditEvent.objects.for_msp(msp).order_by("number").values_list("action", flat=True)
    assert list(actions) == ["msp.created", "msp.changed"]
    assert not LogEntry.objects.exists()


def test_a_time_zone_must_exist(operator: Client) -> None:
    response = operator.post(f"{BASE}/msp/add/", {"name": "N", "slug": "n", "time_zone": "No/Where"})
    assert response.status_code == 200
    assert "No/Where" in response.content.decode()
    assert not Msp.objects.exists()


def test_the_operator_makes_accounts(operator: Client) -> None:
    posted = {"username": "erin", "password1": "a long enough secret", "password2": "a long enough secret"}
    assert operator.post(f"{BASE}/user/add/", {**posted, "usable_password": "true"}).status_code == 302
    user = User.objects.get(username="erin")
    page = operator.get(f"{BASE}/user/{user.pk}/change/").content.decode()
    assert 'name="groups"' not in page
    assert 'name="user_permissions"' not in page
    assert 'name="is_staff"' not in page
    assert operator.get(f"{BASE}/user/{user.pk}/password/").status_code == 200
    assert operator.get(f"{BASE}/user/{user.pk}/history/").status_code == 404
    assert operator.post(f"{BASE}/user/{user.pk}/delete/", {"post": "yes"}).status_code == 403


def test_the_navigation_of_an_operator_holds_no_tenant_page(operator: Client) -> None:
    page = operator.get("/dashboard/").content.decode()
    assert f"{BASE}/msp/" in page
    assert f"{BASE}/agent/" not in page
    assert "You operate this installation" in page


@pytest.mark.parametrize("role", ["viewer", "approver", "admin"])
@pytest.mark.parametrize("model", ["msp", "user"])
def test_members_do_not_reach_the_platform(acme: Tenant, role: str, model: str) -> None:
    client = acme.signed_in(getattr(acme, role))
    pk = acme.msp.pk if model == "msp" else acme.viewer.pk
    for url in (
        f"{BASE}/{model}/",
        f"{BASE}/{model}/add/",
        f"{BASE}/{model}/{pk}/change/",
        f"{BASE}/{model}/{pk}/delete/",
    ):
        assert client.get(url).status_code == 403
        assert client.post(url, {}).status_code == 403
    assert client.get(f"{BASE}/user/{acme.viewer.pk}/password/").status_code in {403, 404}


def test_groups_are_not_part_of_the_product(operator: Client) -> None:
    assert operator.get("/dashboard/auth/group/").status_code == 404
