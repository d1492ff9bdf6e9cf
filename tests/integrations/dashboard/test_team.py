from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from integrations.models import AuditEvent, Membership, User
from tests.cast import PASSWORD, Tenant

TEAM = "/dashboard/integrations/membership/"


def membership(tenant: Tenant, user: User) -> Membership:
    return Membership.objects.get(msp=tenant.msp, user=user)


def add(tenant: Tenant, **fields: str) -> Any:
    return tenant.signed_in(tenant.admin).post(f"{TEAM}add/", fields)


def actions(tenant: Tenant) -> list[str]:
    return list(AuditEvent.objects.for_msp(tenant.msp).order_by("number").values_list("action", flat=True))


def test_an_admin_creates_an_account_with_a_role(acme: Tenant) -> None:
    assert add(acme, person="erin@acme.example", password="a long enough secret", is_approver="on").status_code == 302
    user = User.objects.get(username="erin@acme.example")
    assert (user.email, user.is_superuser, user.is_staff) == ("erin@acme.example", False, False)
    assert membership(acme, user).roles == "approver"
    assert actions(acme)[-2:] == ["membership.created", "membership.account_created"]
    assert "a long enough secret" not in "".join(AuditEvent.objects.values_list("record", flat=True))
    assert Client().login(username="erin@acme.example", password="a long enough secret")


@pytest.mark.parametrize("name", ["northwind-viewer", "viewer@northwind.example", "VIEWER@northwind.example"])
def test_an_existing_account_is_added_by_name_or_address(acme: Tenant, northwind: Tenant, name: str) -> None:
    assert add(acme, person=name).status_code == 302
    assert membership(acme, northwind.viewer).roles == "viewer"
    assert Client().login(username="northwind-viewer", password=PASSWORD)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"person": ""}, "required"),
        ({"person": "newcomer"}, "Give a password"),
        ({"person": "newcomer", "password": "short"}, "too short"),
        ({"person": "newcomer", "password": "newcomer-new"}, "too similar"),
        ({"person": "<b>", "password": "a long enough secret"}, "valid username"),
        ({"person": "acme-viewer"}, "is a member already"),
        ({"person": "acme-approver", "password": "a long enough secret"}, "has an account already"),
        ({"person": "switched-off"}, "cannot be added"),
        ({"person": "shared@acme.example"}, "cannot be added"),
    ],
)
def test_a_wrong_field_adds_nobody(acme: Tenant, fields: dict[str, str], words: str) -> None:
    User.objects.create_user("switched-off", is_active=False)
    User.objects.create_user("one", "shared@acme.example")
    User.objects.create_user("two", "shared@acme.example")
    response = add(acme, **fields)
    assert response.status_code == 200
    assert words in response.content.decode()
    assert Membership.objects.for_msp(acme.msp).count() == 4
    assert not User.objects.filter(username="newcomer").exists()
    assert Client().login(username="acme-approver", password=PASSWORD)


def test_roles_change_and_the_person_does_not(acme: Tenant, northwind: Tenant) -> None:
    row = membership(acme, acme.viewer)
    posted = {"is_approver": "on", "user": str(northwind.viewer.pk), "person": "x", "msp": str(northwind.msp.pk)}
    assert acme.signed_in(acme.admin).post(f"{TEAM}{row.pk}/change/", posted).status_code == 302
    row.refresh_from_db()
    assert (row.user, row.msp, row.roles) == (acme.viewer, acme.msp, "approver")
    assert actions(acme)[-1] == "membership.changed"


def test_the_last_admin_stays(acme: Tenant) -> None:
    row = membership(acme, acme.admin)
    client = acme.signed_in(acme.admin)
    response = client.post(f"{TEAM}{row.pk}/change/", {"is_approver": "on"})
    assert "This is the last admin" in response.content.decode()
    assert client.post(f"{TEAM}{row.pk}/delete/", {"post": "yes"}).status_code == 403
    row.refresh_from_db()
    assert row.is_admin


def test_a_second_admin_lets_the_first_one_go(acme: Tenant) -> None:
    Membership.objects.filter(user=acme.viewer).update(is_admin=True)
    row = membership(acme, acme.admin)
    assert acme.signed_in(acme.viewer).post(f"{TEAM}{row.pk}/change/", {}).status_code == 302
    assert membership(acme, acme.admin).roles == "viewer"


def test_a_removed_member_is_out_with_the_next_click(acme: Tenant) -> None:
    theirs = acme.signed_in(acme.viewer)
    assert theirs.get(TEAM).status_code == 200
    row = membership(acme, acme.viewer)
    response = acme.signed_in(acme.admin).post(f"{TEAM}{row.pk}/delete/", {"post": "yes"}, follow=True)
    assert "is no longer on the team" in response.content.decode()
    assert theirs.get(TEAM).status_code == 302
    assert User.objects.filter(pk=acme.viewer.pk).exists()
    assert actions(acme)[-1] == "membership.deleted"


@pytest.mark.parametrize("role", ["viewer", "approver"])
def test_others_look_and_promote_nobody(acme: Tenant, role: str) -> None:
    user = getattr(acme, role)
    client = acme.signed_in(user)
    row = membership(acme, user)
    page = client.get(TEAM).content.decode()
    assert "acme-admin" in page
    assert "Add a person" not in page
    assert client.get(f"{TEAM}{row.pk}/change/").status_code == 200
    assert client.post(f"{TEAM}{row.pk}/change/", {"is_admin": "on"}).status_code == 403
    assert client.post(f"{TEAM}add/", {"person": "x", "password": "a long enough secret"}).status_code == 403
    assert client.post(f"{TEAM}{row.pk}/delete/", {"post": "yes"}).status_code == 403
    row.refresh_from_db()
    assert not row.is_admin


def test_a_full_name_stands_beside_the_user_name(acme: Tenant) -> None:
    User.objects.filter(pk=acme.viewer.pk).update(first_name="Vic", last_name="Viewer")
    assert "Vic Viewer (acme-viewer)" in acme.signed_in(acme.admin).get(TEAM).content.decode()
