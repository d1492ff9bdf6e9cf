"""Attacks on accounts, roles and sessions, each by its name."""

from __future__ import annotations

import pytest

from approvals.errors import GateError
from integrations.models import AuditEvent, Membership, Msp, User
from integrations.ninjaone.sandbox import Sandbox
from tests.approvals.asking import approve, ask
from tests.cast import PASSWORD, Tenant
from tests.integrations.dashboard.attacking import AGENTS, BASE, TEAM, actions, membership, page_of

HOME = "/dashboard/"
RIGHTS = {"is_superuser": "on", "is_staff": "on", "groups": "1", "user_permissions": "1", "is_active": "on"}


@pytest.mark.parametrize("role", ["viewer", "approver"])
def test_self_promotion_changes_nothing(acme: Tenant, role: str) -> None:
    user = getattr(acme, role)
    row = membership(acme, user)
    client = acme.signed_in(user)
    assert client.post(f"{TEAM}{row.pk}/change/", {"is_admin": "on", "is_approver": "on"}).status_code == 403
    assert membership(acme, user).is_admin is False


def test_self_promotion_of_an_admin_takes_another_admin(acme: Tenant) -> None:
    Membership.objects.filter(user=acme.viewer).update(is_admin=True)
    client = acme.signed_in(acme.admin)
    url = f"{TEAM}{membership(acme, acme.admin).pk}/change/"
    assert "Nobody gives themselves a role" in page_of(client, url, is_admin="on", is_approver="on")
    assert not membership(acme, acme.admin).is_approver
    assert acme.signed_in(acme.viewer).post(url, {"is_admin": "on", "is_approver": "on"}).status_code == 302
    assert membership(acme, acme.admin).is_approver


def test_an_only_admin_of_a_one_person_shop_gives_themselves_the_role_on_record(acme: Tenant) -> None:
    url = f"{TEAM}{membership(acme, acme.admin).pk}/change/"
    assert acme.signed_in(acme.admin).post(url, {"is_admin": "on", "is_approver": "on"}).status_code == 302
    assert membership(acme, acme.admin).roles == "admin, approver"
    assert actions(acme)[-1] == "membership.changed"


def test_rights_of_django_are_not_posted_along(acme: Tenant) -> None:
    client = acme.signed_in(acme.admin)
    client.post(f"{TEAM}{membership(acme, acme.viewer).pk}/change/", {"is_approver": "on", **RIGHTS})
    client.post(f"{AGENTS}{acme.agent.pk}/change/", {"name": "bot", "is_enabled": "on", **RIGHTS})
    client.post(f"{HOME}password_change/", {**RIGHTS, "password1": "x", "password2": "x"})
    assert not User.objects.filter(is_superuser=True).exists()
    assert not User.objects.exclude(groups=None).exists()


def test_users_and_their_passwords_are_out_of_reach(acme: Tenant, northwind: Tenant) -> None:
    for client in (acme.signed_in(acme.admin), acme.signed_in(acme.viewer)):
        for user in (acme.viewer, northwind.viewer):
            for path in ("", "change/", "delete/", "history/", "password/"):
                url = f"{BASE}/user/{user.pk}/{path}"
                assert client.get(url).status_code in {302, 403, 404}
                client.post(url, {"username": "taken", "password1": "taken over now", "password2": "taken over now"})
    assert User.objects.get(pk=northwind.viewer.pk).check_password(PASSWORD)
    assert User.objects.get(pk=acme.viewer.pk).check_password(PASSWORD)
    assert not User.objects.filter(username="taken").exists()


def test_an_account_is_no_oracle_for_who_is_at_another_msp(acme: Tenant, northwind: Tenant) -> None:
    client = acme.signed_in(acme.admin)
    answers = set()
    for email in ("viewer@northwind.example", "nobody@northwind.example"):
        page = client.post(f"{HOME}team/invitations/", {"email": email, "is_approver": "on"})
        answers.add((page.status_code, "already" in page.content.decode()))
    assert len(answers) == 1
    assert not Membership.objects.filter(user=northwind.viewer, msp=acme.msp).exists()


