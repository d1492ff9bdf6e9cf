"""An operator lets an MSP's first admin in, and nobody after."""

from __future__ import annotations

import re
from functools import partial

import pytest
from django.test import Client

from integrations.models import AuditEvent, Invitation, Membership, Msp, User
from integrations.people.invitations import InvitationError, invitation_accept, invitation_create
from tests.approvals.crowd import crowd_of
from tests.cast import PASSWORD, Tenant

MSPS = "/dashboard/integrations/msp/"
NEW = {"username": "mara", "password": "a quite long passphrase"}


@pytest.fixture
def operator(db: None) -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    return client


@pytest.fixture
def empty(db: None) -> Msp:
    """An MSP that nobody works for."""
    return Msp.objects.create(name="Harbour IT", slug="harbour")


def invite(operator: Client, msp: Msp) -> str:
    page = operator.post(f"{MSPS}{msp.pk}/first-admin/", {"email": "mara@harbour.example"}).content.decode()
    link = re.search(r'id="invitation-link">http://testserver(\S+)</pre>', page)
    assert link is not None
    return link[1]


def test_the_page_of_a_new_msp_says_who_is_missing_and_the_link_makes_an_admin(operator: Client, empty: Msp) -> None:
    assert b"has no admin yet" in operator.get(f"{MSPS}{empty.pk}/change/").content
    link = invite(operator, empty)
    answer = Client().post(link, NEW)
    assert (answer.status_code, answer["Location"]) == (302, "/dashboard/")
    member = Membership.objects.get(msp=empty)
    assert (member.user.username, member.is_admin, member.is_approver) == ("mara", True, False)
    assert b"has no admin yet" not in operator.get(f"{MSPS}{empty.pk}/change/").content
    events = AuditEvent.objects.for_msp(empty).order_by("number").values_list("action", "actor")
    assert ("invitation.created", "user root") in events


def test_a_second_link_ends_when_there_is_an_admin(operator: Client, empty: Msp) -> None:
    first, second = invite(operator, empty), invite(operator, empty)
    Client().post(first, NEW)
    assert Client().get(second).status_code == 404
    assert Client().post(second, {**NEW, "username": "eve"}).status_code == 404
    assert Membership.objects.for_msp(empty).count() == 1
    assert not User.objects.filter(username="eve").exists()


def test_a_link_ends_with_the_operator_who_made_it(operator: Client, empty: Msp) -> None:
    link = invite(operator, empty)
    User.objects.filter(username="root").update(is_active=False)
    assert Client().get(link).status_code == 404


@pytest.mark.parametrize("is_active", [True, False])
def test_an_msp_that_has_an_admin_looks_after_itself(operator: Client, acme: Tenant, is_active: bool) -> None:
    User.objects.filter(pk=acme.admin.pk).update(is_active=is_active)
    url = f"{MSPS}{acme.msp.pk}/first-admin/"
    for answer in (operator.get(url, follow=True), operator.post(url, {"email": "x@example.com"}, follow=True)):
        assert b"Nobody was invited" in answer.content
    assert not Invitation.objects.exists()


def test_nobody_else_invites_so(acme: Tenant, empty: Msp) -> None:
    for user in (acme.admin, acme.approver, acme.viewer):
        assert acme.signed_in(user).get(f"{MSPS}{empty.pk}/first-admin/").status_code == 403
        assert (
            acme.signed_in(user).post(f"{MSPS}{empty.pk}/first-admin/", {"email": "x@example.com"}).status_code == 403
        )
    assert not Invitation.objects.exists()


def test_a_faulty_address_is_shown_again(operator: Client, empty: Msp) -> None:
    answer = operator.post(f"{MSPS}{empty.pk}/first-admin/", {"email": "nobody"})
    assert answer.status_code == 200
    assert b"errorlist" in answer.content
    assert not Invitation.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_who_open_the_operators_links_at_once_one_gets_in() -> None:
    root = User.objects.create_superuser("root", password=PASSWORD)
    with crowd_of(2) as crowd:
        for number in range(10):
            msp = Msp.objects.create(name=f"New {number}", slug=f"new-{number}")
            links = [
                invitation_create(msp=msp, invited_by=root, email="a@new.example", is_approver=False, is_admin=True)[0]
                for _ in range(2)
            ]

            def accept(place: int, links: list[Invitation] = links, number: int = number) -> str:
                try:
                    invitation_accept(invitation=links[place], user=User(username=f"new-{number}-{place}"))
                except InvitationError as error:
                    return error.message
                return "in"

            answers = crowd.at_once([partial(accept, place) for place in range(2)])
            assert answers.count("in") == 1
            assert Membership.objects.for_msp(msp).filter(is_admin=True).count() == 1
