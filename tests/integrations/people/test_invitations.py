"""The only way onto a team for somebody without an account, and one for those who have one."""

from __future__ import annotations

import io
import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client

from integrations.models import AuditEvent, Invitation, Membership, User
from integrations.people.invitations import InvitationError, invitation_accept
from tests.cast import PASSWORD, Tenant
from tests.integrations.people.signing_in import FACTORS, HOME, app_of, events, password_step

PAGE = "/dashboard/team/invitations/"
NEW = {"username": "erin", "password": "a long enough secret"}


def invited(tenant: Tenant, **roles: str) -> str:
    """The path of a link that an admin made."""
    answer = tenant.signed_in(tenant.admin).post(PAGE, {"email": "erin@acme.example", **roles})
    link = re.search(r'id="invitation-link">http://testserver([^<]+)<', answer.content.decode())
    assert link is not None
    return link[1]


def joined(tenant: Tenant, username: str = "erin") -> str | None:
    """The roles of a person in the MSP."""
    row = Membership.objects.for_msp(tenant.msp).filter(user__username=username).first()
    return None if row is None else row.roles


def test_a_link_makes_an_account_and_a_session_with_the_roles_of_the_invitation(acme: Tenant, client: Client) -> None:
    link = invited(acme, is_approver="on")
    page = client.get(link)
    assert "approver" in page.content.decode()
    assert (page["Referrer-Policy"], page["Cache-Control"]) == ("same-origin", "no-store")
    assert client.post(link, NEW)["Location"] == HOME
    assert client.get(HOME).status_code == 200
    assert joined(acme) == "approver"
    user = User.objects.get(username="erin")
    assert (user.email, user.is_staff, user.is_superuser) == ("erin@acme.example", False, False)
    assert events(acme, "invitation.") == ["invitation.created", "invitation.accepted"]
    records = "".join(AuditEvent.objects.values_list("record", flat=True))
    assert link.split("/")[-2] not in records
    assert NEW["password"] not in records


def test_the_database_does_not_know_the_link(acme: Tenant) -> None:
    token = invited(acme).split("/")[-2]
    assert token not in repr(list(Invitation.objects.values_list()))


def test_a_new_approver_sets_up_a_second_factor_first(acme: Tenant, client: Client, settings: LazySettings) -> None:
    link = invited(acme, is_approver="on")
    settings.SECOND_FACTOR_REQUIRED = True
    client.post(link, NEW)
    assert client.get(HOME)["Location"] == FACTORS


def test_somebody_with_an_account_signs_in_and_joins(acme: Tenant, northwind: Tenant, client: Client) -> None:
    link = invited(acme)
    assert f"next={link}" in client.get(link).content.decode()
    answer = client.post(
        f"/dashboard/login/?next={link}", {"username": "northwind-viewer", "password": PASSWORD, "next": link}
    )
    assert answer["Location"] == link
    assert "Join as northwind-viewer" in client.get(link).content.decode()
    client.post(link)
    assert joined(acme, "northwind-viewer") == "viewer"


def test_a_link_that_was_used_withdrawn_or_is_too_old_opens_nothing(acme: Tenant) -> None:
    used, withdrawn, late = (invited(acme) for _ in range(3))
    newest_first = list(Invitation.objects.all())
    Client().post(used, NEW)
    answer = acme.signed_in(acme.admin).post(f"{PAGE}{newest_first[1].pk}/withdraw/", follow=True)
    assert "no longer works" in answer.content.decode()
    Invitation.objects.filter(pk=newest_first[0].pk).update(expires_at=newest_first[0].created_at - timedelta(days=1))
    for link in (used, withdrawn, late, f"{used[:-3]}xx/", "/dashboard/invitation/x/"):
        for answer in (Client().get(link), Client().post(link, {**NEW, "username": "mallory"})):
            assert (answer.status_code, "does not work" in answer.content.decode()) == (404, True), link
    assert joined(acme, "mallory") is None
    assert not User.objects.filter(username="mallory").exists()


def test_of_two_people_who_hold_one_link_one_gets_in_and_the_other_leaves_no_account(acme: Tenant) -> None:
    invited(acme)
    invitation = Invitation.objects.select_related("msp").get()
    invitation_accept(invitation=invitation, user=User(username="erin"))
    with pytest.raises(InvitationError, match="used or withdrawn"):
        invitation_accept(invitation=invitation, user=User(username="mallory"))
    assert not User.objects.filter(username="mallory").exists()


