from __future__ import annotations

import json

import pytest
from django.test import Client

from integrations.audit import AuditError
from integrations.models import AuditEvent, AuditHead, Membership, User
from tests.cast import PASSWORD, Tenant
from tests.integrations.tampering import unguarded

LOGIN = "/dashboard/login/"


def sign_in(client: Client, username: str, password: str = PASSWORD) -> int:
    return client.post(LOGIN, {"username": username, "password": password, "next": "/dashboard/"}).status_code


def logins(tenant: Tenant) -> list[AuditEvent]:
    return list(AuditEvent.objects.for_msp(tenant.msp).filter(action__startswith="login.").order_by("number"))


def test_signing_in_and_out_is_on_record(acme: Tenant, client: Client) -> None:
    sign_in(client, "acme-viewer")
    client.post("/dashboard/logout/")
    assert [(e.action, e.actor) for e in logins(acme)] == [
        ("login.succeeded", "user acme-viewer"),
        ("login.ended", "user acme-viewer"),
    ]
    assert json.loads(logins(acme)[0].record)["data"] == {"address": "127.0.0.1"}


def test_a_wrong_password_is_on_record_without_the_password(acme: Tenant, client: Client) -> None:
    sign_in(client, "acme-viewer", "a wrong password that must not be kept")
    [event] = logins(acme)
    assert (event.action, event.subject) == ("login.failed", "user acme-viewer")
    assert "must not be kept" not in event.record


def test_an_unknown_name_leaves_nothing(acme: Tenant, northwind: Tenant, client: Client) -> None:
    before = AuditEvent.objects.count()
    sign_in(client, "nobody")
    assert AuditEvent.objects.count() == before


def test_it_stands_in_every_msp_of_the_person_and_in_no_other(acme: Tenant, northwind: Tenant, client: Client) -> None:
    sign_in(client, "acme-viewer")
    assert (len(logins(acme)), len(logins(northwind))) == (1, 0)
    Membership.objects.create(msp=northwind.msp, user=acme.viewer)
    sign_in(Client(), "acme-viewer")
    assert (len(logins(acme)), len(logins(northwind))) == (2, 1)


def test_who_belongs_to_no_msp_signs_in_all_the_same(acme: Tenant, client: Client) -> None:
    User.objects.create_superuser("operator", password=PASSWORD)
    assert sign_in(client, "operator") == 302


def test_without_its_entry_there_is_no_session(acme: Tenant, client: Client) -> None:
    with unguarded():
        AuditHead.objects.all().delete()
    with pytest.raises(AuditError):
        sign_in(client, "acme-viewer")
    assert client.get("/dashboard/").status_code == 302
