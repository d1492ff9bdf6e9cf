"""Pages of django-allauth that nobody asked for."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import NoReverseMatch, get_resolver, reverse

from integrations.models import Membership, User
from tests.cast import PASSWORD, Tenant

LOGIN = "/dashboard/login/"


def test_nobody_signs_themselves_up(client: Client, acme: Tenant) -> None:
    before = User.objects.count()
    posted = {"username": "mallory", "email": "m@evil.example", "password1": PASSWORD, "password2": PASSWORD}
    for url in ("/dashboard/account/sign-up/", "/dashboard/account/signup/", "/accounts/signup/", "/signup/"):
        assert client.post(url, posted).status_code in {302, 404}, url
    assert User.objects.count() == before


@pytest.mark.parametrize(
    "name",
    [
        "account_email",
        "account_change_password",
        "account_set_password",
        "account_reset_password",
        "account_request_login_code",
        "socialaccount_signup",
        "mfa_signup_webauthn",
        "mfa_download_recovery_codes",
        "mfa_edit_webauthn",
        "mfa_trust",
    ],
)
def test_what_is_not_wanted_has_no_address(name: str, client: Client, acme: Tenant) -> None:
    try:
        url = reverse(name)
    except NoReverseMatch:
        return
    for browser in (client, acme.signed_in(acme.admin)):
        assert browser.get(url).status_code == 404
        assert browser.post(url, {}).status_code == 404


def test_allauths_and_axes_rows_have_no_page_for_anybody(client: Client, db: None) -> None:
    client.force_login(User.objects.create_superuser("root", password=PASSWORD))
    names = {str(pattern.pattern) for pattern in get_resolver("config.urls").url_patterns}
    assert not any("allauth" in name for name in names)
    for place in ("mfa/authenticator", "account/emailaddress", "socialaccount/socialapp", "axes/accessattempt"):
        assert client.get(f"/dashboard/{place}/").status_code == 404


def test_somebody_without_an_msp_does_not_come_in_and_is_told_no_more_than_a_stranger(
    acme: Tenant, client: Client
) -> None:
    User.objects.create_user("left", password=PASSWORD)
    refusals = {
        client.post(LOGIN, {"username": name, "password": password}).content.decode().count("do not belong together")
        for name, password in (("left", PASSWORD), ("left", "guess"), ("nobody", PASSWORD))
    }
    assert refusals == {1}
    assert client.get("/dashboard/").status_code == 302


def test_a_removed_or_disabled_member_is_out_with_the_next_click_on_every_page(acme: Tenant) -> None:
    removed, disabled = acme.signed_in(acme.viewer), acme.signed_in(acme.second_approver)
    pages = ("/dashboard/", "/dashboard/account/second-factor/", "/dashboard/account/app/")
    assert [removed.get(url).status_code for url in pages] == [200, 200, 200]
    Membership.objects.get(user=acme.viewer).delete()
    User.objects.filter(pk=acme.second_approver.pk).update(is_active=False)
    for client in (removed, disabled):
        for url in pages:
            assert client.get(url)["Location"].startswith(LOGIN), url
            assert client.post(url, {})["Location"].startswith(LOGIN), url
    assert "not a member of any MSP" in removed.get(LOGIN).content.decode()