def test_a_link_does_not_outlive_the_right_of_the_admin_who_made_it(acme: Tenant, client: Client) -> None:
    link = invited(acme, is_admin="on")
    Membership.objects.filter(user=acme.admin).update(is_admin=False)
    assert client.get(link).status_code == 404
    assert client.post(link, NEW).status_code == 404
    assert joined(acme) is None


def test_a_member_does_not_promote_themselves_with_a_link(acme: Tenant) -> None:
    link = invited(acme, is_admin="on")
    answer = acme.signed_in(acme.viewer).post(link)
    assert "on the team" in answer.content.decode()
    assert joined(acme, "acme-viewer") == "viewer"
    assert Invitation.objects.get().accepted_at is None


def test_a_name_that_somebody_has_or_a_weak_password_makes_no_account(acme: Tenant, client: Client) -> None:
    link = invited(acme)
    before = User.objects.count()
    for fields, words in (
        ({**NEW, "username": "acme-viewer"}, "Somebody has this name"),
        ({**NEW, "username": "ACME-Viewer"}, "Somebody has this name"),
        ({**NEW, "password": "short"}, "too short"),
        ({"username": "erin-of-acme", "password": "erin-of-acme1"}, "too similar"),
        ({}, "required"),
    ):
        assert words in client.post(link, fields).content.decode(), fields
    assert User.objects.count() == before


def test_only_admins_invite_and_only_to_their_own_msp(acme: Tenant, northwind: Tenant) -> None:
    invited(acme)
    row = Invitation.objects.get()
    for user in (acme.viewer, acme.approver):
        client = acme.signed_in(user)
        assert client.get(PAGE).status_code == 403
        assert client.post(PAGE, {"email": "m@evil.example", "is_admin": "on"}).status_code == 403
        assert client.post(f"{PAGE}{row.pk}/withdraw/").status_code == 403
    theirs = northwind.signed_in(northwind.admin)
    assert "erin@acme.example" not in theirs.get(PAGE).content.decode()
    assert theirs.post(f"{PAGE}{row.pk}/withdraw/").status_code == 404
    assert Client().post(PAGE, {"email": "m@evil.example"})["Location"].startswith("/dashboard/login/")
    posted = {"email": "x@northwind.example", "msp": str(acme.msp.pk), "msp_id": str(acme.msp.pk)}
    theirs.post(PAGE, posted)
    assert Invitation.objects.get(email="x@northwind.example").msp == northwind.msp
    assert Invitation.objects.count() == 2


def test_looking_at_a_link_or_at_withdrawing_changes_nothing(acme: Tenant, client: Client) -> None:
    link = invited(acme)
    client.get(link)
    assert acme.signed_in(acme.admin).get(f"{PAGE}{Invitation.objects.get().pk}/withdraw/").status_code == 405
    row = Invitation.objects.get()
    assert (row.accepted_at, row.withdrawn_at) == (None, None)


def test_the_link_is_mailed_where_a_mail_server_is_set_up(acme: Tenant, settings: LazySettings) -> None:
    settings.EMAIL_IS_SET_UP = True
    link = invited(acme)
    [message] = mail.outbox
    assert message.to == ["erin@acme.example"]
    assert f"http://testserver{link}" in str(message.body)


def test_a_mail_server_that_refuses_leaves_a_link_to_copy(
    acme: Tenant, settings: LazySettings, unused_port: int
) -> None:
    settings.EMAIL_IS_SET_UP = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", unused_port
    answer: Any = acme.signed_in(acme.admin).post(PAGE, {"email": "erin@acme.example"})
    page = answer.content.decode()
    assert "Send the link yourself" in page
    assert "Copy the link now" in page


def test_the_command_line_invites_the_first_admin(acme: Tenant, client: Client) -> None:
    said = io.StringIO()
    call_command("invite", "acme", "erin@acme.example", stdout=said)
    assert client.post(said.getvalue().strip().removeprefix("http://testserver"), NEW)["Location"] == HOME
    assert joined(acme) == "admin"
    for arguments, words in ((("nowhere", "e@acme.example"), "There are: acme"), (("acme", "erin"), "not an e-mail")):
        with pytest.raises(CommandError, match=words):
            call_command("invite", *arguments)


def test_the_command_line_takes_away_a_lost_second_factor_on_record(acme: Tenant, client: Client) -> None:
    app_of(acme.approver)
    call_command("second_factor_reset", "acme-approver", stdout=io.StringIO())
    assert password_step(client, acme.approver)["Location"] == HOME
    assert events(acme, "second_factor.") == ["second_factor.reset"]
    with pytest.raises(CommandError, match="no account nobody"):
        call_command("second_factor_reset", "nobody")