def test_a_stolen_session_of_a_removed_member_is_nobodys(acme: Tenant) -> None:
    theirs, other = acme.signed_in(acme.approver), acme.signed_in(acme.approver)
    row = membership(acme, acme.approver)
    acme.signed_in(acme.admin).post(f"{TEAM}{row.pk}/delete/", {"post": "yes"})
    Membership.objects.create(msp=acme.msp, user=acme.approver, is_approver=True)
    for client in (theirs, other):
        assert client.get(HOME).headers["Location"].startswith("/dashboard/login/")
    assert acme.signed_in(User.objects.get(pk=acme.approver.pk)).get(HOME).status_code == 200


def test_a_session_of_a_disabled_account_does_not_come_back_with_it(acme: Tenant) -> None:
    theirs = acme.signed_in(acme.approver)
    root = acme.signed_in(User.objects.create_superuser("root"))
    url = f"{BASE}/user/{acme.approver.pk}/change/"
    fields = {"username": "acme-approver", "email": "approver@acme.example"}
    assert root.post(url, fields).status_code == 302
    assert theirs.get(HOME).status_code == 302
    assert root.post(url, {**fields, "is_active": "on"}).status_code == 302
    assert theirs.get(HOME).status_code == 302


def test_an_operator_is_no_member_whatever_stands_in_the_table(acme: Tenant, ninjaone: Sandbox) -> None:
    row = ask(acme, "ninja-reboot-device", device_id=43)
    User.objects.filter(pk=acme.approver.pk).update(is_superuser=True)
    root = acme.signed_in(User.objects.get(pk=acme.approver.pk))
    for url in (AGENTS, TEAM, f"/dashboard/approvals/approvalrequest/{row.pk}/"):
        assert root.get(url).status_code == 403
    with pytest.raises(GateError, match="operates the platform"):
        approve(acme, row)


def test_a_vote_on_ones_own_agent_is_marked_in_the_audit(acme: Tenant, ninjaone: Sandbox) -> None:
    row = ask(acme, "ninja-reboot-device", device_id=43)
    acme.agent.owner = acme.approver
    acme.agent.save()
    with pytest.raises(GateError, match="your own agent"):
        approve(acme, row)
    client = acme.signed_in(acme.admin)
    assert client.post(f"{HOME}rules/", {"own_requests_allowed": "on", "time_zone": "UTC"}).status_code == 302
    assert "msp.rules_changed" in actions(acme)
    for user in (acme.approver, acme.second_approver):
        page = page_of(acme.signed_in(user), f"/dashboard/approvals/approvalrequest/{row.pk}/")
        assert "lets owners decide their own agents&#x27; requests" in page or "lets owners decide" in page
    approve(acme, row)
    assert '"own_agent":true' in AuditEvent.objects.for_msp(acme.msp).get(action="request.approved").record


def test_rules_of_the_msp_are_its_admins_own(acme: Tenant, northwind: Tenant) -> None:
    for client in (acme.signed_in(acme.approver), acme.signed_in(User.objects.create_superuser("root"))):
        assert client.get(f"{HOME}rules/").status_code == 403
        assert client.post(f"{HOME}rules/", {"own_requests_allowed": "on", "time_zone": "UTC"}).status_code == 403
    client = acme.signed_in(acme.admin)
    assert client.get(f"{HOME}rules/").status_code == 200
    posted = {"time_zone": "Asia/Tokyo", "msp": str(northwind.msp.pk), "id": str(northwind.msp.pk), "name": "Taken"}
    assert client.post(f"{HOME}rules/", posted).status_code == 302
    acme.msp.refresh_from_db()
    assert (acme.msp.time_zone, acme.msp.name) == ("Asia/Tokyo", "Acme MSP")
    assert Msp.objects.get(pk=northwind.msp.pk).time_zone == "UTC"
    assert client.post(f"{HOME}rules/", {"time_zone": "No/Where"}).status_code == 200
