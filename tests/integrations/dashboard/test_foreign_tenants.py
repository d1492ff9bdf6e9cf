"""Whatever belongs to another MSP answers like something that does not exist."""

from __future__ import annotations

import re
import uuid

import pytest

from integrations.models import Agent, AgentKey, AuditEvent, Membership
from tests.cast import Tenant

BASE = "/dashboard/integrations"
MODELS = ("agent", "membership", "auditevent")
PATHS = ("", "change/", "delete/", "history/", "keys/", "keys/KEY/revoke/")


def same(page: bytes, pk: object) -> str:
    return re.sub(r'name="csrfmiddlewaretoken" value="[^"]*"', "", page.decode()).replace(str(pk), "id")


def row_of(tenant: Tenant, model: str) -> object:
    match model:
        case "agent":
            return tenant.agent.pk
        case "membership":
            return Membership.objects.get(msp=tenant.msp, user=tenant.viewer).pk
    return AuditEvent.objects.for_msp(tenant.msp).first().pk  # type: ignore[union-attr]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("role", ["viewer", "approver", "admin"])
def test_a_foreign_id_equals_a_nonexistent_one(
    acme: Tenant, northwind: Tenant, model: str, path: str, role: str
) -> None:
    client = acme.signed_in(getattr(acme, role))
    posted = {"name": "taken", "post": "yes", "is_admin": "on", "is_enabled": "on"}
    for method in ("get", "post"):
        answers = []
        for pk in (row_of(northwind, model), uuid.uuid4()):
            url = f"{BASE}/{model}/{pk}/{path}".replace("KEY", str(northwind.key.pk))
            response = getattr(client, method)(url, posted)
            place = response.headers.get("Location", "").replace(str(pk), "id")
            answers.append((response.status_code, place, same(response.content, pk)))
        assert answers[0] == answers[1]
        assert answers[0][0] in {302, 403, 404, 405}
        if path == "change/" and method == "get":
            assert answers[0][0] == 404
    assert Agent.objects.get(pk=northwind.agent.pk).name == "helpdesk-bot"
    assert AgentKey.objects.get(pk=northwind.key.pk).revoked_at is None
    assert Membership.objects.get(msp=northwind.msp, user=northwind.viewer).roles == "viewer"


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("query", ["", "?q=northwind", "?all=", "?p=1", "?o=1"])
def test_lists_show_nothing_foreign(acme: Tenant, northwind: Tenant, model: str, query: str) -> None:
    page = acme.signed_in(acme.admin).get(f"{BASE}/{model}/{query}", follow=True).content.decode()
    assert str(row_of(northwind, model)) not in page
    assert "northwind-" not in page


@pytest.mark.parametrize("lookup", ["owner__password__startswith=p", "msp__name=x", "msp=x", "user__email=x", "id=x"])
@pytest.mark.parametrize("model", MODELS)
def test_free_lookups_are_refused(acme: Tenant, model: str, lookup: str) -> None:
    assert acme.signed_in(acme.admin).get(f"{BASE}/{model}/?{lookup}").status_code == 400


def test_rows_are_found_by_their_id_alone(acme: Tenant) -> None:
    url = f"{BASE}/agent/{acme.agent.name}/change/?_to_field=name"
    assert acme.signed_in(acme.admin).get(url).status_code == 400


def test_a_superuser_without_membership_sees_nothing_of_a_tenant(acme: Tenant) -> None:
    acme.viewer.is_superuser = True
    acme.viewer.save()
    Membership.objects.filter(user=acme.viewer).delete()
    client = acme.signed_in(acme.viewer)
    for model in MODELS:
        assert client.get(f"{BASE}/{model}/").status_code == 403
        assert client.get(f"{BASE}/{model}/{row_of(acme, 'agent')}/change/").status_code in {403, 404}
    assert client.post(f"{BASE}/agent/{acme.agent.pk}/keys/").status_code == 403
