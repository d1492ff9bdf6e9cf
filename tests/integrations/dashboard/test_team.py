from __future__ import annotations

from functools import partial

import pytest

from integrations.models import AuditEvent, Membership, User
from tests.approvals.crowd import crowd_of
from tests.cast import Tenant

TEAM = "/dashboard/integrations/membership/"


def membership(tenant: Tenant, user: User) -> Membership:
    return Membership.objects.get(msp=tenant.msp, user=user)


def actions(tenant: Tenant) -> list[str]:
    return list(AuditEvent.objects.for_msp(tenant.msp).order_by("number").values_list("action", flat=True))


@pytest.mark.parametrize("role", ["viewer", "approver", "admin"])
def test_nobody_is_added_but_by_invitation(acme: Tenant, northwind: Tenant, role: str) -> None:
    client = acme.signed_in(getattr(acme, role))
    answers = {
        client.post(f"{TEAM}add/", {"person": name, "password": "a long enough secret"}).status_code
        for name in ("northwind-viewer", "nobody-at-all")
    }
    assert answers == {403}
    assert ("Invite somebody" in client.get(TEAM).content.decode()) is (role == "admin")
    assert Membership.objects.for_msp(acme.msp).count() == 4


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


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("verb", ["change", "delete"])
def test_two_admins_who_let_each_other_go_at_once_are_not_both_gone(acme: Tenant, verb: str) -> None:
    people = [acme.admin, acme.viewer]
    with crowd_of(2) as crowd:
        for _ in range(10):
            for user in people:
                Membership.objects.update_or_create(msp=acme.msp, user=user, defaults={"is_admin": True})
                user.refresh_from_db()
            rows = {user: membership(acme, user) for user in people}
            clients = {user: acme.signed_in(user) for user in people}
            urls = {acme.admin: rows[acme.viewer].pk, acme.viewer: rows[acme.admin].pk}
            post = {"post": "yes"} if verb == "delete" else {}
            crowd.at_once([partial(clients[user].post, f"{TEAM}{urls[user]}/{verb}/", post) for user in people])
            assert Membership.objects.for_msp(acme.msp).filter(is_admin=True).exists()


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
    assert client.get(f"{TEAM}{row.pk}/change/").status_code == 200
    assert client.post(f"{TEAM}{row.pk}/change/", {"is_admin": "on"}).status_code == 403
    assert client.post(f"{TEAM}add/", {"person": "x", "password": "a long enough secret"}).status_code == 403
    assert client.post(f"{TEAM}{row.pk}/delete/", {"post": "yes"}).status_code == 403
    row.refresh_from_db()
    assert not row.is_admin


def test_a_full_name_stands_beside_the_user_name(acme: Tenant) -> None:
    User.objects.filter(pk=acme.viewer.pk).update(first_name="Vic", last_name="Viewer")
    assert "Vic Viewer (acme-viewer)" in acme.signed_in(acme.admin).get(TEAM).content.decode()
